/** Histograms: one as bars, many as a picture over steps. */

import { h } from "./dom.js";
import { number, text } from "./show.js";

const WIDTH = 360;
const HEIGHT = 140;

/** @typedef {import("./show.js").Cell} Cell */

/**
 * Return one histogram as bars, with its bounds below.
 *
 * @param {{edges: Cell[], counts: number[], skipped: number}} histogram
 */
export function bars({ edges, counts, skipped }) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const label = `${total} values from ${text(edges[0])} to ${text(edges.at(-1))}`;
  const { canvas, pen, ink } = board(label);
  const bounds = edges.map(Number);
  const span = bounds[bounds.length - 1] - bounds[0] || 1;
  const densities = counts.map((count, at) => count / (bounds[at + 1] - bounds[at] || 1));
  const most = Math.max(...densities) || 1;
  pen.fillStyle = ink;
  densities.forEach((density, at) => {
    const left = ((bounds[at] - bounds[0]) / span) * WIDTH;
    const width = ((bounds[at + 1] - bounds[at]) / span) * WIDTH;
    const height = (density / most) * (HEIGHT - 2);
    pen.fillRect(left, HEIGHT - height, Math.max(0.5, width - (width > 3 ? 1 : 0)), height);
  });
  const left = skipped ? ` · ${skipped} not finite` : "";
  return h("div", { class: "histogram" }, canvas, scale(text(edges[0]), `${total} values${left}`, text(edges.at(-1))));
}

/**
 * Return histograms as a picture: a column for each step, the darker the more values there are.
 *
 * @param {{low: Cell, high: Cell, count: number, columns: {step: number, shares: number[]}[]}} found
 */
export function overTime({ low, high, count, columns }) {
  if (columns.length < 2) return null;
  const first = columns[0].step;
  const last = columns[columns.length - 1].step;
  const { canvas, pen, ink } = board(
    `${count} histograms from step ${first} to ${last}, values from ${text(low)} to ${text(high)}`,
  );
  const most = Math.max(...columns.flatMap((column) => column.shares)) || 1;
  pen.fillStyle = ink;
  columns.forEach(({ shares }, at) => {
    const left = Math.round((at / columns.length) * WIDTH);
    const right = Math.round(((at + 1) / columns.length) * WIDTH);
    shares.forEach((share, row) => {
      if (!share) return;
      pen.globalAlpha = 0.08 + 0.92 * Math.sqrt(share / most);
      const top = Math.round(HEIGHT * (1 - (row + 1) / shares.length));
      pen.fillRect(left, top, right - left, Math.round(HEIGHT * (1 - row / shares.length)) - top);
    });
  });
  return h(
    "div",
    { class: "histogram" },
    h("p", { class: "faint" }, `${text(high)} (top) to ${text(low)}`),
    canvas,
    scale(`step ${number(first)}`, "", `step ${number(last)}`),
  );
}

/** @param {string} label */
function board(label) {
  const ratio = devicePixelRatio || 1;
  const canvas = h("canvas", { width: WIDTH * ratio, height: HEIGHT * ratio, role: "img", "aria-label": label });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(ratio, ratio);
  const probe = h("span", { class: "accent" });
  document.body.append(probe);
  const ink = getComputedStyle(probe).color;
  probe.remove();
  return { canvas, pen, ink };
}

/**
 * @param {string} left
 * @param {string} middle
 * @param {string} right
 */
function scale(left, middle, right) {
  return h("div", { class: "scale faint" }, h("span", {}, left), h("span", {}, middle), h("span", {}, right));
}
