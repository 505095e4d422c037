/** Small tables of values. */

import { h } from "./dom.js";
import { isNumber, text } from "./show.js";

/** @typedef {import("./show.js").Cell} Cell */

/**
 * Return a table in a box of its own, which scrolls where the table is wider.
 *
 * @param {string[]} header
 * @param {(Cell | Node | undefined)[][]} rows
 * @param {string} [caption] what a screen reader says
 */
export function table(header, rows, caption = "") {
  const isOfNumbers = (/** @type {number} */ n) => rows.length > 0 && rows.every((row) => isNumber(row[n]));
  const head = h(
    "tr",
    {},
    header.map((name, n) => h("th", { scope: "col", class: isOfNumbers(n) ? "number" : null }, name)),
  );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption || "Table" },
    h(
      "table",
      {},
      h("thead", {}, head),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, row.map(cell))),
      ),
    ),
  );
}

/**
 * Return names and values as a table of two columns.
 *
 * @param {[string, Cell | Node][]} entries
 * @param {string} [caption]
 */
export function entries(entries, caption = "") {
  const rows = entries.map(([name, value]) => h("tr", {}, name && h("th", { scope: "row" }, name), cell(value)));
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption || "Values" },
    h("table", { class: "entries" }, h("tbody", {}, rows)),
  );
}

/** @param {Cell | Node | undefined} value */
function cell(value) {
  if (value instanceof Node) return h("td", {}, value);
  return h("td", { class: isNumber(value) ? "number" : null }, text(value));
}
