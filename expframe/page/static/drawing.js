/** A chart on a pen: axes, bands and lines of a frame within a box. */

import { ticks } from "./axes.js";
import { valueOf } from "./frames.js";
import { roomy, Scale } from "./scales.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Line} Line
 * @typedef {import("./pens.js").Pen} Pen
 * @typedef {import("./pens.js").Box} Box
 * @typedef {import("./axes.js").Tick} Tick
 *
 * What is drawn, and where.
 *
 * @typedef {object} Plan
 * @property {Box} box where lines are
 * @property {Scale} x
 * @property {Scale} y
 * @property {(Tick & {place: number})[]} xTicks with the middle of their texts
 * @property {Tick[]} yTicks
 * @property {{line: Line, colour: string, dash: number[], isFaint: boolean}[]} lines those that are not hidden
 * @property {boolean} isSmooth
 * @property {number} origin what the values of a frame are counted from
 * @property {(column: number) => number} placeOf the place of a column
 *
 * @typedef {{ink: string, faint: string, line: string, ground: string}} Inks
 *
 * @typedef {object} Wish how it is to be shown
 * @property {boolean} logY
 * @property {[number, number] | null} [window] of x; that of the frame where there is none
 * @property {[number, number] | null} [range] of y; that of the data where there is none
 * @property {boolean} smoothing
 * @property {(line: Line) => boolean} [isHidden]
 * @property {(line: Line) => boolean} [isFaint] another line is meant
 * @property {(line: Line, index: number) => string} colours
 * @property {(line: Line, index: number) => number[]} [dashes]
 */

const LEFT = 46;
const TOP = 8;
const RIGHT = 10;
const BOTTOM = 22;

/**
 * Return where everything of a chart stands.
 *
 * @param {Frame} frame
 * @param {Wish} wish
 * @param {number} width
 * @param {number} height
 * @param {(text: string) => number} measure the width of a text
 * @returns {Plan}
 */
export function plan(frame, wish, width, height, measure) {
  const lines = frame.lines
    .map((line, n) => ({
      line,
      colour: wish.colours(line, n),
      dash: wish.dashes?.(line, n) ?? [],
      isFaint: wish.isFaint?.(line) ?? false,
    }))
    .filter(({ line }) => !wish.isHidden?.(line))
    .sort((one, other) => Number(other.isFaint) - Number(one.isFaint));
  const isSmooth = wish.smoothing && lines.some(({ line }) => line.smooth);
  const { origin } = frame.y;
  const [low, high] =
    wish.range ??
    roomy(
      ...extremes(
        lines.map(({ line }) => line),
        origin,
        wish.logY,
      ),
      wish.logY,
    );
  const yTicks = ticks("number", low, high, Math.max(2, (height - TOP - BOTTOM) / 28), wish.logY);
  const left = Math.max(LEFT, Math.ceil(Math.max(0, ...yTicks.map(({ text }) => measure(text))) / 8) * 8 + 10);
  const box = { left, top: TOP, right: width - RIGHT, bottom: height - BOTTOM };
  let [from, to] = wish.window ?? [frame.x.from, frame.x.to];
  if (from === to && !frame.x.log) [from, to] = [from - 0.5, to + 0.5];
  const x = new Scale(from, to, box.left, box.right, frame.x.log);
  const kind = frame.x.kind === "time" || frame.x.kind === "relative" ? frame.x.kind : "number";
  const most = Math.max(2, (box.right - box.left) / (kind === "time" ? 72 : 56));
  const xTicks = ticks(kind, from, to, most, frame.x.log, frame.x.kind === "step").map((tick) => ({
    ...tick,
    place: Math.min(x.place(tick.at), width - 1 - measure(tick.text) / 2),
  }));
  const start = x.place(valueOf(frame.x, 0));
  const scale = (x.place(valueOf(frame.x, 1)) - start) / frame.pixels;
  const y = new Scale(low, high, box.bottom, box.top, wish.logY);
  return { box, x, y, xTicks, yTicks, lines, isSmooth, origin, placeOf: (column) => start + column * scale };
}

