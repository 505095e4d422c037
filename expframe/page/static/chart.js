/** One chart: its curves on a canvas, the crosshair above them, and what people do to them. */

import { inksOf, sized } from "./canvas.js";
import { onScheme } from "./colours.js";
import { pictureOf } from "./chart_image.js";
import { drawTip, nearby, nearest } from "./chart_tip.js";
import { h } from "./dom.js";
import { draw, plan } from "./drawing.js";
import { whenFree } from "./draw_queue.js";
import { listen } from "./gestures.js";
import { canvasPen, FONT } from "./pens.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./scales.js").Scale} Scale
 * @typedef {{window: [number, number] | null, range: [number, number] | null}} Zoom ends of x and of y; null is all
 *
 * How a frame is shown, and who is told of what people do.
 *
 * @typedef {object} Own
 * @property {string} title
 * @property {number} [height]
 * @property {number | null} [crosshair] an x
 * @property {(zoom: Zoom) => void} [onzoom]
 * @property {(x: number | null) => void} [onhover] the pointer is at an x; null where it has left
 * @property {(x: number) => void} [onpress] an x was clicked
 * @typedef {import("./drawing.js").Wish & Own} ChartView
 *
 * @typedef {object} Exact what the server says of an x
 * @property {number} at
 * @property {{run: string | null, label?: string, step?: number, time?: any, value: any, smooth?: any}[]} lines
 *
 * @typedef {object} Chart
 * @property {(frame: Frame, view: ChartView) => void} update
 * @property {(x: number | null) => void} point moves the crosshair
 * @property {(exact: Exact) => void} tell shows exact values at the crosshair
 * @property {(kind: "png" | "svg") => Promise<Blob>} image
 * @property {() => void} remove
 */

const HELP = "Arrows move, plus and minus zoom, 0 shows all, shift and arrows move the crosshair.";

/**
 * Draw a chart into an element, and return what changes it.
 *
 * @param {HTMLElement} element
 * @param {Frame} frame
 * @param {ChartView} view
 * @returns {Chart}
 */
export function chart(element, frame, view) {
  return new CanvasChart(element, frame, view);
}

/** @implements {Chart} */
class CanvasChart {
  /**
   * @param {HTMLElement} element
   * @param {Frame} frame
   * @param {ChartView} view
   */
  constructor(element, frame, view) {
    this.frame = frame;
    this.view = view;
    /** @type {import("./drawing.js").Plan | null} */
    this.plan = null;
    /** @type {number | null} */
    this.crosshair = view.crosshair ?? null;
    this.isHovered = false;
    this.height = 0;
    this.isClean = true;
    /** @type {Exact | null} */
    this.exact = null;
    /** @type {{x: number, y: number}[] | null} */
    this.selection = null;
    this.ended = new AbortController();
    this.below = h("canvas", {});
    this.above = h("canvas", { width: 1, height: 1, tabindex: "0", role: "img", class: "over" });
    this.tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
    this.box = h("div", { class: "plot" }, this.below, this.above, this.tip);
    this.over = 0;
    element.append(this.box);
    this.undrawn = () => {};
    listen(this.above, this.gestures(), this.ended.signal);
    onScheme(() => this.schedule(), this.ended.signal);
    this.sizes = new ResizeObserver(() => this.schedule());
    this.sizes.observe(this.box);
    this.label();
  }

  /**
   * @param {Frame} frame
   * @param {ChartView} view
   */
  update(frame, view) {
    this.frame = frame;
    this.view = view;
    this.label();
    this.schedule();
  }

  remove() {
    this.ended.abort();
    this.sizes.disconnect();
    this.undrawn();
    cancelAnimationFrame(this.over);
    this.box.remove();
  }

  /** @param {number | null} x */
  point(x) {
    if (x === this.crosshair) return;
    this.crosshair = x;
    this.scheduleOver();
  }

  /** @param {Exact} exact */
  tell(exact) {
    this.exact = exact;
    this.scheduleOver();
  }

  /** @param {"png" | "svg"} kind */
  image(kind) {
    return pictureOf(kind, this.frame, this.view, this.box.clientWidth, this.box.clientHeight, inksOf(this.box));
  }

  label() {
    const { frame, view } = this;
    this.box.style.height = `${view.height ?? 220}px`;
    const names = frame.lines
      .slice(0, 5)
      .map(({ label }) => label)
      .join(", ");
    const more = frame.lines.length > 5 ? ` and ${frame.lines.length - 5} more` : "";
    this.above.setAttribute("aria-label", `${view.title} over ${frame.x.kind}: ${names || "no data"}${more}. ${HELP}`);
  }

  schedule() {
    this.undrawn = whenFree(this, () => this.draw());
  }

