/** Curves in a report: what is asked for is cut out of the columns that are stored. */

import { columnAt, decode, shareOf, valueOf } from "./frames.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Line} Line
 * @typedef {import("./frames.js").Numbers} Numbers
 * @typedef {{from: number, to: number, log: boolean, pixels: number, smooth: number, unit: number}} Window
 */

const PARTS = /** @type {const} */ (["column", "last", "low", "high", "smooth"]);

/**
 * Return charts of some runs in a window, as the server would send them.
 *
 * @param {ArrayBuffer[]} stored charts of all runs, over all of their x
 * @param {URLSearchParams} words
 * @returns {ArrayBuffer}
 */
export function chartsOf(stored, words) {
  const runs = new Set(words.getAll("run"));
  return encoded(stored.flatMap(decode).map((frame) => chartOf(frame, runs, words)));
}

/**
 * Return the values at an x, or the last ones before, as far as they are stored.
 *
 * @param {ArrayBuffer[]} stored
 * @param {URLSearchParams} words
 */
export function valuesOf(stored, words) {
  const at = Number(words.get("at"));
  const runs = new Set(words.getAll("run"));
  const lines = stored.flatMap(decode).flatMap((frame) => {
    const chart = chartOf(frame, runs, words);
    const place = shareOf(chart.x, at) * chart.pixels;
    return chart.lines.flatMap((line) => {
      const n = columnAt(line, place);
      if (n < 0) return [];
      const value = (/** @type {Numbers | undefined} */ part) => (part ? cell(part[n] + frame.y.origin) : null);
      const step = valueOf(chart.x, line.column[n] / chart.pixels);
      const own =
        line.run === null
          ? {
              group: line.group,
              label: line.label,
              n: line.runs.length,
              mean: value(line.last),
              low: value(line.low),
              high: value(line.high),
            }
          : {};
      return [
        {
          metric: frame.metric,
          run: line.run,
          step: chart.x.kind === "step" ? Math.round(step * 1e6) / 1e6 : null,
          time: null,
          value: value(line.last),
          smooth: value(line.smooth),
          ...own,
        },
      ];
    });
  });
  return { at, lines, gone: [] };
}

/** @param {number} value */
function cell(value) {
  return Number.isFinite(value) ? Number(value.toPrecision(7)) : { text: String(value) };
}

/**
 * @param {Frame} frame
 * @param {Set<string>} runs
 * @param {URLSearchParams} words
 * @returns {Frame}
 */
function chartOf(frame, runs, words) {
  const pixels = Number(words.get("pixels") || frame.pixels);
  const kept = frame.lines.filter((line) => line.runs.some((run) => runs.has(run)));
  const places = kept.map((line) => placesOf(line, frame));
  const isLog = words.get("log_x") === "1";
  const all = places.flatMap((xs) => [...xs]).filter((x) => !isLog || x > 0);
  const first = words.get("from") ? Number(words.get("from")) : Math.min(...all);
  const last = words.get("to") ? Number(words.get("to")) : Math.max(...all);
  const window = {
    from: first,
    to: last,
    log: isLog,
    pixels,
    smooth: Number(words.get("smooth") ?? 0),
    unit: unitOf(kept, places),
  };
  const lines = kept.map((line, n) => lineOf(line, places[n], window));
  const smoothing = window.smooth > 0 ? { weight: window.smooth, steps: window.unit } : null;
  return /** @type {Frame} */ ({
    ...frame,
    ...{ smoothing },
    x: { ...frame.x, from: first, to: last, log: isLog },
    pixels,
    y: { ...frame.y, ...extent(lines) },
    lines,
  });
}

/**
 * Return the x of each column that is stored; whole steps are whole again.
 *
 * @param {Line} line
 * @param {Frame} frame
 */
function placesOf(line, { x, pixels }) {
  const width = x.to - x.from;
  return Float64Array.from(line.column, (place) => {
    const found = x.from + (place / pixels) * width;
    const whole = Math.round(found);
    return Math.abs(found - whole) <= width * 1e-6 ? whole : found;
  });
}

/**
 * @param {Line} line
 * @param {Float64Array} xs
 * @param {Window} window
 * @returns {Line}
 */
