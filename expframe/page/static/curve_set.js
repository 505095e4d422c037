/** A set of charts: each is drawn while it is seen, all are asked for together, one crosshair runs through them. */

import { ask } from "./api.js";
import { colourOf, styles } from "./colours.js";
import { CurveCard } from "./curve_card.js";
import { Requests } from "./curve_requests.js";
import { h } from "./dom.js";
import { keyOf } from "./frames.js";
import { longest } from "./metric_tree.js";

/**
 * @typedef {import("./chart.js").Zoom} Zoom
 * @typedef {import("./colours.js").Style} Style
 *
 * What a set shows, and who is told of what people do. Only `runs` and `signal` must be given.
 *
 * @typedef {object} Curves
 * @property {string[]} runs ids
 * @property {AbortSignal} signal the set ends with it
 * @property {string[]} [metrics] one chart for each, in this order
 * @property {Map<string, string>} [headings] what stands before the chart of a metric
 * @property {boolean} [system] whether they are curves of the machine
 * @property {string} [x] `step`, `time`, `relative` or `metric:NAME`
 * @property {number} [smooth] from 0 to 0.999
 * @property {boolean} [logX]
 * @property {boolean} [logY]
 * @property {string[]} [group] fields; a line is then the mean of the runs that share their values
 * @property {string} [band] `interval`, `std` or `minmax`: what is drawn around means
 * @property {Set<string>} [hidden] ids of runs, or labels of groups, that are not drawn; means do not change
 * @property {string | null} [emphasis] the id or label of the line that is meant; others are faint
 * @property {Map<string, Zoom>} [zooms] by metric; that of "" is for all others
 * @property {Set<string>} [pinned]
 * @property {number} [height] of a chart in pixels
 * @property {(metric: string, zoom: Zoom) => void} [onzoom] the set shows it already; to be kept in an address
 * @property {(metric: string, isPinned: boolean) => void} [onpin] without it there are no pins
 * @property {(keys: string[]) => void} [onlines] ids or labels of lines that were not known before have come
 * @property {(message: string) => void} [say]
 */

const STILL = 120;
const GLANCE = 80;
const SHARED = 1000;

/**
 * Draw charts into an element.
 *
 * To have the tools above it and its state in the address, take `curvePanel` of curve_panel.js.
 *
 * @example
 * const set = curveSet(element, { runs: ["1", "2"], metrics: ["loss"], signal: page.signal });
 * set.update({ smooth: 0.6 });
 * set.redraw(["2"]);
 *
 * @param {HTMLElement} element
 * @param {Curves} curves
 * @returns {CurveSet}
 */
export function curveSet(element, curves) {
  return new CurveSet(element, curves);
}

