/**
 * Parallel coordinates: an axis for each parameter, a line for each configuration; dragging along an axis filters, and so
 * do arrow keys.
 */

import { fitted, sheet } from "./sheet.js";
import { label } from "./parameters.js";
import { number } from "./show.js";

/**
 * @typedef {import("./parameters.js").Axis} Axis
 *
 * @typedef {object} Line
 * @property {import("./show.js").Cell[]} values one for each axis
 * @property {number | null} rank 0 for the best of all, 1 for the worst; null where there is no value
 * @property {boolean} isOn whether it is among those that are chosen
 * @property {string} title
 *
 * @typedef {Map<string, [number, number]>} Brushes places on axes from 0 to 1, by the name of the axis
 *
 * @typedef {object} ParallelWish
 * @property {string} title
 * @property {(brushes: Brushes) => void} onbrush
 * @property {(at: number | null) => void} [onhover]
 * @property {(at: number) => void} [onpick]
 * @property {AbortSignal} signal
 */

const TOP = 40;
const BOTTOM = 14;
const SIDE = 56;
const HEIGHT = 320;
const NEAR = 12;
const SHADES = 12;
/** So near to its end is the end of an axis. */
const SNAP = 0.03;
/** Longer paths are far slower to stroke where there is no graphics card. */
const PIECE = 64;
/** So far does a key move an end of a brush, on an axis of numbers. */
const KEY_STEP = 0.05;
/** So many lines are drawn while somebody drags. */
const ROUGH = 100;

/**
 * Draw parallel coordinates into an element.
 *
 * @param {HTMLElement} element
 * @param {ParallelWish} wish
 * @returns {{update: (axes: Axis[], lines: Line[], brushes: Brushes, isRough?: boolean) => void}}
 */
export function parallel(element, wish) {
  return new Parallel(element, wish);
}