function lineOf(line, xs, window) {
  const usable = [...xs.keys()].filter((n) => !window.log || xs[n] > 0);
  const inside = usable.filter((n) => xs[n] >= window.from && xs[n] <= window.to);
  const before = usable.findLast((n) => xs[n] < window.from);
  const after = usable.find((n) => xs[n] > window.to);
  const kept = [...(before === undefined ? [] : [before]), ...inside, ...(after === undefined ? [] : [after])];
  const scale = window.log ? Math.log : (/** @type {number} */ x) => x;
  const width = scale(window.to) - scale(window.from) || 1;
  const smooth = window.smooth > 0 ? smoothed(line.last, xs, window.smooth, window.unit) : line.smooth;
  const shown = line.is_exact ? inside.length : Math.round((line.shown * inside.length) / (xs.length || 1));
  return {
    ...line,
    shown,
    column: made(line.column, kept, (n) => ((scale(xs[n]) - scale(window.from)) / width) * window.pixels),
    last: picked(line.last, kept),
    ...(line.low && line.high ? { low: picked(line.low, kept), high: picked(line.high, kept) } : {}),
    ...(smooth ? { smooth: picked(smooth, kept) } : {}),
  };
}

/**
 * @param {Numbers} values
 * @param {number[]} kept
 */
function picked(values, kept) {
  return made(values, kept, (n) => values[n]);
}

/**
 * Return numbers in as many bytes as others have.
 *
 * @param {Numbers} others
 * @param {number[]} kept
 * @param {(n: number) => number} make
 * @returns {Numbers}
 */
function made(others, kept, make) {
  return others instanceof Float64Array ? Float64Array.from(kept, make) : Float32Array.from(kept, make);
}

/**
 * Return the exponential mean of what is stored, as the server makes it of all points: by the distance of x.
 *
 * @param {Numbers} values
 * @param {Float64Array} xs
 * @param {number} weight
 * @param {number} unit the distance that is 1
 */
function smoothed(values, xs, weight, unit) {
  let sum = 0;
  let total = 0;
  return values.map((value, n) => {
    const factor = weight ** (n ? Math.abs(xs[n] - xs[n - 1]) / unit : 1);
    const own = Number.isFinite(value) ? 1 - factor : 0;
    sum = sum * factor + (own ? own * value : 0);
    total = total * factor + own;
    return own ? sum / total : NaN;
  });
}

/**
 * Return the usual distance of x of the line that was logged most rarely.
 *
 * @param {Line[]} lines
 * @param {Float64Array[]} places
 */
function unitOf(lines, places) {
  const each = lines.map((line, n) =>
    places[n].length > 1 ? (places[n][places[n].length - 1] - places[n][0]) / (line.count - 1) : 0,
  );
  return Math.max(...each) || 1;
}

/** @param {Line[]} lines */
function extent(lines) {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) {
    for (const part of [line.last, line.low, line.high]) {
      part?.forEach((value, n) => {
        if (line.column[n] < -1e-3 || !Number.isFinite(value)) return;
        low = Math.min(low, value);
        high = Math.max(high, value);
      });
    }
  }
  return { low, high };
}

/**
 * @param {Frame[]} charts
 * @returns {ArrayBuffer}
 */
function encoded(charts) {
  /** @type {Numbers[]} */
  const blobs = [];
  let at = 0;
  const plain = charts.map((chart) => ({
    ...chart,
    lines: chart.lines.map((line) => {
      const parts = PARTS.filter((part) => line[part] !== undefined);
      const { column, last, low, high, smooth, ...rest } = line;
      const own = { ...rest, columns: column.length, at, parts };
      for (const part of parts) blobs.push(/** @type {Numbers} */ (line[part]));
      at += parts.length * column.length * chart.y.bytes;
      return own;
    }),
  }));
  const text = JSON.stringify({ charts: plain });
  const header = new TextEncoder().encode(text + " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4));
  const whole = new Uint8Array(4 + header.length + at);
  new DataView(whole.buffer).setUint32(0, header.length, true);
  whole.set(header, 4);
  let place = 4 + header.length;
  for (const blob of blobs) {
    whole.set(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), place);
    place += blob.byteLength;
  }
  return whole.buffer;
}