/**
 * @param {Line[]} lines
 * @param {number} origin
 * @param {boolean} isLog
 * @returns {[number, number]}
 */
function extremes(lines, origin, isLog) {
  let low = Infinity;
  let high = -Infinity;
  for (const line of lines) {
    for (const part of [line.last, line.low, line.high]) {
      if (!part) continue;
      for (let n = 0; n < part.length; n += 1) {
        const value = origin + part[n];
        if (isLog && !(value > 0)) continue;
        if (value < low) low = value;
        if (value > high && value < Infinity) high = value;
      }
    }
  }
  return [low, high];
}

/**
 * @param {Pen} pen
 * @param {Plan} plan
 * @param {Inks} inks
 */
export function draw(pen, plan, inks) {
  drawAxes(pen, plan, inks);
  pen.within({ ...plan.box, top: plan.box.top - 2, bottom: plan.box.bottom + 2 }, () => {
    const places = plan.lines.map(({ line }) => across(plan, line.column));
    plan.lines.forEach((item, n) => drawBand(pen, plan, item, places[n]));
    plan.lines.forEach((item, n) => drawLine(pen, plan, item, places[n]));
  });
}

/**
 * @param {Pen} pen
 * @param {Plan} plan
 * @param {Inks} inks
 */
function drawAxes(pen, { box, x, y, xTicks, yTicks }, inks) {
  for (const { at, text } of yTicks) {
    const place = Math.round(y.place(at)) + 0.5;
    if (place < box.top - 1 || place > box.bottom + 1) continue;
    pen.line([box.left, box.right], [place, place], 0, 2, { colour: inks.line, width: 1 });
    pen.text(box.left - 6, place, text, inks.faint, "end");
  }
  for (const { at, text, place } of xTicks) {
    const mark = Math.round(x.place(at)) + 0.5;
    pen.line([mark, mark], [box.bottom, box.bottom + 4], 0, 2, { colour: inks.faint, width: 1 });
    pen.text(place, box.bottom + 13, text, inks.faint, "center");
  }
  pen.line([box.left, box.right], [box.bottom + 0.5, box.bottom + 0.5], 0, 2, { colour: inks.faint, width: 1 });
}

/**
 * @param {Pen} pen
 * @param {Plan} plan
 * @param {Plan["lines"][number]} item
 * @param {Float64Array} xs
 */
function drawBand(pen, plan, { line, colour, isFaint }, xs) {
  if (!line.low || !line.high || !xs.length || isFaint) return;
  const lows = placesOf(plan, line.low);
  const highs = placesOf(plan, line.high);
  const alpha = line.run === null ? 0.2 : plan.isSmooth ? 0.14 : 0.35;
  if (isDense(xs)) drawColumns(pen, xs, lows, highs, colour, alpha);
  else drawPolygons(pen, xs, lows, highs, colour, alpha);
}

/** @param {Float64Array} xs */
function isDense(xs) {
  return (xs[xs.length - 1] - xs[0]) / xs.length < 2.5;
}

/**
 * Where data are as dense as pixels: from the least to the greatest value in each column of the screen.
 *
 * @param {Pen} pen
 * @param {Float64Array} xs
 * @param {Float64Array} lows places, so the greater ones
 * @param {Float64Array} highs
 * @param {string} colour
 * @param {number} alpha
 */
function drawColumns(pen, xs, lows, highs, colour, alpha) {
  const ratio = devicePixelRatio || 1;
  const found = {
    xs: /** @type {number[]} */ ([]),
    lows: /** @type {number[]} */ ([]),
    highs: /** @type {number[]} */ ([]),
  };
  for (let n = 0; n < xs.length;) {
    const column = Math.floor(xs[n] * ratio);
    let low = -Infinity;
    let high = Infinity;
    for (; n < xs.length && Math.floor(xs[n] * ratio) === column; n += 1) {
      if (lows[n] > low) low = lows[n];
      if (highs[n] < high) high = highs[n];
    }
    if (low < high) continue;
    const next = n < xs.length ? Math.floor(xs[n] * ratio) : column + 1;
    for (let at = column; at < Math.min(next, column + 4); at += 1) {
      found.xs.push((at + 0.5) / ratio);
      found.lows.push(low + 0.5);
      found.highs.push(high - 0.5);
    }
  }
  pen.columns(found.xs, found.lows, found.highs, { colour, width: 1 / ratio, alpha });
}

