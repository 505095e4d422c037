/** A chart of a set with what stands around it: its name, what can be done with it, its values as a table. */

import { chart } from "./chart.js";
import { fillValues } from "./chart_table.js";
import { swatch } from "./chart_tip.js";
import { exportChart } from "./curve_export.js";
import { fill, h } from "./dom.js";
import { coverage, keyOf } from "./frames.js";

const HEIGHT = 220;
/** What stands above and below a chart, in pixels. */
const AROUND = 61;

export class CurveCard {
  /**
   * @param {string} metric
   * @param {import("./curve_set.js").CurveSet} set
   */
  constructor(metric, set) {
    this.metric = metric;
    this.set = set;
    this.isSeen = false;
    this.asked = "";
    /** @type {import("./chart.js").Chart | null} */
    this.chart = null;
    /** @type {import("./frames.js").Frame | null} */
    this.frame = null;
    /** @type {import("./chart.js").Exact | null} */
    this.exact = null;
    /** @type {number | null} the x whose values stay in the table */
    this.held = null;
    this.title = h("h2", { title: metric }, metric);
    this.tools = h("div", { class: "tools" });
    this.body = h("div", { class: "body" });
    this.values = h("div", { class: "values" });
    this.element = h("figure", { class: "card", "data-metric": metric, tabindex: "-1" });
    this.size();
  }

  size() {
    this.element.style.minHeight = `${(this.set.curves.height ?? HEIGHT) + AROUND}px`;
    this.body.style.height = `${this.set.curves.height ?? HEIGHT}px`;
  }

  /** An answer is on its way. */
  wait() {
    if (!this.element.firstChild)
      this.element.append(h("figcaption", {}, this.title, this.tools), this.body, this.values);
    this.element.setAttribute("aria-busy", "true");
  }

  /** @param {import("./frames.js").Frame} frame */
  take(frame) {
    this.element.removeAttribute("aria-busy");
    if (!this.isSeen) return;
    this.frame = frame;
    if (this.chart) this.chart.update(frame, this.view());
    else {
      fill(this.body);
      this.chart = chart(this.body, frame, this.view());
      this.drawTools();
      this.drawValues();
    }
    this.fillValues();
  }

  redraw() {
    this.size();
    if (!this.frame || !this.chart) return;
    this.chart.update(this.frame, this.view());
    this.drawTools();
    this.fillValues();
  }

  unmount() {
    this.chart?.remove();
    this.chart = this.frame = this.exact = this.held = null;
    this.asked = "";
    this.isSeen = false;
    this.element.removeAttribute("aria-busy");
    fill(this.body);
    fill(this.tools);
  }

  /**
   * @param {unknown} problem
   * @param {() => void} again
   */
  fail(problem, again) {
    this.element.removeAttribute("aria-busy");
    this.asked = "";
    this.chart?.remove();
    this.chart = this.frame = null;
    const message = problem instanceof Error ? problem.message : String(problem);
    fill(this.body, h("p", { class: "problem", role: "alert" }, message), h("button", { onclick: again }, "Try again"));
  }

  /**
   * @param {any} exact
   * @param {number} x
   */
  tell(exact, x) {
    const found = /** @type {import("./chart.js").Exact} */ ({ ...exact, at: x });
    this.chart?.tell(found);
    if (this.held !== null && this.held !== x) return;
    this.exact = found;
    this.fillValues();
  }

  /** @returns {import("./chart.js").ChartView} */
  view() {
    const { set, metric } = this;
    const { curves } = set;
    return {
      title: metric,
      logY: Boolean(curves.logY),
      smoothing: Boolean(curves.smooth),
      height: curves.height ?? HEIGHT,
      ...set.zoom(metric),
      isHidden: (line) => curves.hidden?.has(keyOf(line)) ?? false,
      isFaint: (line) => Boolean(curves.emphasis) && keyOf(line) !== curves.emphasis,
      colours: (line) => set.colour(line),
      dashes: (line) => set.dash(line),
      onzoom: (zoom) => set.keepZoom(metric, zoom),
      onhover: (x) => this.hover(x),
      onpress: (x) => this.press(x),
    };
  }

  /** @param {number | null} x */
  hover(x) {
    this.set.point(this.metric, x);
    if (x !== null || this.held !== null || !this.exact) return;
    this.exact = null;
    this.fillValues();
  }

  /**
   * Keep the values of a place in the table, until the next click.
   *
   * @param {number} x
   */
  press(x) {
    this.held = this.held === null ? x : null;
    if (this.held === null) return;
    const details = this.values.querySelector("details");
    if (details) details.open = true;
    this.set.askValues(this.metric, x);
  }

  drawTools() {
    const { curves } = this.set;
    const isPinned = curves.pinned?.has(this.metric) ?? false;
    const isZoomed = curves.zooms?.has(this.metric);
    const all = () => this.set.keepZoom(this.metric, { window: null, range: null });
    const pin = () => curves.onpin?.(this.metric, !isPinned);
    const kinds = /** @type {const} */ (["png", "svg", "csv"]).map((kind) =>
      h("button", { onclick: () => this.save(kind) }, kind.toUpperCase()),
    );
    fill(
      this.tools,
      isZoomed ? h("button", { onclick: all, title: "Show all (double click)" }, "All") : null,
      curves.onpin
        ? h(
            "button",
            { onclick: pin, "aria-pressed": String(isPinned), title: "Keep at the top" },
            isPinned ? "Pinned" : "Pin",
          )
        : null,
      h(
        "details",
        { class: "menu" },
        h("summary", { "aria-label": `Save ${this.metric}` }, "Save"),
        h("div", {}, kinds),
      ),
    );
  }

  /** @param {"png" | "svg" | "csv"} kind */
  async save(kind) {
    const menu = this.tools.querySelector("details");
    if (menu) menu.open = false;
    if (!this.chart || !this.frame) return;
    try {
      await exportChart(kind, this.metric, this.chart, this.frame, this.set);
    } catch (problem) {
      this.set.curves.say?.(problem instanceof Error ? problem.message : String(problem));
    }
  }

  drawValues() {
    const table = h("table", {});
    const details = h(
      "details",
      { ontoggle: () => this.fillValues() },
      h("summary", {}),
      h("div", { class: "wide" }, table),
    );
    fill(this.values, details);
  }

  fillValues() {
    const details = this.values.querySelector("details");
    if (!details || !this.frame) return;
    const lines = this.frame.lines.filter((line) => !this.set.curves.hidden?.has(keyOf(line)));
    const least = this.set.curves.logY ? -this.frame.y.origin : -Infinity;
    fill(/** @type {Element} */ (details.querySelector("summary")), this.frame.problem ?? coverage(lines, least));
    const table = /** @type {HTMLTableElement} */ (details.querySelector("table"));
    if (details.open)
      fillValues(table, this.frame, lines, this.exact, (line) =>
        swatch(this.set.colour(line), this.set.dash(line).length > 0),
      );
  }
}
