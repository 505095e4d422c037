/** Charts are drawn one after the other, a few in each picture of the screen, so that scrolling stays smooth. */

/** Milliseconds of one picture for charts. */
const SHARE = 8;

/** @type {Map<object, () => void>} */
const waiting = new Map();
let frame = 0;

/**
 * Draw when there is time; what waits for the same owner is replaced.
 *
 * @param {object} owner
 * @param {() => void} draw
 * @returns {() => void} what takes it back
 */
export function whenFree(owner, draw) {
  waiting.set(owner, draw);
  frame ||= requestAnimationFrame(next);
  return () => waiting.delete(owner);
}

function next() {
  const end = performance.now() + SHARE;
  for (const [owner, draw] of waiting) {
    waiting.delete(owner);
    draw();
    if (performance.now() > end) break;
  }
  frame = waiting.size ? requestAnimationFrame(next) : 0;
}
