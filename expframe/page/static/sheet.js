/** A canvas that fills its box, sharp on any screen, drawn again when its box or the colours of the page change. */

import { h } from "./dom.js";

/**
 * @typedef {object} Sheet
 * @property {HTMLCanvasElement} canvas
 * @property {() => void} redraw draws at the next frame, once however often it is asked
 * @property {(name: string) => string} colour that of a variable of the style sheet
 */

/**
 * Put a canvas into an element.
 *
 * @param {HTMLElement} element
 * @param {string} title what it shows, for those who cannot see it
 * @param {number} height
 * @param {(pen: CanvasRenderingContext2D, width: number, height: number) => void} draw
 * @param {AbortSignal} signal
 * @returns {Sheet}
 */
export function sheet(element, title, height, draw, signal) {
  const canvas = h("canvas", { role: "img", "aria-label": title });
  canvas.style.height = `${height}px`;
  element.append(canvas);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let waits = 0;
  const now = () => {
    waits = 0;
    const width = canvas.clientWidth;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(pen, width, height);
  };
  const redraw = () => {
    if (!waits) waits = requestAnimationFrame(now);
  };
  const watch = new ResizeObserver(redraw);
  watch.observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  signal.addEventListener("abort", () => {
    watch.disconnect();
    cancelAnimationFrame(waits);
  });
  return { canvas, redraw, colour: (name) => colourOf(canvas, name) };
}

/**
 * Return the colour of a variable as the page is now, light or dark.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 */
function colourOf(canvas, name) {
  canvas.style.color = `var(${name})`;
  const found = getComputedStyle(canvas).color;
  canvas.style.color = "";
  return found;
}

/**
 * Return a text that is cut where it would be wider.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} width
 */
export function fitted(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