class Parallel {
  /**
   * @param {HTMLElement} element
   * @param {ParallelWish} wish
   */
  constructor(element, wish) {
    this.wish = wish;
    /** @type {Axis[]} */
    this.axes = [];
    /** @type {Line[]} */
    this.lines = [];
    /** @type {(number | null)[][]} */
    this.places = [];
    /** @type {Brushes} */
    this.brushes = new Map();
    /** @type {number | null} */
    this.hovered = null;
    /** @type {string | undefined} */
    this.ink = undefined;
    /** @type {{axis: number, from: number, was: [number, number] | undefined, hasMoved: boolean} | null} */
    this.drag = null;
    /** The axis that keys are about. */
    this.keyed = 0;
    this.width = 0;
    /** All lines, drawn once for many looks. */
    this.base = document.createElement("canvas");
    this.isStale = true;
    this.isRough = false;
    this.sheet = sheet(element, wish.title, HEIGHT, (pen, width) => this.draw(pen, width), wish.signal);
    const { canvas } = this.sheet;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application"); // what takes arrow keys itself
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("focus", () => this.sheet.redraw());
    canvas.addEventListener("blur", () => this.sheet.redraw());
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.end(event));
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("click", () => {
      if (this.hovered !== null) wish.onpick?.(this.hovered);
    });
  }

  /**
   * @param {Axis[]} axes
   * @param {Line[]} lines
   * @param {Brushes} brushes
   * @param {boolean} [isRough] whether it is drawn while somebody drags: some of the lines, at once
   */
  update(axes, lines, brushes, isRough = false) {
    this.isRough = isRough;
    this.axes = axes;
    this.lines = lines;
    this.brushes = brushes;
    this.places = lines.map((line) => axes.map((axis, at) => axis.place(line.values[at])));
    this.hovered = null;
    this.isStale = true;
    this.sheet.canvas.style.minWidth = `${2 * SIDE + (axes.length - 1) * 90}px`;
    this.sheet.redraw();
  }

  /** @param {number} at */
  x(at) {
    return this.axes.length < 2 ? this.width / 2 : SIDE + (at * (this.width - 2 * SIDE)) / (this.axes.length - 1);
  }

  /** @param {number} place */
  y(place) {
    return HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} width
   */
  draw(pen, width) {
    const ink = this.sheet.colour("--ink");
    if (this.isStale || width !== this.width || ink !== this.ink || this.base.width !== pen.canvas.width) {
      this.width = width;
      this.ink = ink;
      this.isStale = false;
      this.drawBase(pen.canvas);
    }
    pen.clearRect(0, 0, width, HEIGHT);
    pen.drawImage(this.base, 0, 0, width, HEIGHT);
    if (this.hovered !== null) {
      const chosen = this.lines[this.hovered];
      this.strokes(pen, (line) => line === chosen, ink, 3, 1);
    }
    this.axes.forEach((axis, at) => this.axis(pen, axis, at));
  }

  /** @param {HTMLCanvasElement} canvas whose size it has */
  drawBase(canvas) {
    this.base.width = canvas.width;
    this.base.height = canvas.height;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.base.getContext("2d"));
    pen.scale(canvas.width / this.width, canvas.width / this.width);
    pen.lineJoin = "round";
    if (this.isRough) {
      const chosen = this.lines.filter((line) => line.isOn);
      const some = new Set(chosen.filter((_, at) => at % Math.ceil(chosen.length / ROUGH) === 0));
      this.strokes(pen, (line) => some.has(line), this.sheet.colour("--best"), 1, 0.85);
      return;
    }
    this.strokes(pen, (line) => !line.isOn, this.sheet.colour("--line"), 1, 0.55);
    for (let shade = SHADES - 1; shade >= 0; shade -= 1) {
      // the best ones last, on top of the others
      this.strokes(pen, (line) => line.isOn && shadeOf(line) === shade, this.shade(shade), shade ? 1.25 : 2, 0.85);
    }
    this.strokes(pen, (line) => line.isOn && line.rank === null, this.sheet.colour("--faint"), 1, 0.35);
  }

  /** @param {number} shade */
  shade(shade) {
    const good = this.sheet.colour("--best");
    return `color-mix(in oklab, ${good} ${Math.round(100 - (100 * shade) / (SHADES - 1))}%, ${this.sheet.colour("--worst")})`;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {(line: Line) => boolean} isMeant
   * @param {string} colour
   * @param {number} width
   * @param {number} alpha
   */
  strokes(pen, isMeant, colour, width, alpha) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.globalAlpha = alpha;
    pen.beginPath();
    /** @type {[number, number, number][]} what goes past axes that a line has no value on: from, to, which line */
    const gaps = [];
    let drawn = 0;
    this.lines.forEach((line, index) => {
      if (!isMeant(line)) return;
      let before = -1;
      this.places[index].forEach((place, at) => {
        if (place === null) return;
        if (before === at - 1 && at > 0) pen.lineTo(this.x(at), this.y(place));
        else {
          if (before >= 0) gaps.push([before, at, index]);
          pen.moveTo(this.x(at), this.y(place));
        }
        before = at;
      });
      drawn += this.axes.length;
      if (drawn < PIECE) return;
      drawn = 0;
      pen.stroke();
      pen.beginPath();
    });
    pen.stroke();
    pen.setLineDash([2, 4]);
    pen.beginPath();
    for (const [from, to, index] of gaps) {
      pen.moveTo(this.x(from), this.y(/** @type {number} */ (this.places[index][from])));
      pen.lineTo(this.x(to), this.y(/** @type {number} */ (this.places[index][to])));
    }
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Axis} axis
   * @param {number} at
   */
  axis(pen, axis, at) {
    const x = this.x(at);
    const space = this.axes.length < 2 ? this.width : (this.width - 2 * SIDE) / (this.axes.length - 1);
    pen.strokeStyle = this.sheet.colour("--faint");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, this.y(0));
    pen.lineTo(x, this.y(1));
    pen.stroke();
    pen.font = "600 12px system-ui, sans-serif";
    pen.fillStyle = this.sheet.colour("--ink");
    const isLast = at > 0 && at === this.axes.length - 1;
    const title = fitted(pen, axis.name, Math.min(space - 6, isLast ? space / 2 + SIDE : 2 * SIDE - 4));
    const half = pen.measureText(title).width / 2;
    const middle = isLast ? Math.min(x, this.width - half - 2) : x;
    pen.textAlign = "center";
    pen.fillText(title, middle, 16);
    if (at === this.keyed && document.activeElement === this.sheet.canvas) {
      pen.fillStyle = this.sheet.colour("--accent");
      pen.fillRect(middle - half, 20, 2 * half, 2);
    }
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "left";
    for (const tick of axis.ticks) {
      const text = fitted(
        pen,
        tick.text,
        Math.max(30, Math.min(space - 14, at === this.axes.length - 1 ? SIDE - 8 : 200)),
      );
      pen.fillStyle = this.sheet.colour("--ground");
      pen.globalAlpha = 0.75;
      pen.fillRect(x + 5, this.y(tick.at) - 7, pen.measureText(text).width + 4, 13);
      pen.globalAlpha = 1;
      pen.fillStyle = this.sheet.colour("--faint");
      pen.fillRect(x - 3, this.y(tick.at), 6, 1);
      pen.fillText(text, x + 7, this.y(tick.at) + 4);
    }
    const brush = this.brushes.get(axis.name);
    if (brush) {
      pen.fillStyle = this.sheet.colour("--accent");
      pen.globalAlpha = 0.35;
      pen.fillRect(x - 7, this.y(brush[1]), 14, this.y(brush[0]) - this.y(brush[1]));
      pen.globalAlpha = 1;
      pen.strokeStyle = this.sheet.colour("--accent");
      pen.strokeRect(x - 7, this.y(brush[1]), 14, this.y(brush[0]) - this.y(brush[1]));
    }
  }

  /** @param {PointerEvent} event */
  spot(event) {
    const box = this.sheet.canvas.getBoundingClientRect();
    const place = (HEIGHT - BOTTOM - (event.clientY - box.top)) / (HEIGHT - TOP - BOTTOM);
    return {
      x: event.clientX - box.left,
      y: event.clientY - box.top,
      place: place > 1 - SNAP ? 1 : place < SNAP ? 0 : place,
    };
  }

  /** @param {PointerEvent} event */
  begin(event) {
    const { x, place } = this.spot(event);
    const axis = this.axes.findIndex((_, at) => Math.abs(this.x(at) - x) <= NEAR);
    if (axis < 0 || event.button !== 0) return;
    event.preventDefault();
    this.sheet.canvas.setPointerCapture(event.pointerId);
    this.drag = { axis, from: place, was: this.brushes.get(this.axes[axis].name), hasMoved: false };
    this.hover(null);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { x, y, place } = this.spot(event);
    if (this.drag === null) {
      const isNear = this.axes.some((_, at) => Math.abs(this.x(at) - x) <= NEAR);
      this.sheet.canvas.style.cursor = isNear ? "ns-resize" : "default";
      this.hover(isNear ? null : this.nearest(x, y));
      return;
    }
    const { axis, from } = this.drag;
    if (!this.drag.hasMoved && Math.abs(place - from) * HEIGHT < 4) return;
    this.drag.hasMoved = true;
    this.brushes.set(this.axes[axis].name, [Math.min(from, place), Math.max(from, place)]);
    this.wish.onbrush(this.brushes);
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (this.drag === null) return;
    const { axis, hasMoved } = this.drag;
    this.drag = null;
    this.sheet.canvas.releasePointerCapture(event.pointerId);
    if (hasMoved) return;
    this.brushes.delete(this.axes[axis].name);
    this.wish.onbrush(this.brushes);
  }

  /** Go to another axis, or move an end of its brush; with Shift the lower one. @param {KeyboardEvent} event */
  press(event) {
    const { key, shiftKey } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || this.axes.length === 0) return;
    const last = this.axes.length - 1;
    this.keyed = Math.min(this.keyed, last);
    const { name, isChoices, choices } = this.axes[this.keyed];
    if (key === "ArrowLeft") this.keyed = Math.max(0, this.keyed - 1);
    else if (key === "ArrowRight") this.keyed = Math.min(last, this.keyed + 1);
    else if (key === "Delete" || key === "Backspace") this.brush(name, 0, 1);
    else if (key === "ArrowUp" || key === "ArrowDown") {
      const [low, high] = this.brushes.get(name) ?? [0, 1];
      const step = (isChoices ? 1 / choices.length : KEY_STEP) * (key === "ArrowUp" ? 1 : -1);
      if (shiftKey) this.brush(name, Math.min(high, Math.max(0, low + step)), high);
      else this.brush(name, low, Math.max(low, Math.min(1, high + step)));
    } else return;
    event.preventDefault();
    const { canvas } = this.sheet;
    const brush = this.brushes.get(this.axes[this.keyed].name);
    const said = brush ? brushText(this.axes[this.keyed], brush) : `${this.axes[this.keyed].name}: all`;
    canvas.setAttribute("aria-label", `${said}. ${this.wish.title}`);
    this.sheet.redraw();
  }

  /**
   * Choose what lies between two places of an axis; the whole axis is no choice.
   *
   * @param {string} name
   * @param {number} low
   * @param {number} high
   */
  brush(name, low, high) {
    if (low < 1e-9 && high > 1 - 1e-9) this.brushes.delete(name);
    else this.brushes.set(name, [low, high]);
    this.wish.onbrush(this.brushes);
  }

  /**
   * Return which line runs by a point.
   *
   * @param {number} x
   * @param {number} y
   * @returns {number | null}
   */
  nearest(x, y) {
    let found = null;
    let least = 8;
    const at = Math.floor(((x - SIDE) * (this.axes.length - 1)) / (this.width - 2 * SIDE));
    if (at < 0 || at >= this.axes.length - 1) return null;
    const share = (x - this.x(at)) / (this.x(at + 1) - this.x(at));
    this.places.forEach((places, index) => {
      const [left, right] = [places[at], places[at + 1]];
      if (left === null || right === null || !this.lines[index].isOn) return;
      const distance = Math.abs(this.y(left + share * (right - left)) - y);
      if (distance < least) [least, found] = [distance, index];
    });
    return found;
  }

  /** @param {number | null} at */
  hover(at) {
    if (at === this.hovered) return;
    this.hovered = at;
    this.sheet.canvas.title = at === null ? "" : this.lines[at].title;
    this.wish.onhover?.(at);
    this.sheet.redraw();
  }
}

/** @param {Line} line */
function shadeOf(line) {
  return line.rank === null ? -1 : Math.min(SHADES - 1, Math.floor(line.rank * SHADES));
}

/**
 * Return whether a configuration is within all brushes.
 *
 * @param {Axis[]} axes
 * @param {import("./show.js").Cell[]} values
 * @param {Brushes} brushes
 */
export function isWithin(axes, values, brushes) {
  return axes.every((axis, at) => {
    const brush = brushes.get(axis.name);
    if (!brush) return true;
    const place = axis.place(values[at]);
    return place !== null && place >= brush[0] - 1e-9 && place <= brush[1] + 1e-9;
  });
}

/**
 * Return what a brush chooses, for people.
 *
 * @param {Axis} axis
 * @param {[number, number]} brush
 */
export function brushText(axis, [low, high]) {
  if (!axis.isChoices) {
    const [first, last] = [axis.value(low), axis.value(high)].map((value) => number(Number(value.toPrecision(3))));
    return `${axis.name} ${first} … ${last}`;
  }
  const within = axis.choices.filter((choice) => {
    const place = axis.place(label(choice));
    return place !== null && place >= low && place <= high;
  });
  return `${axis.name} ${within.join(", ") || "none"}`;
}