/**
 * Where data are sparse: one polygon from gap to gap.
 *
 * @param {Pen} pen
 * @param {Float64Array} xs
 * @param {Float64Array} lows
 * @param {Float64Array} highs
 * @param {string} colour
 * @param {number} alpha
 */
function drawPolygons(pen, xs, lows, highs, colour, alpha) {
  for (const [from, to] of spans(lows)) {
    const there = xs.subarray(from, to);
    const around = Float64Array.of(...there, ...there.slice().reverse());
    const edge = Float64Array.of(...lows.subarray(from, to), ...highs.slice(from, to).reverse());
    pen.area(around, edge, colour, alpha);
  }
}

/**
 * @param {Pen} pen
 * @param {Plan} plan
 * @param {Plan["lines"][number]} item
 * @param {Float64Array} xs
 */
function drawLine(pen, plan, { line, colour, dash, isFaint: isOther }, xs) {
  if (isOther) {
    stroke(pen, xs, placesOf(plan, line.smooth ?? line.last), { colour, width: 1, alpha: 0.15 });
    return;
  }
  const raw = placesOf(plan, line.last);
  const isFaint = plan.isSmooth && line.smooth;
  const thin = 1 / (devicePixelRatio || 1);
  const width = isDense(xs) ? thin : isFaint ? 1 : 1.5;
  stroke(pen, xs, raw, { colour, dash, width, alpha: isFaint ? 0.3 : 1 });
  if (isFaint)
    stroke(pen, xs, placesOf(plan, /** @type {import("./frames.js").Numbers} */ (line.smooth)), {
      colour,
      dash,
      width: 2,
    });
  const isSparse = xs.length * 9 < plan.box.right - plan.box.left;
  for (let n = 0; n < xs.length; n += 1) {
    const isAlone = !(raw[n - 1] === raw[n - 1]) && !(raw[n + 1] === raw[n + 1]);
    if (raw[n] === raw[n] && (isAlone || (isSparse && !isFaint))) pen.dot(xs[n], raw[n], 2.5, colour);
  }
}

/**
 * @param {Pen} pen
 * @param {Float64Array} xs
 * @param {Float64Array} ys
 * @param {import("./pens.js").Stroke} look
 */
function stroke(pen, xs, ys, look) {
  for (const [from, to] of spans(ys)) pen.line(xs, ys, from, to, look);
}

/**
 * @param {Plan} plan
 * @param {import("./frames.js").Numbers} columns
 */
function across({ placeOf }, columns) {
  const found = new Float64Array(columns.length);
  for (let n = 0; n < columns.length; n += 1) found[n] = placeOf(columns[n]);
  return found;
}

/**
 * @param {Plan} plan
 * @param {import("./frames.js").Numbers} part
 */
function placesOf({ y, origin, box }, part) {
  const ends = box.bottom + 1e4;
  const found = new Float64Array(part.length);
  for (let n = 0; n < part.length; n += 1) {
    const place = y.place(origin + part[n]);
    found[n] = place > ends ? ends : place < -1e4 ? -1e4 : place;
  }
  return found;
}

/**
 * Return where numbers stand one after the other.
 *
 * @param {Float64Array} values
 * @returns {[number, number][]}
 */
function spans(values) {
  /** @type {[number, number][]} */
  const found = [];
  let start = -1;
  for (let n = 0; n <= values.length; n += 1) {
    const isThere = n < values.length && values[n] === values[n];
    if (isThere && start < 0) start = n;
    if (!isThere && start >= 0) {
      found.push([start, n]);
      start = -1;
    }
  }
  return found;
}
