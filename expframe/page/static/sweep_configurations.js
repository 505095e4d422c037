/** The configurations of a sweep: parallel coordinates that filter, a table, parameters against the goal, importance. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { commandLine } from "./copy.js";
import { fill, h } from "./dom.js";
import { axisOf, axisOver, label } from "./parameters.js";
import { brushText, isWithin, parallel } from "./parallel.js";
import { Questions } from "./questions.js";
import { scatter } from "./scatter.js";
import { number, text } from "./show.js";
import { configurationTable, isBest } from "./sweep_table.js";

/**
 * @typedef {import("./parameters.js").Axis} Axis
 *
 * @typedef {object} Configuration
 * @property {number} configuration
 * @property {import("./show.js").Cell} words
 * @property {number} n
 * @property {import("./show.js").Cell} mean
 * @property {import("./show.js").Cell[]} others its means in the other goals
 * @property {import("./show.js").Cell} low
 * @property {import("./show.js").Cell} high
 * @property {string[]} runs
 * @property {number[]} excluded
 * @property {Record<string, number>} counts
 * @property {import("./show.js").Cell[]} values
 *
 * @typedef {object} Found
 * @property {{field: string, direction: string}} goal
 * @property {string[]} others the fields of the other goals
 * @property {number[]} front of several goals the configurations of which none is better than another in all
 * @property {number} replicates
 * @property {import("./parameters.js").Parameter[]} parameters
 * @property {number} total
 * @property {Configuration[]} configurations
 */

/**
 * Make the part of the page that is about configurations.
 *
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 * @param {() => import("./address.js").Values} words which sweep is meant, and by what it is ranked
 * @returns {{draw: () => Promise<void>}}
 */
export function configurationsPart(page, element, words) {
  return new Part(page, element, words);
}

/** Milliseconds after which a brush that does not move is taken as done. */
const REST = 120;

class Part {
  /**
   * @param {import("./main.js").Page} page
   * @param {HTMLElement} element
   * @param {() => import("./address.js").Values} words
   */
  constructor(page, element, words) {
    this.page = page;
    this.words = words;
    /** @type {Found | null} */
    this.found = null;
    /** @type {Axis[]} */
    this.axes = [];
    /** @type {import("./parallel.js").Brushes} */
    this.brushes = brushesOf(page.address.words.getAll("brush"));
    /** @type {Map<string, ReturnType<typeof scatter>>} */
    this.planes = new Map();
    this.frame = 0;
    this.rest = 0;
    this.questions = new Questions();
    this.isAsking = false;
    this.isStale = false;
    /** @type {number | null} */
    this.picked = null;
    this.shares = h("div", { class: "sweep-shares" });
    this.lines = h("div", { class: "wide" });
    this.chips = h("div", { class: "chips", role: "status" });
    this.table = h("div", {});
    this.grid = h("div", { class: "sweep-grid" });
    this.detail = h("div", { "aria-live": "polite" });
    fill(
      element,
      h("h2", {}, "Parallel coordinates"),
      h(
        "p",
        { class: "faint" },
        "Drag along an axis to choose configurations; click the axis to take that back. By keys: ← → go to an axis, ↑ ↓ move its upper end, with Shift its lower one, Delete takes it back. The best are drawn strongest.",
      ),
      this.lines,
      this.chips,
      h("h2", {}, "Configurations"),
      this.detail,
      this.table,
      h("h2", {}, "What mattered"),
      this.shares,
      h("h2", {}, "Parameter against goal"),
      this.grid,
    );
    this.parallel = parallel(this.lines, {
      title: "Parallel coordinates of the configurations; the table below has the same values",
      onbrush: () => this.brushed(),
      onpick: (at) => this.pick(this.known[at]),
      signal: page.signal,
    });
    this.rows = configurationTable(this.table, page, (one) => this.pick(one));
  }