/** The set that was drawn; see `curveSet`. */
export class CurveSet {
  /**
   * @param {HTMLElement} element
   * @param {Curves} curves
   */
  constructor(element, curves) {
    this.curves = curves;
    this.grid = h("div", { class: "curves" });
    element.append(this.grid);
    /** @type {Map<string, CurveCard>} */
    this.cards = new Map();
    /** @type {Map<string, Style>} */
    this.styles = styles(curves.runs);
    /** @type {Set<string>} */
    this.groups = new Set();
    this.requests = new Requests(
      (metric, frame) => this.take(metric, frame),
      (metric, problem) => this.cards.get(metric)?.fail(problem, () => this.want(metric)),
    );
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "500px 0px" });
    this.values = new AbortController();
    this.timers = { values: 0, redraw: 0, width: 0, seen: 0 };
    /** @type {Set<string>} */
    this.seen = new Set();
    this.isFirst = true;
    this.pixels = 0;
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this.grid);
    curves.signal.addEventListener("abort", () => this.remove(), { once: true });
    this.lay();
  }

  /**
   * Show something else; what is not named stays.
   *
   * @param {Partial<Curves>} change
   */
  update(change) {
    const before = this.words("");
    const { runs, group } = this.curves;
    const order = this.order();
    this.curves = { ...this.curves, ...change };
    if (this.curves.runs !== runs || this.curves.group !== group) {
      this.styles = styles(this.curves.runs);
      this.groups.clear();
    }
    if (this.order() !== order) this.lay();
    const isOther = JSON.stringify(before) !== JSON.stringify(this.words(""));
    for (const [metric, card] of this.cards) {
      if (isOther || change.zooms) this.want(metric);
      card.redraw();
    }
  }

  /**
   * Ask again for charts of runs that have changed.
   *
   * @param {string[]} ids
   */
  redraw(ids) {
    if (!ids.some((id) => this.curves.runs.includes(id))) return;
    this.timers.redraw ||= window.setTimeout(() => {
      this.timers.redraw = 0;
      for (const [metric, card] of this.cards) if (card.isSeen) this.want(metric, true);
    }, SHARED);
  }

  /** Take the charts away. */
  remove() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.requests.end();
    this.values.abort();
    this.sight.disconnect();
    this.sizes.disconnect();
    for (const card of this.cards.values()) card.unmount();
    this.grid.remove();
  }

  /**
   * Bring the chart of a metric into sight.
   *
   * @param {string} metric
   */
  show(metric) {
    const card = this.cards.get(metric);
    card?.element.scrollIntoView({ block: "center" });
    card?.element.focus({ preventScroll: true });
  }

  order() {
    return JSON.stringify([this.curves.metrics, [...(this.curves.headings ?? [])]]);
  }

  /** Put a card for each metric, and headings between them. */
  lay() {
    const wanted = this.curves.metrics ?? [];
    const names = new Set(wanted);
    for (const [metric, card] of this.cards) {
      if (names.has(metric)) continue;
      this.sight.unobserve(card.element);
      this.requests.drop(metric);
      card.unmount();
    }
    const heading = (/** @type {string} */ name) => {
      const title = this.curves.headings?.get(name);
      return title === undefined ? [] : [h("h2", {}, title)];
    };
    this.grid.style.setProperty("--most", String(longest(wanted, this.curves.headings)));
    this.grid.replaceChildren(...wanted.flatMap((name) => [...heading(name), this.card(name).element]));
  }

  /** @param {string} metric */
  card(metric) {
    let card = this.cards.get(metric);
    if (!card) {
      card = new CurveCard(metric, this);
      this.cards.set(metric, card);
    }
    this.sight.observe(card.element);
    return card;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const metric = /** @type {HTMLElement} */ (target).dataset.metric ?? "";
      const card = this.cards.get(metric);
      if (!card || card.isSeen === isIntersecting) continue;
      card.isSeen = isIntersecting;
      if (isIntersecting) {
        this.seen.add(metric);
        continue;
      }
      this.seen.delete(metric);
      this.requests.drop(metric);
      card.unmount();
    }
    // those that fly past are not asked for
    clearTimeout(this.timers.seen);
    this.timers.seen = window.setTimeout(() => this.mount(), this.isFirst ? 0 : GLANCE);
    this.isFirst = false;
  }

  mount() {
    for (const metric of this.seen) this.want(metric);
    this.seen.clear();
  }

  measure() {
    clearTimeout(this.timers.width);
    this.timers.width = window.setTimeout(() => {
      const before = this.pixels;
      const now = this.width();
      if (before && Math.abs(now - before) > before * 0.1) for (const metric of this.cards.keys()) this.want(metric);
    }, STILL);
  }

  /** Return how many columns a chart has. */
  width() {
    const [card] = this.cards.values();
    const wide = (card?.element.clientWidth ?? 400) - 80;
    this.pixels = Math.round(Math.max(64, Math.min(4096, wide * Math.min(2, devicePixelRatio || 1))));
    return this.pixels;
  }

  /** @param {string} metric @returns {Zoom} */
  zoom(metric) {
    return this.curves.zooms?.get(metric) ?? this.curves.zooms?.get("") ?? { window: null, range: null };
  }

  /**
   * Return what is asked for a metric, without its name.
   *
   * @param {string} metric
   */
  words(metric) {
    const { runs, system, x, smooth, logX, group, band } = this.curves;
    const [from, to] = this.zoom(metric).window ?? [null, null];
    const isGrouped = Boolean(group?.length);
    const grouped = { group: group ?? [], band: isGrouped ? (band ?? "interval") : null };
    return { run: runs, x: x ?? "step", from, to, smooth: smooth || null, log_x: logX, system, ...grouped };
  }

  /**
   * @param {string} metric
   * @param {boolean} [isAgain] whether the same may have another answer
   */
  want(metric, isAgain = false) {
    const card = this.cards.get(metric);
    if (!card?.isSeen) return;
    const words = { ...this.words(metric), pixels: this.pixels || this.width() };
    const text = JSON.stringify(words);
    if (card.asked === text && !isAgain) return;
    if (card.asked !== text) card.exact = card.held = null;
    card.asked = text;
    card.wait();
    this.requests.want(metric, words);
  }

  /**
   * @param {string} metric
   * @param {import("./frames.js").Frame} frame
   */
  take(metric, frame) {
    const fresh = frame.lines.filter((line) => line.run === null && !this.groups.has(line.label));
    for (const line of fresh) this.groups.add(line.label);
    this.cards.get(metric)?.take(frame);
    if (fresh.length) {
      this.styles = new Map([...styles(this.curves.runs), ...styles([...this.groups])]);
      this.curves.onlines?.([...this.groups]);
      for (const card of this.cards.values()) card.redraw();
    }
  }

  /** @param {import("./frames.js").Line} line */
  colour(line) {
    return colourOf(this.styles.get(keyOf(line)));
  }

  /** @param {import("./frames.js").Line} line */
  dash(line) {
    return this.styles.get(keyOf(line))?.dash ?? [];
  }

  /**
   * Keep what a chart was zoomed to.
   *
   * @param {string} metric
   * @param {Zoom} zoom
   */
  keepZoom(metric, zoom) {
    this.curves.onzoom?.(metric, zoom);
    if (this.curves.onzoom) return;
    const zooms = new Map(this.curves.zooms ?? []);
    if (zoom.window || zoom.range) zooms.set(metric, zoom);
    else zooms.delete(metric);
    this.update({ zooms });
  }

  /**
   * Move the crosshair of all charts, and ask for the exact values in the one that it is in.
   *
   * @param {string} metric
   * @param {number | null} x
   */
  point(metric, x) {
    for (const [name, card] of this.cards) if (name !== metric) card.chart?.point(x);
    clearTimeout(this.timers.values);
    this.values.abort();
    if (x !== null) this.timers.values = window.setTimeout(() => this.askValues(metric, x), STILL);
  }

  /**
   * @param {string} metric
   * @param {number} x
   */
  async askValues(metric, x) {
    this.values.abort();
    this.values = new AbortController();
    const { from, to, ...words } = this.words(metric);
    const { signal } = this.values;
    try {
      this.cards.get(metric)?.tell(await ask("values", { ...words, metric, at: x }, signal), x);
    } catch (problem) {
      if (!signal.aborted) this.curves.say?.(problem instanceof Error ? problem.message : String(problem));
    }
  }
}
