/** Curves as the server sends them: what they are in JSON, then their columns as numbers of four or eight bytes. */

/** @typedef {Float32Array | Float64Array} Numbers eight bytes each where a chart has values that four cannot be */

/** @typedef {null | boolean | number | string | {text: string} | {time: string}} Cell */

/**
 * One line of a chart: of a run, or of a group of runs.
 *
 * @typedef {object} Line
 * @property {string | null} run its id; null for a group
 * @property {Record<string, Cell> | null} group the values that the runs of a group share
 * @property {string} label
 * @property {string[]} runs the ids behind it
 * @property {number} count points in all
 * @property {number} shown points in the window
 * @property {boolean} is_exact whether each point is there; else each pixel has its last, least and greatest value
 * @property {number} skipped values in the window that are not finite
 * @property {Numbers} column where its values stand, in pixels of the frame
 * @property {Numbers} last values, less the origin
 * @property {Numbers} [low]
 * @property {Numbers} [high]
 * @property {Numbers} [smooth]
 */

/**
 * What one chart shows.
 *
 * @typedef {object} Frame
 * @property {string} metric
 * @property {{kind: string, from: number, to: number, log: boolean, first: number, last: number}} x the window, and
 *     the ends of all data
 * @property {number} pixels how many columns the window has
 * @property {{origin: number, low: number, high: number, bytes: number}} y values, and how many bytes their numbers have
 * @property {Line[]} lines
 * @property {string} [problem] what is to be said of it
 */

/**
 * Return the charts of an answer; columns of four bytes are views of its own.
 *
 * @param {ArrayBuffer} buffer
 * @returns {Frame[]}
 */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return header.charts.map((/** @type {any} */ chart) => ({
    ...chart,
    lines: chart.lines.map((/** @type {any} */ line) => withColumns(line, buffer, 4 + length + line.at, chart.y.bytes)),
  }));
}

/**
 * @param {any} line
 * @param {ArrayBuffer} buffer
 * @param {number} start
 * @param {number} bytes
 * @returns {Line}
 */
function withColumns(line, buffer, start, bytes) {
  const { parts, columns, at, ...rest } = line;
  parts.forEach((/** @type {string} */ part, /** @type {number} */ n) => {
    const own = start + n * columns * bytes;
    rest[part] =
      bytes === 8
        ? new Float64Array(buffer.slice(own, own + columns * bytes)) // a view may begin at a multiple of eight alone
        : new Float32Array(buffer, own, columns);
  });
  return rest;
}

/**
 * Return what tells a line from others, in addresses too.
 *
 * @param {Line} line
 */
export function keyOf(line) {
  return line.run ?? line.label;
}

/**
 * Return the x of a place in pixels of a frame.
 *
 * @param {Frame["x"]} x
 * @param {number} share 0 at the start of the window, 1 at its end
 */
export function valueOf(x, share) {
  if (!x.log) return x.from + share * (x.to - x.from);
  return Math.exp(Math.log(x.from) + share * (Math.log(x.to) - Math.log(x.from)));
}

/**
 * Return where an x is in the window of a frame: 0 at its start, 1 at its end.
 *
 * @param {Frame["x"]} x
 * @param {number} value
 */
export function shareOf(x, value) {
  if (!x.log) return (value - x.from) / (x.to - x.from || 1);
  return (Math.log(value) - Math.log(x.from)) / (Math.log(x.to) - Math.log(x.from) || 1);
}

/**
 * Return the number of the last column at or before a place, -1 before the first one.
 *
 * @param {Line} line
 * @param {number} place in pixels of the frame
 */
export function columnAt(line, place) {
  let low = 0;
  let high = line.column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line.column[middle] <= place + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Say how much of the data a chart shows.
 *
 * @param {Line[]} lines
 * @param {number} least what values are above: the origin turned round for a logarithmic axis, else minus infinity
 * @returns {string}
 */
export function coverage(lines, least) {
  if (!lines.length) return "nothing to draw";
  const shown = lines.reduce((sum, line) => sum + line.shown, 0);
  const skipped = lines.reduce((sum, line) => sum + line.skipped, 0);
  const dense = lines.filter((line) => !line.is_exact && line.run !== null);
  const each = Math.ceil(Math.max(...dense.map((line) => line.shown / (line.column.length || 1))));
  const points = `${shown.toLocaleString("en")} ${shown === 1 ? "point" : "points"}`;
  const runs = lines.reduce((sum, line) => sum + line.runs.length, 0);
  const how = dense.length ? `min and max of ${each.toLocaleString("en")} per pixel` : "all of them";
  const what = lines.every((line) => line.run === null) ? `means of ${runs} runs, ${points}` : `${points}, ${how}`;
  const isCut = lines.some((line) => (line.low ?? line.last).some((value) => value <= least));
  const beside = isCut ? "; 0 and below are not on this axis" : "";
  return (skipped ? `${what}; ${skipped.toLocaleString("en")} not finite` : what) + beside;
}
