/** Charts of some runs with their tools, their list of metrics and their state in the address. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { onChanges } from "./changes.js";
import { swatch } from "./chart_tip.js";
import { colourOf, onScheme, styles } from "./colours.js";
import { curveSet } from "./curve_set.js";
import { read, SIZES, write } from "./curve_state.js";
import { drawTools } from "./curve_tools.js";
import { fill, h, refill } from "./dom.js";
import { arranged, matching, tree } from "./metric_tree.js";

/**
 * @typedef {import("./curve_state.js").CurveState} CurveState
 *
 * What a panel shows.
 *
 * @typedef {object} PanelWish
 * @property {string[]} runs ids
 * @property {boolean} [system] curves of the machine in place of metrics
 * @property {string} [empty] what is said where there are none
 * @property {Map<string, string>} [names] what runs are called beside their ids
 */

/**
 * Draw charts of all metrics of some runs, with tools above and a list beside; words of the address say how.
 *
 * Views that show curves among other things embed it:
 *
 * @example
 * await curvePanel(page, element, { runs: [page.address.id] });
 * await curvePanel(page, another, { runs: ["3", "5"], system: true });
 *
 * It draws anew what changes, and ends with `page.signal`. Its words are x, logx, logy, smooth, group, band, metric, pin, hide, zoom, free and size.
 *
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 * @param {PanelWish} wish
 * @returns {Promise<Panel>}
 */
export async function curvePanel(page, element, wish) {
  return new Panel(page, element, wish, await namesOf(wish, page.signal));
}

/**
 * @param {PanelWish} wish
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>}
 */
async function namesOf({ runs, system }, signal) {
  if (!runs.length) return [];
  const found = await ask("metrics", { run: runs }, signal);
  return system ? found.system : found.metrics.map((/** @type {{name: string}} */ metric) => metric.name);
}

const PAUSE = 3000;

/** The panel that was drawn; see `curvePanel`. */
class Panel {
  /**
   * @param {import("./main.js").Page} page
   * @param {HTMLElement} element
   * @param {PanelWish} wish
   * @param {string[]} names
   */
  constructor(page, element, wish, names) {
    this.page = page;
    this.wish = wish;
    this.names = names;
    this.state = read(page.address.words);
    /** @type {string[]} */
    this.groups = [];
    /** @type {string[]} */
    this.fields = [];
    /** @type {number | undefined} */
    this.looking = undefined;
    this.tools = h("div", { class: "curve-tools", role: "group", "aria-label": "How curves are shown" });
    this.lines = h("ul", { class: "lines" });
    this.tree = h("div", { class: "tree" });
    this.count = h("p", { class: "faint", role: "status" });
    this.charts = h("div", {});
    this.input = this.searchBox();
    const side = h("aside", { "aria-label": "Lines and metrics" }, this.lines, this.input, this.count, this.tree);
    element.append(
      h("div", { class: "curve-panel" }, side, h("div", { class: "curve-main" }, this.tools, this.charts)),
    );
    this.set = curveSet(this.charts, {
      runs: wish.runs,
      signal: page.signal,
      system: wish.system,
      onzoom: (metric, zoom) => this.zoom(metric, zoom),
      onpin: (metric, isPinned) => this.pin(metric, isPinned),
      onlines: (groups) => {
        this.groups = groups;
        this.drawLines();
      },
      say: page.say,
      ...this.shown(),
    });
    onScheme(() => this.drawLines(), page.signal);
    this.drawTools();
    this.drawLines();
    this.drawNames();
    this.lookForFields();
    onChanges(({ changed, is_new }) => this.redraw(is_new ? this.wish.runs : changed), page.signal);
  }

  /** What runs can be grouped by; without it people type it. */
  async lookForFields() {
    if (this.wish.runs.length < 2 || this.fields.length) return;
    try {
      const found = await ask("fields", {}, this.page.signal);
      this.fields = found.entries.map((/** @type {{name: string}} */ entry) => entry.name);
      this.drawTools();
    } catch {
      // a report has no list of fields
    }
  }

  /**
   * Ask again for what is seen of runs that have changed.
   *
   * @param {string[]} ids
   */
  redraw(ids) {
    if (!ids.some((id) => this.wish.runs.includes(id))) return;
    this.set.redraw(ids);
    this.looking ??= window.setTimeout(() => this.lookForNames(), PAUSE);
  }

  /** A run that goes on may log a metric that it had not. */
  async lookForNames() {
    this.looking = undefined;
    if (this.page.signal.aborted) return;
    const names = await namesOf(this.wish, this.page.signal).catch(() => null);
    if (names === null || names.join("\n") === this.names.join("\n")) return;
    this.names = names;
    this.set.update(this.shown());
    this.drawTools();
    this.drawNames();
  }

  /**
   * Show other runs.
   *
   * @param {string[]} runs
   * @param {Map<string, string>} [names]
   */
  choose(runs, names) {
    if (runs.join("\n") === this.wish.runs.join("\n")) return;
    this.wish = { ...this.wish, runs, names: names ?? this.wish.names };
    this.groups = [];
    this.set.update({ runs });
    this.drawTools();
    this.drawLines();
    this.lookForNames();
    this.lookForFields();
  }

