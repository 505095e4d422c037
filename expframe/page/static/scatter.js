/** Points in a plane: a parameter against what was sought, or what was sought over time. */

import { fitted, sheet } from "./sheet.js";

/**
 * @typedef {import("./parameters.js").Axis} Axis
 *
 * @typedef {object} Dot
 * @property {import("./show.js").Cell} x
 * @property {number} y
 * @property {boolean} isOn
 * @property {boolean} [isBest]
 * @property {string} title
 *
 * @typedef {object} ScatterWish
 * @property {string} title
 * @property {number} [height]
 * @property {(at: number) => void} [onpick]
 * @property {AbortSignal} signal
 */

const LEFT = 52;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 30;

/**
 * Draw points into an element.
 *
 * @param {HTMLElement} element
 * @param {ScatterWish} wish
 * @returns {{update: (x: Axis, y: Axis, dots: Dot[], best?: [number, number][]) => void}} `best` are points of a line
 *     by steps
 */
export function scatter(element, wish) {
  const height = wish.height ?? 190;
  /** @type {{x: Axis, y: Axis, dots: Dot[], best: [number, number][]} | null} */
  let shown = null;
  let width = 0;
  const across = (/** @type {number} */ place) => LEFT + place * (width - LEFT - RIGHT);
  const down = (/** @type {number} */ place) => height - BOTTOM - place * (height - TOP - BOTTOM);
  /** @type {({x: number, y: number} | null)[]} */
  let spots = [];

  const plane = sheet(
    element,
    wish.title,
    height,
    (pen, drawnWidth) => {
      width = drawnWidth;
      pen.clearRect(0, 0, width, height);
      if (shown === null) return;
      const { x, y, dots, best } = shown;
      frame(pen, x, y);
      spots = dots.map((dot, at) => spotOf(x, y, dot, at));
      for (const isOn of [false, true]) {
        pen.fillStyle = plane.colour(isOn ? "--accent" : "--line");
        pen.globalAlpha = isOn ? 0.75 : 0.6;
        dots.forEach((dot, at) => {
          const spot = spots[at];
          if (spot === null || dot.isOn !== isOn || dot.isBest) return;
          pen.beginPath();
          pen.arc(spot.x, spot.y, 2.5, 0, 7);
          pen.fill();
        });
      }
      pen.globalAlpha = 1;
      steps(pen, x, y, best);
      dots.forEach((dot, at) => {
        const spot = spots[at];
        if (spot === null || !dot.isBest) return;
        pen.fillStyle = plane.colour("--best");
        pen.strokeStyle = plane.colour("--ground");
        pen.beginPath();
        pen.arc(spot.x, spot.y, 5, 0, 7);
        pen.fill();
        pen.stroke();
      });
    },
    wish.signal,
  );

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Axis} x
   * @param {Axis} y
   */
  function frame(pen, x, y) {
    pen.font = "11px system-ui, sans-serif";
    pen.lineWidth = 1;
    pen.strokeStyle = plane.colour("--line");
    pen.fillStyle = plane.colour("--faint");
    pen.textAlign = "right";
    for (const tick of y.ticks) {
      const at = Math.round(down(tick.at)) + 0.5;
      pen.beginPath();
      pen.moveTo(LEFT, at);
      pen.lineTo(width - RIGHT, at);
      pen.stroke();
      pen.fillText(fitted(pen, tick.text, LEFT - 8), LEFT - 6, at + 4);
    }
    pen.textAlign = "center";
    const room = (width - LEFT - RIGHT) / Math.max(1, x.ticks.length);
    let end = -Infinity;
    for (const tick of x.ticks) {
      const text = fitted(pen, tick.text, Math.max(28, x.isChoices ? room - 4 : 80));
      const half = pen.measureText(text).width / 2;
      const middle = Math.min(Math.max(across(tick.at), half + 2), width - half - 2);
      if (middle - half < end + 4) continue;
      end = middle + half;
      pen.fillText(text, middle, height - BOTTOM + 15);
    }
  }

  /**
   * @param {Axis} x
   * @param {Axis} y
   * @param {Dot} dot
   * @param {number} at
   */
  function spotOf(x, y, dot, at) {
    const [first, second] = [x.place(dot.x), y.place(dot.y)];
    if (first === null || second === null) return null;
    const aside = x.isChoices
      ? ((((at * 2654435761) >>> 0) % 1000) / 1000 - 0.5) * (0.5 / Math.max(1, x.choices.length))
      : 0;
    return { x: across(first + aside), y: down(second) };
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Axis} x
   * @param {Axis} y
   * @param {[number, number][]} best
   */
  function steps(pen, x, y, best) {
    pen.strokeStyle = plane.colour("--best");
    pen.lineWidth = 2;
    pen.beginPath();
    best.forEach(([at, value], index) => {
      const [first, second] = [x.place(at), y.place(value)];
      if (first === null || second === null) return;
      if (index === 0) pen.moveTo(across(first), down(second));
      else {
        const before = y.place(best[index - 1][1]);
        if (before !== null) pen.lineTo(across(first), down(before));
        pen.lineTo(across(first), down(second));
      }
    });
    pen.stroke();
  }

  /** @param {PointerEvent | MouseEvent} event */
  function nearest(event) {
    const box = plane.canvas.getBoundingClientRect();
    let found = -1;
    let least = 10;
    spots.forEach((spot, at) => {
      if (spot === null || !shown?.dots[at].isOn) return;
      const distance = Math.hypot(spot.x - (event.clientX - box.left), spot.y - (event.clientY - box.top));
      if (distance < least) [least, found] = [distance, at];
    });
    return found;
  }

  plane.canvas.addEventListener("pointermove", (event) => {
    const at = nearest(event);
    plane.canvas.title = at < 0 ? "" : (shown?.dots[at].title ?? "");
    plane.canvas.style.cursor = at >= 0 && wish.onpick ? "pointer" : "default";
  });
  plane.canvas.addEventListener("click", (event) => {
    const at = nearest(event);
    if (at >= 0) wish.onpick?.(at);
  });
  return {
    update(x, y, dots, best = []) {
      shown = { x, y, dots, best };
      plane.redraw();
    },
  };
}
