/** A canvas as the page is now: its size, and the colours around it. */

import { isDark } from "./colours.js";

/**
 * Return an empty canvas of a size in CSS pixels, as sharp as the screen is.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function sized(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** @type {Map<boolean, import("./drawing.js").Inks>} */
const known = new Map();

/**
 * Return the colours of the page as it is now.
 *
 * @param {HTMLElement} element
 * @returns {import("./drawing.js").Inks}
 */
export function inksOf(element) {
  const isNight = isDark();
  let found = known.get(isNight);
  if (!found) {
    const pick = (/** @type {string} */ name) => {
      element.style.color = `var(--${name})`;
      const colour = getComputedStyle(element).color;
      element.style.color = "";
      return colour;
    };
    found = { ink: pick("ink"), faint: pick("faint"), line: pick("line"), ground: pick("ground") };
    known.set(isNight, found);
  }
  return found;
}
