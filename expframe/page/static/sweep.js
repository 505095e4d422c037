/** A sweep: how far it is, the best of it and how sure that is, what mattered, and what failed. */

import { link } from "./address.js";
import { ask, tell } from "./api.js";
import { onChanges } from "./changes.js";
import { commandLine } from "./copy.js";
import { fill, h } from "./dom.js";
import { Questions } from "./questions.js";
import { duration, number, text } from "./show.js";
import { configurationsPart } from "./sweep_configurations.js";
import { goalChooser } from "./sweep_goal.js";
import { drawFailures, drawHistory, drawNotes, drawPruned, drawRunning, drawWorkers } from "./sweep_parts.js";
import { table } from "./tables.js";

/** In the order in which they are shown, as `expframe sweep watch` has it. */
const STATUSES = ["completed", "pruned", "skipped", "running", "failed", "died", "interrupted", "waiting"];
const PAUSE = 1000;

/** @type {import("./main.js").View} */
export async function view(page) {
  const id = page.address.id;
  const boxes = {
    head: h("header", { class: "sweep-head" }),
    goal: h("section", { class: "sweep-goal", "aria-label": "What it is ranked by" }),
    best: h("section", { class: "sweep-best", "aria-label": "Best configuration" }),
    configurations: h("section", { class: "sweep-configurations" }),
    history: h("section", {}),
    running: h("section", {}),
    failures: h("section", {}),
    pruned: h("section", {}),
    workers: h("section", {}),
    notes: h("section", {}),
  };
  fill(page.element, ...Object.values(boxes));
  const words = () => ({ run: id, metric: page.address.words.getAll("metric") });
  const found = configurationsPart(page, boxes.configurations, words);
  const history = drawHistory(boxes.history, page);
  const told = async () => {
    try {
      await draw();
    } catch (problem) {
      if (!page.signal.aborted) page.say(problem instanceof Error ? problem.message : String(problem));
    }
  };
  const chooser = goalChooser(page, boxes.goal, id, told);
  let drawn = "";
  const questions = new Questions();

  async function draw() {
    const asked = words();
    const question = questions.next();
    const sweep = await ask("sweep", asked, page.signal);
    if (String(words().metric) !== String(asked.metric)) return; // something else was chosen meanwhile
    if (!questions.takes(question)) return;
    await chooser.draw(sweep);
    drawHead(boxes.head, sweep, page, draw);
    drawBest(boxes.best, sweep, chooser.offers());
    drawRunning(boxes.running, sweep);
    drawFailures(boxes.failures, sweep);
    drawPruned(boxes.pruned, sweep);
    drawWorkers(boxes.workers, sweep);
    drawNotes(boxes.notes, sweep);
    history(sweep);
    const state = `${sweep.moment} ${asked.metric}`;
    if (state === drawn) return;
    drawn = state; // while it is on its way: what is chosen then is asked for, too
    try {
      await found.draw();
    } catch (problem) {
      drawn = "";
      throw problem;
    }
  }
  await draw();
  follow(page, draw);
}

/**
 * Draw again when something has changed, at most once a second.
 *
 * @param {import("./main.js").Page} page
 * @param {() => Promise<any>} draw
 */
