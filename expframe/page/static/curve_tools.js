/** The tools above charts. */

import { BANDS, SIZES } from "./curve_state.js";
import { fill, h, refill } from "./dom.js";

/**
 * @typedef {import("./curve_state.js").CurveState} CurveState
 */

const X = { step: "step", time: "time", relative: "relative time" };
const SETTLED = 60;

/**
 * Fill an element with tools.
 *
 * @param {HTMLElement} element
 * @param {CurveState} state
 * @param {{metrics: string[], fields: string[], isSingle: boolean}} known what there is to choose from
 * @param {(change: Partial<CurveState>) => void} onchange
 */
export function drawTools(element, state, known, onchange) {
  const isGrouped = state.group.length > 0;
  refill(
    element,
    labelled("x", xChoice(state, known.metrics, onchange)),
    state.x === "time" ? null : check("log x", state.logX, (logX) => onchange({ logX, zooms: new Map() })),
    check("log y", state.logY, (logY) => onchange({ logY })),
    smoothing(state, onchange),
    known.isSingle ? null : grouping(state, known.fields, onchange),
    isGrouped
      ? labelled(
          "band",
          choice("band", BANDS, state.band, (band) => onchange({ band })),
        )
      : null,
    labelled(
      "size",
      choice("size", Object.fromEntries(Object.keys(SIZES).map((size) => [size, size])), state.size, (size) =>
        onchange({ size }),
      ),
    ),
    check("zoom all together", state.isLinked, (isLinked) => onchange({ isLinked })),
    h(
      "button",
      { name: "all", disabled: !state.zooms.size, onclick: () => onchange({ zooms: new Map() }) },
      "Zoom out",
    ),
  );
}

/**
 * @param {CurveState} state
 * @param {string[]} metrics
 * @param {(change: Partial<CurveState>) => void} onchange
 */
function xChoice(state, metrics, onchange) {
  const usual = Object.entries(X).map(([value, title]) => h("option", { value, selected: value === state.x }, title));
  const chosen = state.x in X ? [] : [metricOption(state.x.replace(/^metric:/, ""), true)];
  const others = group("a metric", chosen);
  const change = (/** @type {Event} */ event) => {
    onchange({ x: /** @type {HTMLSelectElement} */ (event.target).value, zooms: new Map() });
  };
  // a thousand options take longer to lay out than all else, and few people look for one
  const fillOnce = () => {
    if (others.childElementCount !== chosen.length) return;
    fill(
      others,
      metrics.map((name) => metricOption(name, state.x === `metric:${name}`)),
    );
  };
  const select = h("select", { name: "x", onchange: change, onfocus: fillOnce, onpointerdown: fillOnce }, usual);
  if (metrics.length) select.append(others);
  return select;
}

/**
 * @param {string} name
 * @param {boolean} isChosen
 */
function metricOption(name, isChosen) {
  return h("option", { value: `metric:${name}`, selected: isChosen }, name);
}

/**
 * @param {string} label
 * @param {HTMLOptionElement[]} options
 */
function group(label, options) {
  return h("optgroup", { label }, options);
}

/**
 * @param {CurveState} state
 * @param {(change: Partial<CurveState>) => void} onchange
 */
function smoothing(state, onchange) {
  const shown = h("output", {}, state.smooth.toFixed(2));
  let timer = 0;
  const change = (/** @type {Event} */ event) => {
    const smooth = positionToSmooth(Number(/** @type {HTMLInputElement} */ (event.target).value));
    fill(shown, smooth.toFixed(smooth > 0.99 ? 3 : 2));
    clearTimeout(timer);
    timer = window.setTimeout(() => onchange({ smooth }), SETTLED);
  };
  const value = smoothToPosition(state.smooth);
  const slider = h("input", { type: "range", name: "smooth", min: 0, max: 100, step: 1, value, oninput: change });
  return h("label", {}, "smoothing ", slider, " ", shown);
}

/**
 * The slider is finer where smoothing is strong.
 *
 * @param {number} position from 0 to 100
 */
function positionToSmooth(position) {
  return position >= 100 ? 0.999 : Number((1 - (1 - position / 100) ** 1.5).toFixed(3));
}

/** @param {number} smooth */
function smoothToPosition(smooth) {
  return smooth >= 0.999 ? 100 : Math.round(100 * (1 - (1 - smooth) ** (1 / 1.5)));
}

/**
 * @param {CurveState} state
 * @param {string[]} fields
 * @param {(change: Partial<CurveState>) => void} onchange
 */
function grouping(state, fields, onchange) {
  const options = ["configuration", ...fields].map((value) => h("option", { value }));
  const list = h("datalist", { id: "group-fields" }, options);
  const change = (/** @type {Event} */ event) => {
    const text = /** @type {HTMLInputElement} */ (event.target).value;
    onchange({
      group: text
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word),
    });
  };
  const input = h("input", {
    name: "group",
    list: "group-fields",
    value: state.group.join(", "),
    placeholder: "none",
    onchange: change,
    title: "Fields with commas between them, such as config.lr; `configuration` is all but the seed",
  });
  return h("label", {}, "group by ", input, list);
}

/**
 * @param {string} name
 * @param {Record<string, string>} options
 * @param {string} chosen
 * @param {(value: string) => void} onchange
 */
function choice(name, options, chosen, onchange) {
  const items = Object.entries(options).map(([value, title]) =>
    h("option", { value, selected: value === chosen }, title),
  );
  return h("select", { name, onchange: (/** @type {any} */ event) => onchange(event.target.value) }, items);
}

/**
 * @param {string} title
 * @param {Node} control
 */
function labelled(title, control) {
  return h("label", {}, `${title} `, control);
}

/**
 * @param {string} title
 * @param {boolean} isOn
 * @param {(isOn: boolean) => void} onchange
 */
function check(title, isOn, onchange) {
  const box = h("input", {
    type: "checkbox",
    name: title,
    onchange: (/** @type {any} */ event) => onchange(event.target.checked),
  });
  box.checked = isOn;
  return h("label", {}, box, ` ${title}`);
}
