/** Values as people read them. */

/**
 * @typedef {null | boolean | number | string | {text: string} | {time: string}} Cell a value as the server sends it
 */

/**
 * Return a value as text; numbers with six digits, times in the reader's time zone.
 *
 * @param {Cell | undefined} cell
 * @param {string} [kind] that of its field
 * @returns {string}
 */
export function text(cell, kind = "any") {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return kind === "duration" ? duration(cell) : number(cell);
  if (typeof cell === "boolean") return cell ? "True" : "False";
  if (typeof cell === "string") return cell;
  return "time" in cell ? time(cell.time) : cell.text;
}

/**
 * Return whether a value is a number, also one that is not finite.
 *
 * @param {unknown} cell
 */
export function isNumber(cell) {
  if (typeof cell === "number") return true;
  return cell instanceof Object && "text" in cell && ["nan", "inf", "-inf"].includes(String(cell.text));
}

/**
 * Return a number with at most six significant digits.
 *
 * @param {number} value
 * @returns {string}
 */
export function number(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value).replace("Infinity", "inf");
}

/**
 * Return a number of seconds as people say it: `850 ms`, `12.3 s`, `4 min 05 s`, `3 h 12 min`, `2 d 3 h`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  if (whole < 86400)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

const OF_TIME = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });

/**
 * Return a moment as date and time where the reader is: `2026-11-29 14:03:07`.
 *
 * @param {string} iso
 * @returns {string}
 */
export function time(iso) {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? iso : OF_TIME.format(moment);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * Return a number of bytes: `12.3 MB`.
 *
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? bytes : bytes.toPrecision(3)} ${UNITS[unit]}`;
}
