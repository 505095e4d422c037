/** What people do on a chart with mouse, fingers and keys. */

/**
 * @typedef {{x: number, y: number}} Point
 *
 * @typedef {object} Gestures places are in pixels of the element
 * @property {(point: Point | null) => void} hover null where the pointer has left
 * @property {(start: Point, end: Point) => void} select while a box is drawn
 * @property {(start: Point, end: Point) => void} box a box has been drawn
 * @property {(dx: number, dy: number, isDone: boolean) => void} pan
 * @property {(centre: number, factor: number, isDone: boolean) => void} zoom smaller factors show less
 * @property {() => void} reset
 * @property {(dx: number) => void} step moves the crosshair
 * @property {() => void} press a click in one place
 */

const SHARE = 0.2;
const LEAST = 4;

/**
 * @param {HTMLElement} element
 * @param {Gestures} gestures
 * @param {AbortSignal} signal
 */
export function listen(element, gestures, signal) {
  listenToPointers(element, gestures, signal);
  element.addEventListener("dblclick", () => gestures.reset(), { signal });
  element.addEventListener("keydown", (event) => key(element, gestures, event), { signal });
}

/**
 * @param {HTMLElement} element
 * @param {Gestures} gestures
 * @param {KeyboardEvent} event
 */
function key(element, gestures, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { clientWidth: width, clientHeight: height } = element;
  const keys = /** @type {Record<string, () => void>} */ ({
    ArrowLeft: () => (event.shiftKey ? gestures.step(-1) : gestures.pan(width * SHARE, 0, true)),
    ArrowRight: () => (event.shiftKey ? gestures.step(1) : gestures.pan(-width * SHARE, 0, true)),
    ArrowUp: () => gestures.pan(0, height * SHARE, true),
    ArrowDown: () => gestures.pan(0, -height * SHARE, true),
    "+": () => gestures.zoom(width / 2, 1 / 2, true),
    "=": () => gestures.zoom(width / 2, 1 / 2, true),
    "-": () => gestures.zoom(width / 2, 2, true),
    0: () => gestures.reset(),
    Escape: () => gestures.hover(null),
  });
  if (keys[event.key] === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
}

/**
 * @param {HTMLElement} element
 * @param {Gestures} gestures
 * @param {AbortSignal} signal
 */
function listenToPointers(element, gestures, signal) {
  /** @type {Map<number, {start: Point, now: Point}>} */
  const down = new Map();
  let isPan = false;
  let spread = 0;

  /** @param {PointerEvent} event @returns {Point} */
  const placeOf = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const pinch = (/** @type {boolean} */ isDone) => {
    const [one, other] = [...down.values()];
    const wide = Math.max(20, Math.abs(one.now.x - other.now.x));
    gestures.zoom((one.now.x + other.now.x) / 2, spread / wide, isDone);
    spread = wide;
  };

  element.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
      down.set(event.pointerId, { start: placeOf(event), now: placeOf(event) });
      isPan = event.shiftKey;
      if (down.size === 2) {
        const [one, other] = [...down.values()];
        spread = Math.max(20, Math.abs(one.now.x - other.now.x));
      }
    },
    { signal },
  );
  element.addEventListener(
    "pointermove",
    (event) => {
      const point = placeOf(event);
      const held = down.get(event.pointerId);
      if (held === undefined || event.pointerType === "touch") {
        if (held) held.now = point;
        if (down.size === 2) pinch(false);
        else gestures.hover(point);
        return;
      }
      if (isPan) gestures.pan(point.x - held.now.x, point.y - held.now.y, false);
      else gestures.select(held.start, point);
      held.now = point;
    },
    { signal },
  );
  const up = (/** @type {PointerEvent} */ event) => {
    const held = down.get(event.pointerId);
    if (held === undefined) return;
    if (down.size === 2) pinch(true);
    down.delete(event.pointerId);
    if (event.pointerType === "touch") return;
    const { start, now } = held;
    if (isPan) gestures.pan(0, 0, true);
    else if (Math.abs(now.x - start.x) > LEAST || Math.abs(now.y - start.y) > LEAST * 4) gestures.box(start, now);
    else gestures.press();
  };
  element.addEventListener("pointerup", up, { signal });
  element.addEventListener("pointercancel", (event) => down.delete(event.pointerId), { signal });
  element.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && gestures.hover(null), {
    signal,
  });
}
