/** A chart as a file: a picture, or its points as CSV. */

import { askBytes, storeKey } from "./api.js";
import { h } from "./dom.js";
import { valueOf } from "./frames.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 */

/**
 * Have the browser save a chart.
 *
 * @param {"png" | "svg" | "csv"} kind
 * @param {string} metric
 * @param {import("./chart.js").Chart} chart
 * @param {Frame} frame
 * @param {import("./curve_set.js").CurveSet} set
 */
export async function exportChart(kind, metric, chart, frame, set) {
  const blob = kind === "csv" ? await csvOf(metric, frame, set) : await chart.image(kind);
  save(blob, `${metric.replace(/[^\w.-]+/g, "_") || "chart"}.${kind}`);
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Return the points of a chart: each one as it was recorded; of groups, and in a report, what is drawn.
 *
 * @param {string} metric
 * @param {Frame} frame
 * @param {import("./curve_set.js").CurveSet} set
 */
async function csvOf(metric, frame, set) {
  const isReport = storeKey() === null;
  if (isReport || frame.lines.some((line) => line.run === null)) return new Blob([drawn(frame)], { type: "text/csv" });
  const { runs, system, hidden, x } = set.curves;
  const [from, to] = set.zoom(metric).window ?? [null, null];
  const words = { run: runs.filter((id) => !hidden?.has(id)), metric, x: x ?? "step", from, to, system };
  return new Blob([await askBytes("points", words)], { type: "text/csv" });
}

/** @param {Frame} frame */
function drawn(frame) {
  const { origin } = frame.y;
  const rows = [["line", frame.x.kind, "value", "low", "high", "smooth"].join(",")];
  for (const line of frame.lines) {
    line.last.forEach((value, n) => {
      const others = [line.low, line.high, line.smooth].map((part) => (part ? origin + part[n] : ""));
      const x = valueOf(frame.x, line.column[n] / frame.pixels);
      rows.push([quoted(line.label), frame.x.kind === "step" ? Math.round(x) : x, origin + value, ...others].join(","));
    });
  }
  return `${rows.join("\r\n")}\r\n`;
}

/** @param {string} text */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