  /** Ask anew, and draw. */
  async draw() {
    const words = this.words();
    const question = this.questions.next();
    const found = /** @type {Found} */ (await ask("configurations", words, this.page.signal));
    if (String(words.metric) !== String(this.words().metric)) return; // something else was chosen meanwhile
    if (!this.questions.takes(question)) return;
    this.found = found;
    if (this.goal !== undefined && this.goal.name !== found.goal.field) this.forget(this.goal.name);
    const numbers = this.known.map(meanOf).filter((mean) => mean !== null);
    this.goal = axisOver(this.found.goal.field, numbers);
    this.axes = [...this.found.parameters.map(axisOf), this.goal];
    this.redraw();
    this.drawShares().catch((problem) => {
      if (!this.page.signal.aborted) fill(this.shares, h("p", { class: "bad" }, problem.message));
    });
  }

  /**
   * Take back what was chosen by a goal that is no more; what was opened is shown with the new one.
   *
   * @param {string} name
   */
  forget(name) {
    if (this.brushes.delete(name)) this.page.state({ brush: this.brushWords() });
    if (this.picked !== null) this.show(this.picked);
  }

  brushWords() {
    return [...this.brushes].map(([name, [low, high]]) => `${name}:${low.toFixed(4)}:${high.toFixed(4)}`);
  }

  get known() {
    return this.found?.configurations ?? [];
  }