function follow(page, draw) {
  let isBusy = false;
  let isStale = false;
  const next = async () => {
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    isStale = false;
    try {
      await draw();
    } catch (problem) {
      if (!page.signal.aborted) page.say(problem instanceof Error ? problem.message : String(problem));
    }
    setTimeout(() => {
      isBusy = false;
      if (isStale && !page.signal.aborted) next();
    }, PAUSE);
  };
  onChanges(next, page.signal);
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 * @param {import("./main.js").Page} page
 * @param {() => Promise<any>} redraw
 */
function drawHead(box, sweep, page, redraw) {
  const counts = STATUSES.filter((status) => sweep.counts[status]);
  const total = sweep.size ?? counts.reduce((sum, status) => sum + sweep.counts[status], 0);
  const said = counts.map((status) => `${sweep.counts[status]} ${status}`).join(", ");
  const excluded = sweep.excluded.length ? `; ${sweep.excluded.length} excluded` : "";
  const left = sweep.left === null ? "" : ` · about ${duration(sweep.left)} left`;
  const began = sweep.started ? `started ${text(sweep.started)}` : "";
  const act = async (/** @type {string} */ name) => {
    try {
      const reply = await tell(name, { sweep: sweep.id });
      page.say(name === "stop" ? `Told to stop; ${reply.running} running.` : saidOfRetry(reply));
      await redraw();
    } catch (problem) {
      page.say(problem instanceof Error ? problem.message : String(problem));
    }
  };
  const failed = (sweep.counts.failed ?? 0) + (sweep.counts.died ?? 0);
  const isOpen = Boolean(sweep.counts.running || sweep.counts.waiting || sweep.size === null);
  const buttons = page.server.read_only
    ? []
    : [
        isOpen && h("button", { type: "button", onclick: () => act("stop") }, "Stop"),
        failed > 0 && h("button", { type: "button", onclick: () => act("retry") }, `Retry ${failed} failed`),
      ];
  fill(
    box,
    h(
      "div",
      { class: "sweep-title" },
      h(
        "h1",
        {},
        `Sweep ${sweep.id} · ${sweep.name ?? ""} `,
        h("span", { class: `status-${sweep.status}` }, sweep.status),
      ),
      h("div", { class: "buttons" }, buttons),
    ),
    bar(sweep.counts, counts, total),
    h("p", {}, `${total} trials${sweep.size === null ? " so far" : ""}: ${said}${excluded}${left}`),
    h(
      "p",
      { class: "faint" },
      [began, `search: ${sweep.search}`, sweep.prune && `pruned by ${sweep.prune}`].filter(Boolean).join(" · "),
      " · ",
      h("a", { href: link("run", sweep.id) }, "its own run"),
      " · ",
      h("a", { href: link("sweeps") }, "all sweeps"),
    ),
    !sweep.counts.running && (sweep.counts.waiting || sweep.size === null)
      ? h("div", { class: "sweep-idle" }, h("p", {}, "No worker is doing trials. Start one:"), commandLine(sweep.work))
      : null,
  );
}

/** @param {{retried: number[], command: string}} reply */
function saidOfRetry({ retried, command }) {
  return retried.length
    ? `${retried.length} trials are done again by workers: ${command}`
    : "There is nothing to be done again.";
}

/**
 * @param {Record<string, number>} counts
 * @param {string[]} statuses
 * @param {number} total
 */
function bar(counts, statuses, total) {
  const ended = statuses
    .filter((status) => !["running", "waiting"].includes(status))
    .reduce((sum, status) => sum + counts[status], 0);
  const parts = statuses.map((status) => {
    const part = h("span", { class: `part part-${status}`, title: `${counts[status]} ${status}` });
    part.style.flexGrow = String(counts[status]);
    return part;
  });
  return h(
    "div",
    {
      class: "sweep-bar",
      role: "progressbar",
      "aria-valuemin": 0,
      "aria-valuemax": total,
      "aria-valuenow": ended,
      "aria-label": "Trials that have ended",
    },
    parts,
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 * @param {HTMLElement[]} offers buttons that rank by something else
 */
function drawBest(box, sweep, offers) {
  const { best, goal } = sweep;
  if (best === null) {
    fill(
      box,
      h("h2", {}, "Best configuration"),
      h("p", { class: "faint" }, `No trial has a number as ${goal.field} yet.`),
      offers.length > 0 && h("div", { class: "tools" }, "Runs have other numbers:", offers),
    );
    return;
  }
  if (best.in_front > 1) {
    fill(box, h("h2", {}, "Best configurations"), frontOf(best, sweep.goals));
    return;
  }
  const sure = howSure(best, sweep);
  const others = best.next ? [...best.runs, ...best.next.runs].slice(0, 50) : best.runs;
  fill(
    box,
    h("h2", {}, "Best configuration"),
    h(
      "p",
      { class: "sweep-value" },
      h("strong", {}, text(best.words) || "the only one"),
      ` ${goal.field} `,
      h("strong", {}, text(best.mean)),
      interval(best),
      `, n = ${best.n}`,
    ),
    h("p", {}, sure),
    best.excluded.length
      ? h("p", {}, `Not counted, since they are excluded: trials ${best.excluded.join(", ")}.`)
      : null,
    commandLine(best.command),
    h(
      "p",
      {},
      "Runs: ",
      runLinks(best.runs),
      others.length > 1
        ? [
            " · ",
            h(
              "a",
              { href: link("compare", "", { run: others }) },
              best.next ? "compare with the next one" : "compare them",
            ),
          ]
        : null,
    ),
  );
}

/**
 * Return the configurations of which none is better than another in all goals.
 *
 * @param {any} best
 * @param {{field: string}[]} goals
 */
function frontOf({ front, in_front: count }, goals) {
  const rows = front.map((/** @type {any} */ one) => [
    text(one.words),
    ...[one.mean, ...one.others].map((mean) => text(mean)),
    h("span", {}, runLinks(one.runs.slice(0, 5)), one.runs.length > 5 ? " …" : ""),
  ]);
  return [
    h("p", {}, `${count} configurations of which none is better than another in all goals; they are marked below.`),
    table(["with", ...goals.map((goal) => goal.field), "runs"], rows, "Best configurations"),
    count > front.length && h("p", {}, `and ${count - front.length} more`),
  ];
}

/** @param {string[]} runs */
function runLinks(runs) {
  return runs.flatMap((run, at) => [at ? ", " : "", h("a", { href: link("run", run) }, run)]);
}

/** @param {{low: import("./show.js").Cell, high: import("./show.js").Cell}} sample */
function interval({ low, high }) {
  return low === null || high === null ? "" : ` (95 % interval ${text(low)} … ${text(high)})`;
}

/**
 * Return how sure it is that the best configuration is better than the next one.
 *
 * @param {any} best
 * @param {{goal: {field: string, direction: string}, goals: object[]}} sweep
 */
function howSure(best, { goal, goals }) {
  const { next } = best;
  if (goals.length > 1) {
    return best.others.includes(null)
      ? "It is the best in the first goal; none has a number in each."
      : "No other one that has a number in each goal is better in any of them.";
  }
  if (!next) return "It is the only one that has a value.";
  const gap = Math.abs(best.mean - next.mean);
  const ahead = Number.isFinite(gap) ? `${number(gap)} ${goal.direction === "min" ? "below" : "above"}` : "before";
  const who = `the next one, ${text(next.words)}`;
  if (gap === 0) return `It is as good as ${who}: their means are the same.`;
  if (!next.test) {
    const why = best.n < 2 || next.n < 2 ? "one value has no interval; more seeds would tell" : "nothing scatters";
    return `It is ${ahead} ${who}; how sure that is cannot be said (${why}).`;
  }
  const p = next.test.p;
  const shown = typeof p === "number" ? (p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`) : "";
  return p < 0.05
    ? `It is ${ahead} ${who}: the two differ (Welch's t-test, ${shown}). The best of many is flattered by the choice.`
    : `It is ${ahead} ${who}, which may be chance (Welch's t-test, ${shown}): the two cannot be told apart yet.`;
}
