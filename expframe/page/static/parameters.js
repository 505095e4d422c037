/** Parameters of a sweep as axes: where a value lies from 0 to 1, which values are within two bounds, and ticks. */

import { number } from "./show.js";

/**
 * @typedef {import("./show.js").Cell} Cell
 *
 * @typedef {object} Parameter as the server says it
 * @property {string} name
 * @property {"linear" | "log" | "choices"} scale
 * @property {number} [low]
 * @property {number} [high]
 * @property {boolean} [whole] whether all its values are whole numbers
 * @property {string[]} [choices]
 *
 * @typedef {object} Axis
 * @property {string} name
 * @property {boolean} isChoices
 * @property {string[]} choices
 * @property {(value: Cell) => number | null} place from 0 to 1; null where the value is not on the axis
 * @property {(place: number) => number} value what lies at a place, where values are numbers
 * @property {{at: number, text: string}[]} ticks
 */

/**
 * Return the text of a value, as choices have it.
 *
 * @param {Cell | undefined} cell
 * @returns {string}
 */
export function label(cell) {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" && "text" in cell ? cell.text : String(cell);
}

/**
 * Return a parameter as an axis.
 *
 * @param {Parameter} parameter
 * @returns {Axis}
 */
export function axisOf(parameter) {
  return parameter.scale === "choices" ? axisOfChoices(parameter) : axisOfNumbers(parameter);
}

/**
 * Return the axis of numbers that are given: by ratios where they differ by orders of magnitude.
 *
 * @param {string} name
 * @param {number[]} numbers
 * @returns {Axis}
 */
export function axisOver(name, numbers) {
  let low = Infinity;
  let high = -Infinity;
  for (const one of numbers) {
    if (one < low) low = one;
    if (one > high) high = one;
  }
  if (low > high) [low, high] = [0, 1];
  return axisOf({ name, scale: low > 0 && high > 100 * low ? "log" : "linear", low, high });
}

/**
 * @param {Parameter} parameter
 * @returns {Axis}
 */
function axisOfChoices({ name, choices = [] }) {
  const places = new Map(choices.map((choice, at) => [choice, (at + 0.5) / choices.length]));
  const stride = Math.ceil(choices.length / 12);
  return {
    name,
    isChoices: true,
    choices,
    place: (value) => places.get(label(value)) ?? null,
    value: (place) => place,
    ticks: choices.map((text, at) => ({ at: (at + 0.5) / choices.length, text })).filter((_, at) => at % stride === 0),
  };
}

/**
 * @param {Parameter} parameter
 * @returns {Axis}
 */
function axisOfNumbers({ name, scale, low = 0, high = 1, whole = false }) {
  const isLog = scale === "log" && low > 0;
  const to = isLog ? Math.log : (/** @type {number} */ x) => x;
  const from = isLog ? Math.exp : (/** @type {number} */ x) => x;
  const margin = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  const first = to(isLog && margin ? low * 0.9 : low - margin);
  const last = to(high + margin);
  const place = (/** @type {number} */ x) => (to(x) - first) / (last - first);
  return {
    name,
    isChoices: false,
    choices: [],
    place: (value) => {
      if (typeof value !== "number" || (isLog && value <= 0)) return null;
      const found = place(value);
      return found < -1e-9 || found > 1 + 1e-9 ? null : found;
    },
    value: (at) => from(first + at * (last - first)),
    ticks: (isLog ? ratios(from(first), from(last)) : steps(first, last, whole ? 1 : 0)).map((x) => ({
      at: place(x),
      text: short(x),
    })),
  };
}

/**
 * Return round numbers between two, about five of them.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} least the least distance between two
 * @returns {number[]}
 */
function steps(low, high, least) {
  const raw = Math.max(least, (high - low) / 5);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) found.push(at * step);
  return found;
}

/**
 * Return powers of ten between two numbers, with 2 and 5 times them where there are few.
 *
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
function ratios(low, high) {
  const decades = Math.log10(high / low);
  const factors = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const stride = Math.max(1, Math.ceil(decades / 8));
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += stride) {
    for (const factor of factors) {
      const one = factor * 10 ** power;
      if (one >= low * 0.999999 && one <= high * 1.000001) found.push(one);
    }
  }
  return found.length > 1 ? found : [low, high];
}

/** @param {number} value */
function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return value.toExponential(size < 1e-3 ? 0 : 1).replace(/\.0e|e\+/, "e");
  return number(Number(value.toPrecision(4)));
}
