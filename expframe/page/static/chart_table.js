/** The values of a chart as a table: for those who read, and for screen readers. */

import { xText } from "./chart_tip.js";
import { fill, h } from "./dom.js";
import { keyOf, valueOf } from "./frames.js";
import { number, text } from "./show.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Line} Line
 */

const MOST = 200;

/**
 * Fill a table with the values of lines: at the crosshair where the server has told them, else the last ones.
 *
 * @param {HTMLTableElement} table
 * @param {Frame} frame
 * @param {Line[]} lines
 * @param {import("./chart.js").Exact | null} exact
 * @param {(line: Line) => HTMLElement} mark in its colour
 */
export function fillValues(table, frame, lines, exact, mark) {
  const isSmooth = lines.some((line) => line.smooth);
  const where = exact ? `at ${xText(frame.x.kind, exact.at)}` : "last shown";
  const titles = [
    lines.every((line) => line.run !== null) ? "run" : "group",
    where,
    isSmooth && "smoothed",
    "least",
    "greatest",
    "points",
  ];
  const rows = lines.slice(0, MOST).map((line) => {
    const told = exact?.lines.find((one) => (one.run ?? one.label) === keyOf(line));
    const ends = extremes(frame, line);
    const last = lastOf(line);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, mark(line), line.label),
      cell(exact ? text(told?.value) : last < 0 ? "" : number(frame.y.origin + line.last[last])),
      isSmooth &&
        cell(exact ? text(told?.smooth) : last < 0 || !line.smooth ? "" : number(frame.y.origin + line.smooth[last])),
      cell(ends ? number(ends[0]) : ""),
      cell(ends ? number(ends[1]) : ""),
      cell(line.count.toLocaleString("en")),
    );
  });
  const window = `${xText(frame.x.kind, valueOf(frame.x, 0))} to ${xText(frame.x.kind, valueOf(frame.x, 1))}`;
  const caption = lines.length > MOST ? `${window}, the first ${MOST} of ${lines.length} lines` : window;
  const head = h(
    "tr",
    {},
    titles.filter((title) => title).map((title) => h("th", { scope: "col" }, title)),
  );
  fill(table, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, rows));
}

/** @param {string} shown */
function cell(shown) {
  return h("td", { class: "number" }, shown);
}

/** @param {Line} line */
function lastOf(line) {
  let n = line.last.length - 1;
  while (n >= 0 && !(line.last[n] === line.last[n])) n -= 1;
  return n;
}

/**
 * @param {Frame} frame
 * @param {Line} line
 * @returns {[number, number] | null}
 */
function extremes(frame, line) {
  let low = Infinity;
  let high = -Infinity;
  for (const part of [line.low ?? line.last, line.high ?? line.last]) {
    for (let n = 0; n < part.length; n += 1) {
      if (line.column[n] < 0 || line.column[n] > frame.pixels) continue;
      if (part[n] < low) low = part[n];
      if (part[n] > high) high = part[n];
    }
  }
  return low <= high ? [frame.y.origin + low, frame.y.origin + high] : null;
}
