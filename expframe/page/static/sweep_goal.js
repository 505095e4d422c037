/** By what a sweep is ranked: as it was started, or by another number that its runs have. */

import { ask } from "./api.js";
import { commandLine } from "./copy.js";
import { fill, h } from "./dom.js";

/**
 * @typedef {{field: string, direction: string}} Goal
 *
 * @typedef {object} Sought what a sweep may be ranked by
 * @property {Goal[]} own what it was started with
 * @property {string[]} results as a goal is written
 * @property {string[]} metrics likewise, before a statistic
 * @property {string[]} statistics
 */

/** @type {Record<string, string>} */
const STATISTICS = { last: "last value", min: "least value", max: "greatest value", mean: "mean" };
const BETTER = { max: "more is better", min: "less is better" };

/**
 * Make the chooser of what a sweep is ranked by; the choice is the word `metric` of the address, as `--metric` has it.
 *
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 * @param {string} id of the sweep's run
 * @param {() => void} changed
 */
export function goalChooser(page, element, id, changed) {
  return new GoalChooser(page, element, id, changed);
}

class GoalChooser {
  /**
   * @param {import("./main.js").Page} page
   * @param {HTMLElement} element
   * @param {string} id
   * @param {() => void} changed
   */
  constructor(page, element, id, changed) {
    this.page = page;
    this.id = id;
    this.changed = changed;
    /** @type {Sought} */
    this.sought = { own: [], results: [], metrics: [], statistics: [] };
    this.drawn = "";
    const options = Object.entries(BETTER).map(([value, text]) => h("option", { value }, text));
    this.field = h("select", { onchange: () => this.pick() });
    this.statistic = h("select", { "aria-label": "Which number of the metric", onchange: () => this.pick() });
    this.direction = h("select", { "aria-label": "Which is better", onchange: () => this.turn() }, options);
    this.line = h("div", {});
    this.tools = h("div", { class: "tools" });
    fill(element, this.tools, this.line);
  }

  /** What was chosen, as `--metric` has it: nothing where the sweep is ranked as it was started. */
  get words() {
    return this.page.address.words.getAll("metric");
  }

  /** @param {any} sweep as the server says it is, ranked by what was chosen */
  async draw(sweep) {
    const { results, metrics } = this.sought;
    const isReport = this.page.server.is_report; // there nothing is to be chosen
    if (!isReport && results.length + metrics.length === 0) {
      this.sought = await ask("goals", { run: this.id }, this.page.signal);
    }
    this.goal = sweep.goal;
    const drawn = JSON.stringify([this.sought, this.words, sweep.goals]);
    if (drawn === this.drawn) return; // what somebody has opened stays open
    this.drawn = drawn;
    if (isReport) fill(this.tools, `Ranked by ${sweep.goals.map(said).join("; ")}`);
    else this.drawChoice(sweep);
    fill(this.line, sweep.ranked && commandLine(sweep.ranked));
  }

  /** @param {any} sweep */
  drawChoice(sweep) {
    const { field, statistic } = this.read();
    const { own, results, metrics, statistics } = this.sought;
    if (!this.field.isConnected)
      fill(this.tools, h("label", {}, "Rank by ", this.field), this.statistic, this.direction);
    const option = (/** @type {string} */ value, text = value) =>
      h("option", { value, selected: value === field }, text);
    const isOther = field !== "" && !results.includes(field) && !metrics.includes(field);
    fill(
      this.field,
      option("", `${own.map((goal) => goal.field).join(", ")} (as it was started)`),
      isOther && option(field),
      results.length > 0 &&
        h(
          "optgroup",
          { label: "Results" },
          results.map((one) => option(one)),
        ),
      metrics.length > 0 &&
        h(
          "optgroup",
          { label: "Metrics" },
          metrics.map((one) => option(one)),
        ),
    );
    fill(
      this.statistic,
      statistics.map((one) => h("option", { value: one, selected: one === statistic }, STATISTICS[one] ?? one)),
    );
    this.statistic.hidden = statistic === "";
    this.direction.value = sweep.goal.direction;
    this.direction.hidden = sweep.goals.length > 1;
  }

  /** Return which field is chosen, and which number of a metric. */
  read() {
    const [word = ""] = this.words;
    const field = this.words.length > 1 ? this.words.join(", ") : word.replace(/:(min|max)$/, "");
    const [, metric = "", statistic = ""] = /^(.*)\.(\w+)$/.exec(field) ?? [];
    const isMetric = this.sought.metrics.includes(metric) && this.sought.statistics.includes(statistic);
    return isMetric ? { field: metric, statistic } : { field, statistic: "" };
  }

  /** Take another field, or another number of a metric; the least is better of the least, and the other way round. */
  pick() {
    const field = this.field.value;
    if (!this.sought.metrics.includes(field)) return this.choose(field, this.direction.value);
    const statistic = this.read().field === field ? this.statistic.value : this.sought.statistics[0];
    const direction = statistic in BETTER ? statistic : this.direction.value;
    this.choose(`${field}.${statistic}`, direction);
  }

  /** Take the other direction. */
  turn() {
    const { field, statistic } = this.read();
    this.choose(statistic ? `${field}.${statistic}` : field || this.goal.field, this.direction.value);
  }

  /**
   * Rank by a field.
   *
   * @param {string} field as a goal is written; nothing for what the sweep was started with
   * @param {string} direction
   */
  choose(field, direction) {
    const [first] = this.sought.own;
    const isOwn = this.sought.own.length === 1 && first.field === field && first.direction === direction;
    this.page.state({ metric: field && !isOwn ? `${field}:${direction}` : null });
    this.changed();
  }

  /** Return buttons that rank by each of a few other numbers. */
  offers() {
    const { results, metrics } = this.sought;
    return [...results, ...metrics.map((name) => `${name}.last`)]
      .slice(0, 4)
      .map((field) =>
        h("button", { type: "button", onclick: () => this.choose(field, this.direction.value) }, `Rank by ${field}`),
      );
  }
}

/** @param {Goal} goal */
function said({ field, direction }) {
  return `${field}, ${BETTER[/** @type {keyof typeof BETTER} */ (direction)]}`;
}
