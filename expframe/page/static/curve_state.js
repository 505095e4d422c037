/** How curves are shown, as words of an address. */

/**
 * @typedef {import("./chart.js").Zoom} Zoom
 *
 * @typedef {object} CurveState
 * @property {string} x
 * @property {boolean} logX
 * @property {boolean} logY
 * @property {number} smooth
 * @property {string[]} group
 * @property {string} band
 * @property {string} search a regular expression of names
 * @property {Set<string>} pinned
 * @property {Set<string>} hidden
 * @property {Map<string, Zoom>} zooms by metric; that of "" is for all
 * @property {boolean} isLinked whether a zoom is for all charts
 * @property {string} size
 */

/** The height of a chart. */
export const SIZES = /** @type {Record<string, number>} */ ({ small: 150, medium: 220, large: 400 });
export const BANDS = /** @type {Record<string, string>} */ ({
  interval: "95 % interval",
  std: "standard deviation",
  minmax: "least and greatest",
});

/**
 * @param {URLSearchParams} words
 * @returns {CurveState}
 */
export function read(words) {
  const smooth = Number(words.get("smooth") ?? 0);
  const size = words.get("size") ?? "";
  const band = words.get("band") ?? "";
  return {
    x: words.get("x") ?? "step",
    logX: words.get("logx") === "1",
    logY: words.get("logy") === "1",
    smooth: smooth > 0 && smooth < 1 ? smooth : 0,
    group: words.getAll("group"),
    band: band in BANDS ? band : "interval",
    search: words.get("metric") ?? "",
    pinned: new Set(words.getAll("pin")),
    hidden: new Set(words.getAll("hide")),
    zooms: new Map(
      words
        .getAll("zoom")
        .map(zoomOf)
        .filter((zoom) => zoom !== null),
    ),
    isLinked: words.get("free") !== "1",
    size: size in SIZES ? size : "medium",
  };
}

/**
 * @param {CurveState} state
 * @returns {Record<string, string | string[] | number | boolean | null>}
 */
export function write(state) {
  return {
    x: state.x === "step" ? null : state.x,
    logx: state.logX,
    logy: state.logY,
    smooth: state.smooth || null,
    group: state.group,
    band: state.group.length && state.band !== "interval" ? state.band : null,
    metric: state.search,
    pin: [...state.pinned],
    hide: [...state.hidden],
    zoom: [...state.zooms].map(([metric, zoom]) => wordOf(metric, zoom)),
    free: !state.isLinked,
    size: state.size === "medium" ? null : state.size,
  };
}

/**
 * `FROM,TO,LOW,HIGH,METRIC`; what is empty is not set.
 *
 * @param {string} metric
 * @param {Zoom} zoom
 */
function wordOf(metric, { window, range }) {
  const numbers = [...(window ?? ["", ""]), ...(range ?? ["", ""])];
  return [...numbers.map((value) => (value === "" ? "" : String(Number(Number(value).toPrecision(12))))), metric].join(
    ",",
  );
}

/**
 * @param {string} word
 * @returns {[string, Zoom] | null}
 */
function zoomOf(word) {
  const [from, to, low, high, ...metric] = word.split(",");
  const zoom = { window: ends(from, to), range: ends(low, high) };
  return zoom.window || zoom.range ? [metric.join(","), zoom] : null;
}

/**
 * @param {string} low
 * @param {string} high
 * @returns {[number, number] | null}
 */
function ends(low, high) {
  const found = /** @type {[number, number]} */ ([low, high].map((text) => (text ? Number(text) : NaN)));
  return found[0] < found[1] ? found : null;
}