  /** Say beside their ids what runs are called. @param {Map<string, string>} names */
  call(names) {
    this.wish = { ...this.wish, names };
    this.drawLines();
  }

  /** Go to the search of metrics. */
  search() {
    this.input.select();
  }

  zoomOut() {
    this.change({ zooms: new Map() });
  }

  /** Return what the set is to show. */
  shown() {
    const { x, logX, logY, smooth, group, band, hidden, zooms, pinned, size } = this.state;
    const { names } = matching(this.names, this.state.search);
    return {
      x,
      logX,
      logY,
      smooth,
      group,
      band,
      hidden,
      zooms,
      pinned,
      height: SIZES[size],
      ...arranged(names, pinned),
    };
  }

  /** @param {Partial<CurveState>} change */
  change(change) {
    const before = this.state;
    this.state = { ...this.state, ...change };
    this.page.state(write(this.state));
    this.charts.dataset.size = this.state.size;
    this.set.update(this.shown());
    const isOther = (/** @type {(keyof CurveState)[]} */ ...names) =>
      names.some((name) => before[name] !== this.state[name]);
    if (isOther("group")) this.groups = [];
    if (isOther("x", "group", "band", "zooms", "isLinked")) this.drawTools();
    if (isOther("hidden", "group")) this.drawLines();
    if (isOther("search")) this.drawNames();
  }

  /**
   * @param {string} metric
   * @param {import("./chart.js").Zoom} zoom
   */
  zoom(metric, zoom) {
    const zooms = new Map(this.state.zooms);
    const isAll = !zoom.window && !zoom.range;
    if (this.state.isLinked) {
      for (const [name, other] of zooms) zooms.set(name, { ...other, window: zoom.window });
      zooms.set("", { window: zoom.window, range: null });
    }
    if (isAll) zooms.delete(metric);
    else if (!this.state.isLinked || zoom.range) zooms.set(metric, zoom);
    for (const [name, other] of zooms) if (!other.window && !other.range) zooms.delete(name);
    this.change({ zooms });
  }

  /**
   * @param {string} metric
   * @param {boolean} isPinned
   */
  pin(metric, isPinned) {
    const pinned = new Set(this.state.pinned);
    if (isPinned) pinned.add(metric);
    else pinned.delete(metric);
    this.change({ pinned });
  }

  drawTools() {
    const known = {
      metrics: this.wish.system ? [] : this.names,
      fields: this.fields,
      isSingle: this.wish.runs.length === 1,
    };
    drawTools(this.tools, this.state, known, (change) => this.change(change));
    this.charts.dataset.size = this.state.size;
  }

  drawLines() {
    const isGrouped = this.state.group.length > 0;
    const keys = isGrouped ? this.groups : this.wish.runs.length > 1 ? this.wish.runs : [];
    const looks = styles(keys);
    const items = keys.map((key) => {
      const hide = (/** @type {any} */ event) => {
        const hidden = new Set(this.state.hidden);
        if (event.target.checked) hidden.delete(key);
        else hidden.add(key);
        this.change({ hidden });
      };
      const box = h("input", { type: "checkbox", name: `show ${key}`, onchange: hide });
      box.checked = !this.state.hidden.has(key);
      const look = looks.get(key);
      const mark = swatch(colourOf(look), Boolean(look?.dash.length));
      const only = () => this.change({ hidden: new Set(keys.filter((other) => other !== key)) });
      const name = isGrouped ? "" : (this.wish.names?.get(key) ?? "");
      const mean = (/** @type {string | null} */ emphasis) => () => this.set.update({ emphasis });
      return h(
        "li",
        { onpointerenter: mean(key), onpointerleave: mean(null) },
        h("label", {}, box, mark, key, name ? h("span", { class: "faint", title: name }, ` ${name}`) : null),
        h(
          "span",
          { class: "more" },
          h("button", { class: "plain", name: `only ${key}`, title: `Show ${key} only`, onclick: only }, "only"),
          isGrouped ? null : h("a", { href: link("run", key) }, "open"),
        ),
      );
    });
    const all = () => this.change({ hidden: new Set() });
    const isSome = keys.some((key) => this.state.hidden.has(key));
    refill(this.lines, items, isSome ? h("li", {}, h("button", { class: "plain", onclick: all }, "show all")) : null);
  }

  searchBox() {
    return h("input", {
      type: "search",
      name: "metric",
      placeholder: "Search metrics (regexp)",
      "aria-label": "Search metrics",
      value: this.state.search,
      oninput: (/** @type {any} */ event) => this.change({ search: event.target.value }),
    });
  }

  drawNames() {
    const { names, problem } = matching(this.names, this.state.search);
    const count = names.length === this.names.length ? `${names.length}` : `${names.length} of ${this.names.length}`;
    fill(
      this.count,
      this.names.length
        ? `${count} ${this.names.length === 1 ? "metric" : "metrics"}${problem ? ` with this text (${problem})` : ""}`
        : (this.wish.empty ?? "No metrics."),
    );
    const only = (/** @type {string} */ prefix) => {
      const search = `^${prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
      this.input.value = search;
      this.change({ search });
    };
    fill(
      this.tree,
      tree(names, (name) => this.set.show(name), only),
    );
  }
}
