/** Values at the crosshair, beside it. */

import { fill, h } from "./dom.js";
import { columnAt, keyOf, shareOf } from "./frames.js";
import { duration, number, text, time } from "./show.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Line} Line
 *
 * What a line is at the crosshair, as far as it is drawn.
 *
 * @typedef {{line: Line, colour: string, isDashed: boolean, value: number, smooth: number | null, place: number, y: number}} Near
 */

const MOST = 16;

/**
 * Return what is at an x: of each line the last value at or before it, the greatest first.
 *
 * @param {Frame} frame
 * @param {import("./drawing.js").Plan} plan
 * @param {number} x
 * @returns {Near[]}
 */
export function nearby(frame, plan, x) {
  const column = shareOf(frame.x, x) * frame.pixels;
  const found = [];
  for (const { line, colour, dash } of plan.lines) {
    let n = columnAt(line, line.is_exact ? column : Math.ceil(column));
    while (n >= 0 && !(line.last[n] === line.last[n])) n -= 1;
    if (n < 0) continue;
    const value = frame.y.origin + line.last[n];
    const smooth = line.smooth && plan.isSmooth ? frame.y.origin + line.smooth[n] : null;
    found.push({
      line,
      colour,
      isDashed: dash.length > 0,
      value,
      smooth,
      place: plan.placeOf(line.column[n]),
      y: plan.y.place(smooth ?? value),
    });
  }
  return found.sort((one, other) => (other.smooth ?? other.value) - (one.smooth ?? one.value));
}

/**
 * Return as many lines as a tip has room for, those nearest to a height, and how many are left.
 *
 * @param {Near[]} found
 * @param {number} height
 */
export function nearest(found, height) {
  if (found.length <= MOST) return { found, hidden: 0 };
  const away = (/** @type {Near} */ { y }) => Math.abs(y - height);
  const kept = new Set([...found].sort((one, other) => away(one) - away(other)).slice(0, MOST));
  return { found: found.filter((near) => kept.has(near)), hidden: found.length - MOST };
}

/**
 * Return an x as people read it.
 *
 * @param {string} kind
 * @param {number} x
 */
export function xText(kind, x) {
  if (kind === "step") return `step ${Math.round(x).toLocaleString("en")}`;
  if (kind === "time") return time(new Date(x * 1000).toISOString());
  if (kind === "relative") return x < 0 ? `−${duration(-x)}` : duration(x);
  return `${kind.replace(/^metric:/, "")} ${number(x)}`;
}

/**
 * @param {HTMLElement} tip
 * @param {Frame} frame
 * @param {number} x
 * @param {{found: Near[], hidden: number}} near
 * @param {import("./chart.js").Exact | null} exact
 * @param {number} place
 * @param {import("./pens.js").Box} box
 */
export function drawTip(tip, frame, x, { found, hidden }, exact, place, box) {
  const told = found.map((near) => ({
    near,
    exact: exact?.lines.find((one) => (one.run ?? one.label) === keyOf(near.line)),
  }));
  const heightOf = (/** @type {typeof told[number]} */ one) =>
    Number(one.exact?.smooth ?? one.exact?.value ?? one.near.smooth ?? one.near.value);
  if (exact) told.sort((one, other) => heightOf(other) - heightOf(one));
  const rows = told.map((one) => row(one.near, one.exact));
  fill(
    tip,
    h("p", {}, xText(frame.x.kind, x)),
    h("table", {}, h("tbody", {}, rows)),
    hidden ? h("p", { class: "faint" }, `and ${hidden} more`) : null,
  );
  const isLeft = place > (box.left + box.right) / 2;
  tip.style.left = isLeft ? "" : `${Math.round(place + 12)}px`;
  tip.style.right = isLeft ? `calc(100% - ${Math.round(place - 12)}px)` : "";
  tip.style.top = `${box.top}px`;
}

/**
 * What the server has not told yet is as it is drawn, to three digits.
 *
 * @param {Near} near
 * @param {import("./chart.js").Exact["lines"][number]} [told]
 */
function row({ line, colour, isDashed, value, smooth }, told) {
  const shown = (/** @type {number} */ drawn, /** @type {any} */ exact) =>
    told ? text(exact) : number(Number(drawn.toPrecision(3)));
  return h(
    "tr",
    { class: told ? null : "faint" },
    h("td", {}, swatch(colour, isDashed), line.label),
    h("td", { class: "number" }, shown(value, told?.value)),
    smooth === null ? null : h("td", { class: "number faint" }, shown(smooth, told?.smooth)),
  );
}

/**
 * Return a small mark in a colour.
 *
 * @param {string} colour
 * @param {boolean} [isDashed]
 */
export function swatch(colour, isDashed = false) {
  const found = h("i", { class: isDashed ? "swatch dashed" : "swatch" });
  found.style.color = colour;
  return found;
}
