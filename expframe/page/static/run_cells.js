/** What cells of the table of runs say. */

import { h } from "./dom.js";
import { isNumber, text } from "./show.js";

const USUAL_DIGIT = 8;

/** @typedef {import("./run_lines.js").Line} Line */

/** Return the cell that says how a run stands, or how many runs of a group count. @param {Line} line */
export function statusCell(line) {
  const { status, group, n, inside } = line;
  if (status) return h("td", {}, h("span", { class: `status status-${status}` }, status));
  if (group === undefined) return h("td", {}, h("span", { class: "faint" }, "unreadable"));
  return h("td", {}, n === inside ? `n = ${n}` : `n = ${n} of ${inside}`);
}

/**
 * Return what the runs of a group have in common, and which entries they have not.
 *
 * @param {Line} line
 * @param {string[]} names
 */
export function groupEntries({ entries = {} }, names) {
  const parts = names.map((name) => (name in entries ? `${name}=${text(entries[name])}` : `no ${name}`));
  return parts.join(", ") || "all runs";
}

/** Return the names of the entries in which groups differ, first those of most values. @param {Line[]} lines */
export function tellingEntries(lines) {
  /** @type {Map<string, Set<string>>} */
  const values = new Map();
  for (const { entries = {} } of lines) {
    for (const [name, value] of Object.entries(entries)) {
      values.set(name, (values.get(name) ?? new Set()).add(text(value)));
    }
  }
  const found = [...values].filter(([, { size }]) => size > 1);
  return found.sort(([, one], [, other]) => other.size - one.size).map(([name]) => name);
}

/** Return how wide a digit is in pixels, in the font of the page. */
export function digitWidth() {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return USUAL_DIGIT;
  pen.font = getComputedStyle(document.body).font;
  return pen.measureText("0").width || USUAL_DIGIT;
}

/** @param {any} cell */
export function isNumeric(cell) {
  return isNumber(cell) || (cell !== null && typeof cell === "object" && "mean" in cell);
}