  scheduleOver() {
    cancelAnimationFrame(this.over);
    this.over = requestAnimationFrame(() => this.drawOver());
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!width || !height) return;
    const context = sized(this.below, width, height);
    context.font = FONT;
    this.plan = plan(this.frame, this.view, width, height, (text) => context.measureText(text).width);
    draw(canvasPen(context), this.plan, inksOf(this.box));
    this.drawOver();
  }

  drawOver() {
    if (!this.plan) return;
    const { box, x } = this.plan;
    if (this.isClean && this.crosshair === null && !this.selection) return;
    this.isClean = this.crosshair === null && !this.selection;
    const context = sized(this.above, this.box.clientWidth, this.box.clientHeight);
    const inks = inksOf(this.box);
    if (this.selection) drawSelection(context, this.selection, box, inks);
    const place = this.crosshair === null ? NaN : x.place(this.crosshair);
    const isSeen = place >= box.left - 1 && place <= box.right + 1 && !this.selection;
    const found = isSeen ? nearby(this.frame, this.plan, /** @type {number} */ (this.crosshair)) : [];
    this.tip.hidden = !(isSeen && this.isHovered && found.length);
    if (!isSeen) return;
    const pen = canvasPen(context);
    pen.line([place, place], [box.top, box.bottom], 0, 2, { colour: inks.faint, width: 1, alpha: 0.8 });
    for (const { place: at, y, colour } of found) {
      if (y < box.top - 2 || y > box.bottom + 2) continue;
      pen.dot(at, y, 4, inks.ground);
      pen.dot(at, y, 3, colour);
    }
    const exact = this.exact?.at === this.crosshair ? this.exact : null;
    if (!this.tip.hidden)
      drawTip(
        this.tip,
        this.frame,
        /** @type {number} */ (this.crosshair),
        nearest(found, this.height),
        exact,
        place,
        box,
      );
  }

  /** @returns {import("./gestures.js").Gestures} */
  gestures() {
    return {
      hover: (point) => this.hover(point),
      select: (start, end) => {
        this.selection = [start, end];
        this.scheduleOver();
      },
      box: (start, end) => this.zoomTo(start, end),
      pan: (dx, dy, isDone) => this.pan(dx, dy, isDone),
      zoom: (centre, factor, isDone) => this.zoom(centre, factor, isDone),
      reset: () => this.window(null, null, true),
      step: (dx) =>
        this.plan &&
        this.hover({
          x:
            this.plan.x.place(this.crosshair ?? this.plan.x.value((this.plan.box.left + this.plan.box.right) / 2)) +
            dx * 4,
          y: 0,
        }),
      press: () => this.crosshair !== null && this.view.onpress?.(this.crosshair),
    };
  }

  /** @param {{x: number, y: number} | null} point */
  hover(point) {
    if (!this.plan) return;
    const { box, x } = this.plan;
    const isIn = point !== null && point.x >= box.left - 6 && point.x <= box.right + 6;
    this.isHovered = isIn;
    this.height = point?.y ?? 0;
    let at = isIn ? x.value(Math.max(box.left, Math.min(box.right, point.x))) : null;
    if (at !== null && this.frame.x.kind === "step") at = Math.round(at);
    this.crosshair = at;
    this.scheduleOver();
    this.view.onhover?.(at);
  }

  /**
   * @param {{x: number, y: number}} start
   * @param {{x: number, y: number}} end
   */
  zoomTo(start, end) {
    this.selection = null;
    this.scheduleOver();
    if (!this.plan) return;
    const { x, y, box } = this.plan;
    const [left, right] = [Math.min(start.x, end.x), Math.max(start.x, end.x)].map((at) =>
      clamp(at, box.left, box.right),
    );
    const [top, bottom] = [Math.min(start.y, end.y), Math.max(start.y, end.y)].map((at) =>
      clamp(at, box.top, box.bottom),
    );
    const isWide = right - left > 4;
    const isTall = bottom - top > 24;
    if (!isWide && !isTall) return;
    this.window(
      isWide ? [x.value(left), x.value(right)] : (this.view.window ?? null),
      isTall ? [y.value(bottom), y.value(top)] : (this.view.range ?? null),
      true,
    );
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @param {boolean} isDone
   */
  pan(dx, dy, isDone) {
    if (!this.plan) return;
    const { x, y, box } = this.plan;
    const range = dy || this.view.range ? moved(y, -dy, box.bottom, box.top) : null;
    this.window(dx || this.view.window ? moved(x, -dx, box.left, box.right) : null, range, isDone);
  }

  /**
   * @param {number} centre
   * @param {number} factor
   * @param {boolean} isDone
   */
  zoom(centre, factor, isDone) {
    if (!this.plan) return;
    const { x, box } = this.plan;
    const ends = [box.left, box.right].map((end) => x.value(centre + (end - centre) * factor));
    this.window(/** @type {[number, number]} */ (ends), this.view.range ?? null, isDone);
  }

  /**
   * Show another part: at once with what is there, then with what the server says of it.
   *
   * @param {[number, number] | null} window
   * @param {[number, number] | null} range
   * @param {boolean} isDone
   */
  window(window, range, isDone) {
    this.view = { ...this.view, window, range };
    if (isDone) {
      this.schedule();
      this.view.onzoom?.({ window, range });
    } else this.draw();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}[]} selection
 * @param {import("./pens.js").Box} box
 * @param {import("./drawing.js").Inks} inks
 */
function drawSelection(context, [start, end], box, inks) {
  const isTall = Math.abs(end.y - start.y) > 24;
  const [left, right] = [Math.min(start.x, end.x), Math.max(start.x, end.x)].map((at) =>
    clamp(at, box.left, box.right),
  );
  const [top, bottom] = isTall
    ? [Math.min(start.y, end.y), Math.max(start.y, end.y)].map((at) => clamp(at, box.top, box.bottom))
    : [box.top, box.bottom];
  context.fillStyle = inks.ink;
  context.globalAlpha = 0.12;
  context.fillRect(left, top, right - left, bottom - top);
  context.globalAlpha = 1;
}

/**
 * @param {Scale} scale
 * @param {number} by
 * @param {number} start
 * @param {number} end
 * @returns {[number, number]}
 */
function moved(scale, by, start, end) {
  return [scale.value(start + by), scale.value(end + by)];
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
