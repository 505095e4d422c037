/** Lines of spans, as the server sends sources, diffs, tracebacks and output. */

import { h } from "./dom.js";

/** @typedef {[string, string][]} Line pieces of text, each after what it is */

/**
 * Return a line as an element.
 *
 * @param {Line} line
 */
export function lineOf(line) {
  const spans = line.map(([kind, text]) => (kind ? h("span", { class: classesOf(kind) }, text) : text));
  return h("span", { class: "line" }, spans, "\n");
}

/**
 * Return lines as one block.
 *
 * @param {Line[]} lines
 * @param {{numbered?: boolean, label?: string}} [options]
 */
export function block(lines, { numbered = false, label = "" } = {}) {
  const attributes = {
    class: numbered ? "code-lines numbered" : "code-lines",
    tabindex: 0,
    "aria-label": label || null,
  };
  return h("pre", attributes, lines.map(lineOf));
}

/** @param {string} kind */
function classesOf(kind) {
  return kind
    .split(" ")
    .map((word) => `s-${word}`)
    .join(" ");
}