  /** Draw the lines at the next frame, and all else when the brush rests. */
  brushed() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.redrawLines(true));
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      if (this.page.signal.aborted) return;
      this.page.state({ brush: this.brushWords() });
      this.redraw();
    }, REST);
  }

  redraw() {
    const isOn = this.redrawLines();
    if (this.found === null) return;
    this.rows.update(this.found, isOn);
    this.drawGrid(isOn);
  }

  /**
   * @param {boolean} [isRough]
   * @returns {boolean[]} which configurations are within all brushes
   */
  redrawLines(isRough = false) {
    const { found } = this;
    this.frame = 0;
    if (found === null) return [];
    const valued = this.known.filter((one) => meanOf(one) !== null).length;
    const isOn = this.known.map((one) => isWithin(this.axes, [...one.values, meanOf(one)], this.brushes));
    const lines = this.known.map((one, at) => ({
      values: [...one.values, meanOf(one)],
      rank: meanOf(one) === null ? null : at / Math.max(1, valued - 1),
      isOn: isOn[at],
      title: titleOf(one, found.goal.field),
    }));
    this.parallel.update(this.axes, lines, this.brushes, isRough);
    this.drawChips(isOn.filter(Boolean).length);
    return isOn;
  }

  /** @param {number} count */
  drawChips(count) {
    const chips = [...this.brushes].map(([name, brush]) => {
      const axis = this.axes.find((one) => one.name === name);
      const drop = () => {
        this.brushes.delete(name);
        this.brushed();
      };
      return (
        axis &&
        h(
          "button",
          { type: "button", class: "chip", title: "Take this back", onclick: drop },
          `${brushText(axis, brush)} ×`,
        )
      );
    });
    const cut = (this.found?.total ?? 0) - this.known.length;
    fill(
      this.chips,
      `${count} of ${this.known.length} configurations${cut ? `, the best of ${this.found?.total}` : ""} `,
      chips.map((chip) => chip || null),
    );
  }

  /** @param {boolean[]} isOn */
  drawGrid(isOn) {
    const { found, goal } = this;
    if (found === null || goal === undefined) return;
    found.parameters.forEach((parameter, column) => {
      if (!this.planes.has(parameter.name)) {
        const box = h("figure", {}, h("figcaption", {}, parameter.name));
        box.dataset.name = parameter.name;
        this.grid.append(box);
        const wish = {
          title: `${parameter.name} against what is sought`,
          onpick: (/** @type {number} */ at) => this.pick(this.known[at]),
          signal: this.page.signal,
        };
        this.planes.set(parameter.name, scatter(box, wish));
      }
      const dots = this.known.map((one, at) => ({
        x: one.values[column],
        y: meanOf(one) ?? NaN,
        isOn: isOn[at],
        isBest: isBest(one, at, found),
        title: titleOf(one, found.goal.field),
      }));
      this.planes.get(parameter.name)?.update(this.axes[column], goal, dots);
    });
  }

  /** Ask what mattered, which may take a while, and draw it; one question at a time. */
  async drawShares() {
    this.isStale = this.isAsking;
    if (this.isAsking) return;
    this.isAsking = true;
    const { importance } = await ask("importance", this.words(), this.page.signal).finally(
      () => (this.isAsking = false),
    );
    if (this.isStale) {
      await this.drawShares();
      return;
    }
    if (importance === null) {
      fill(
        this.shares,
        h("p", { class: "faint" }, "Ten configurations with different values are needed to say what mattered."),
      );
      return;
    }
    const rows = Object.entries(importance.shares).map(([name, share]) => {
      const bar = h("span", { class: "share-bar" });
      bar.style.width = `${Math.max(0, Math.min(1, Number(share))) * 100}%`;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        h("td", { class: "number" }, Number(share).toFixed(2)),
        h("td", { class: "share" }, bar),
      );
    });
    const order = Object.keys(importance.shares);
    const boxes = /** @type {HTMLElement[]} */ ([...this.grid.children]);
    boxes.sort((one, other) => placeIn(order, one) - placeIn(order, other));
    this.grid.append(...boxes);
    fill(
      this.shares,
      h("table", {}, h("tbody", {}, rows)),
      h("p", { class: "faint" }, `by ${importance.by}, over ${importance.configurations} configurations`),
    );
  }

  /**
   * Show one configuration with its trials and its command line.
   *
   * @param {Configuration} one
   */
  async pick(one) {
    await this.show(one.configuration);
    this.detail.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} configuration */
  async show(configuration) {
    this.picked = configuration;
    const found = await ask("configuration", { ...this.words(), configuration }, this.page.signal);
    if (configuration !== this.picked) return; // another one was picked meanwhile
    const field = this.found?.goal.field ?? "";
    const rows = found.trials.map((/** @type {any} */ trial) =>
      h(
        "tr",
        {},
        h("td", { class: "number" }, trial.trial),
        h("td", {}, trial.run ? h("a", { href: link("run", trial.run) }, trial.run) : ""),
        h("td", { class: `status-${trial.status}` }, trial.excluded ? `${trial.status}, excluded` : trial.status),
        h("td", {}, text(trial.words)),
        h("td", { class: "number" }, text(trial.values[field])),
        h("td", {}, text(trial.error)),
      ),
    );
    const heads = ["trial", "run", "status", "with", field, "error"].map((head) => h("th", { scope: "col" }, head));
    const close = () => {
      this.picked = null;
      this.detail.replaceChildren();
    };
    fill(
      this.detail,
      h(
        "section",
        { class: "sweep-detail" },
        h("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "×"),
        h("h3", {}, text(found.words)),
        commandLine(found.command),
        h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))),
        found.runs.length > 1 &&
          h("p", {}, h("a", { href: link("compare", "", { run: found.runs }) }, "Compare its runs")),
      ),
    );
  }
}

/**
 * @param {string[]} order
 * @param {HTMLElement} box
 */
function placeIn(order, box) {
  const place = order.findIndex(
    (name) => name === box.dataset.name || name.split(":").includes(box.dataset.name ?? ""),
  );
  return place < 0 ? order.length : place;
}

/** @param {Configuration} one */
function meanOf(one) {
  return typeof one.mean === "number" ? one.mean : null;
}

/**
 * @param {Configuration} one
 * @param {string} field
 */
function titleOf(one, field) {
  const mean = meanOf(one);
  return `${label(one.words)}\n${field} ${mean === null ? "has no value" : number(mean)}, n = ${one.n}`;
}

/**
 * @param {string[]} words
 * @returns {import("./parallel.js").Brushes}
 */
function brushesOf(words) {
  /** @type {import("./parallel.js").Brushes} */
  const found = new Map();
  for (const word of words) {
    const parts = word.split(":");
    const [low, high] = parts.splice(-2).map(Number);
    if (low <= high && parts.length) found.set(parts.join(":"), [low, high]);
  }
  return found;
}
