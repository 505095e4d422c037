/** Which columns a table shows, and in which order. */

import { fill, h } from "./dom.js";

/**
 * @typedef {{facts: string[], entries: {name: string, title: string}[], metrics: string[], results: string[],
 *     statistics: string[]}} Fields
 */

/**
 * Open a dialog in which columns are chosen.
 *
 * @param {Fields} fields
 * @param {string[]} shown
 * @param {(columns: string[] | null) => void} apply null is the usual ones
 */
export function chooseColumns(fields, shown, apply) {
  let chosen = [...shown];
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search columns",
    oninput: () => draw(),
  });
  const statistic = h(
    "select",
    { "aria-label": "Which number of a metric", onchange: () => draw() },
    fields.statistics.map((name) => h("option", { selected: name === "last" }, name)),
  );
  const there = h("ul", { class: "columns", "aria-label": "Shown columns" });
  const others = h("ul", { class: "columns", "aria-label": "Other columns" });

  const change = (/** @type {string[]} */ next) => {
    chosen = next;
    apply(chosen);
    draw();
  };

  const draw = () => {
    const word = search.value.toLowerCase();
    fill(
      there,
      chosen.map((name, place) => shownLine(name, place, chosen, change)),
    );
    const all = [
      ...fields.facts,
      ...fields.entries.map((entry) => entry.name),
      ...fields.results,
      ...fields.metrics.map((name) => metricField(name, statistic.value)),
    ];
    const left = [...new Set(all)].filter((name) => !chosen.includes(name) && name.toLowerCase().includes(word));
    fill(
      others,
      left
        .slice(0, 300)
        .map((name) =>
          h("li", {}, h("button", { type: "button", onclick: () => change([...chosen, name]) }, "+ ", name)),
        ),
      left.length > 300 && h("li", { class: "faint" }, `and ${left.length - 300} more: search for them`),
    );
  };

  const dialog = h(
    "dialog",
    { class: "chooser", "aria-label": "Columns" },
    h(
      "form",
      { method: "dialog" },
      h("h2", {}, "Columns"),
      h("button", { class: "close", "aria-label": "Close" }, "✕"),
    ),
    h(
      "div",
      { class: "halves" },
      h(
        "section",
        {},
        h("h3", {}, "Shown"),
        there,
        h("button", { type: "button", onclick: () => (apply(null), dialog.close()) }, "The usual ones"),
      ),
      h("section", {}, h("h3", {}, "Others"), h("div", { class: "tools" }, search, statistic), others),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  draw();
  dialog.showModal();
}

/**
 * Return how a statistic of a metric is written as a field.
 *
 * @param {string} name
 * @param {string} statistic
 */
function metricField(name, statistic) {
  const isPlain = /^[\w/-]+(\.[\w/-]+)*$/.test(name);
  return isPlain ? `metrics.${name}.${statistic}` : `metrics[${JSON.stringify(name)}].${statistic}`;
}

/**
 * Return how all fields are written in a filter.
 *
 * @param {Fields} fields
 */
export function fieldNames({ facts, entries, results, metrics, statistics }) {
  const numbers = metrics.flatMap((name) => statistics.map((statistic) => metricField(name, statistic)));
  return [...facts, ...entries.map(({ name, title }) => (name.includes("[") ? name : title)), ...results, ...numbers];
}

/**
 * @param {string} name
 * @param {number} place
 * @param {string[]} chosen
 * @param {(columns: string[]) => void} change
 */
function shownLine(name, place, chosen, change) {
  const moved = (/** @type {number} */ to) => {
    const rest = chosen.filter((one) => one !== name);
    change([...rest.slice(0, to), name, ...rest.slice(to)]);
  };
  return h(
    "li",
    {},
    h("span", {}, name),
    h(
      "button",
      { type: "button", "aria-label": `Move ${name} up`, disabled: place === 0, onclick: () => moved(place - 1) },
      "↑",
    ),
    h(
      "button",
      {
        type: "button",
        "aria-label": `Move ${name} down`,
        disabled: place === chosen.length - 1,
        onclick: () => moved(place + 1),
      },
      "↓",
    ),
    h(
      "button",
      { type: "button", "aria-label": `Hide ${name}`, onclick: () => change(chosen.filter((one) => one !== name)) },
      "✕",
    ),
  );
}
