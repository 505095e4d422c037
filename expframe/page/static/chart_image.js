/** A chart as a picture, to be kept: with its title and a legend. */

import { draw, plan } from "./drawing.js";
import { canvasPen, FONT, SvgPen } from "./pens.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./pens.js").Pen} Pen
 */

const HEAD = 22;
const ROW = 16;

/**
 * Return a picture of a chart.
 *
 * @param {"png" | "svg"} kind
 * @param {Frame} frame
 * @param {import("./chart.js").ChartView} view
 * @param {number} width
 * @param {number} height
 * @param {import("./drawing.js").Inks} inks
 * @returns {Promise<Blob>}
 */
export function pictureOf(kind, frame, view, width, height, inks) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.font = FONT;
  const measure = (/** @type {string} */ text) => context.measureText(text).width;
  const shown = plan(frame, view, width, height, measure);
  const places = legend(
    shown.lines.map(({ line }) => line.label),
    width,
    measure,
  );
  const whole = HEAD + height + (places.at(-1)?.row ?? -1) * ROW + ROW + 8;
  const all = (/** @type {Pen} */ pen) => {
    pen.text(width / 2, HEAD / 2, `${view.title} over ${frame.x.kind.replace(/^metric:/, "")}`, inks.ink, "center");
    draw(moved(pen, HEAD), shown, inks);
    places.forEach(({ x, row }, n) => {
      const y = HEAD + height + row * ROW + ROW / 2;
      const { colour, dash, line } = shown.lines[n];
      pen.line([x, x + 16], [y, y], 0, 2, { colour, dash, width: 2 });
      pen.text(x + 21, y, line.label, inks.ink, "start");
    });
  };
  if (kind === "svg") {
    const pen = new SvgPen(width, whole, inks.ground);
    all(pen);
    return Promise.resolve(new Blob([pen.toString()], { type: "image/svg+xml" }));
  }
  const ratio = Math.max(2, devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = whole * ratio;
  context.scale(ratio, ratio);
  context.fillStyle = inks.ground;
  context.fillRect(0, 0, width, whole);
  all(canvasPen(context));
  return new Promise((found, failed) =>
    canvas.toBlob(
      (blob) => (blob ? found(blob) : failed(new Error("The browser cannot make this picture."))),
      "image/png",
    ),
  );
}

/**
 * @param {string[]} labels
 * @param {number} width
 * @param {(text: string) => number} measure
 */
function legend(labels, width, measure) {
  let x = 12;
  let row = 0;
  return labels.map((label) => {
    const wide = measure(label) + 36;
    if (x > 12 && x + wide > width) {
      x = 12;
      row += 1;
    }
    const place = { x, row };
    x += wide;
    return place;
  });
}

/**
 * Return a pen that writes lower.
 *
 * @param {Pen} pen
 * @param {number} by
 * @returns {Pen}
 */
function moved(pen, by) {
  const lower = (/** @type {ArrayLike<number>} */ ys) => Float64Array.from(ys, (y) => y + by);
  return {
    line: (xs, ys, from, to, look) => pen.line(xs, lower(ys), from, to, look),
    area: (xs, ys, colour, alpha) => pen.area(xs, lower(ys), colour, alpha),
    columns: (xs, lows, highs, look) => pen.columns(xs, lower(lows), lower(highs), look),
    dot: (x, y, radius, colour) => pen.dot(x, y + by, radius, colour),
    text: (x, y, text, colour, align) => pen.text(x, y + by, text, colour, align),
    within: (box, draw) => pen.within({ ...box, top: box.top + by, bottom: box.bottom + by }, draw),
  };
}
