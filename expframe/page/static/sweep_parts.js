/** What else is said of a sweep: the best so far, trials that run, failures, pruned trials, workers. */

import { link } from "./address.js";
import { h, fill } from "./dom.js";
import { axisOver } from "./parameters.js";
import { scatter } from "./scatter.js";
import { duration, number, text, time } from "./show.js";
import { table } from "./tables.js";

/**
 * Make the chart of what trials came to as time went on, and return what draws it.
 *
 * @param {HTMLElement} box
 * @param {import("./main.js").Page} page
 * @returns {(sweep: any) => void}
 */
export function drawHistory(box, page) {
  const note = h("p", { class: "faint" });
  const plane = h("div", {});
  /** @type {any[][]} */
  let points = [];
  const pick = (/** @type {number} */ at) => {
    location.hash = link("run", points[at][2]);
  };
  const chart = scatter(plane, { title: "The best value so far", height: 220, onpick: pick, signal: page.signal });
  fill(box, h("h2", {}, "Best so far"), note, plane);
  return ({ history, goal }) => {
    points = history.points;
    box.hidden = points.length === 0;
    if (!points.length) return;
    const start = points[0][0];
    const dots = points.map(([at, trial, run, value]) => ({
      x: at - start,
      y: value,
      isOn: true,
      title: `trial ${trial}, run ${run}\n${goal.field} ${number(value)}\n${duration(at - start)} after the first`,
    }));
    const across = axisOver(
      "time",
      dots.map((dot) => dot.x),
    );
    const axis = axisOf0(across, dots[dots.length - 1].x);
    const cut = history.total - points.length;
    note.textContent = `${goal.field} of each trial in the order of their ends; the line is the best so far, ${number(points[points.length - 1][4])} by now.${cut ? ` ${cut} of ${history.total} trials are not drawn.` : ""}`;
    chart.update(
      axis,
      axisOver(
        goal.field,
        dots.map((dot) => dot.y),
      ),
      dots,
      points.map(([at, , , , best]) => [at - start, best]),
    );
  };
}

/**
 * Return an axis of seconds whose ticks are said as durations.
 *
 * @param {import("./parameters.js").Axis} axis
 * @param {number} last
 */
function axisOf0(axis, last) {
  return { ...axis, ticks: axis.ticks.map((tick) => ({ at: tick.at, text: duration(Math.max(0, tick.at * last)) })) };
}

/**
 * @param {HTMLElement} box
 * @param {boolean} isThere
 * @param {...import("./dom.js").Child} children
 */
function part(box, isThere, ...children) {
  box.hidden = !isThere;
  fill(box, ...(isThere ? children : []));
}

/** @param {string | null | undefined} run */
function runLink(run) {
  return run ? h("a", { href: link("run", run) }, run) : "";
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 */
export function drawRunning(box, { running, counts }) {
  const now = Date.now() / 1000;
  const rows = running.map((/** @type {any} */ one) => [
    one.trial,
    runLink(one.run),
    text(one.words),
    one.since ? duration(Math.max(0, now - one.since)) : "",
  ]);
  const cut = (counts.running ?? 0) - running.length;
  part(
    box,
    running.length > 0,
    h("h2", {}, "Running now"),
    table(["trial", "run", "with", "for"], rows, "Running now"),
    cut > 0 && h("p", {}, `and ${cut} more`),
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 */
export function drawFailures(box, { failures }) {
  const rows = failures.listed.map((/** @type {any} */ one) => [
    h("span", { class: "bad" }, text(one.error)),
    one.count,
    one.text,
    h(
      "span",
      {},
      one.runs
        .slice(0, 5)
        .flatMap((/** @type {string} */ run, /** @type {number} */ at) => [at ? " " : "", runLink(run)]),
      one.count > 5 ? " …" : "",
    ),
  ]);
  const cut = failures.total - failures.listed.length;
  part(
    box,
    rows.length > 0,
    h("h2", {}, "Failures"),
    table(["error", "trials", "which", "runs"], rows, "Failures"),
    cut > 0 && h("p", {}, `and ${cut} other errors`),
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 */
export function drawPruned(box, { pruned, goal }) {
  const steps = pruned.steps
    .map((/** @type {any} */ one) =>
      one.step === null ? `${one.count} without a step` : `${one.count} at step ${one.step}`,
    )
    .join(", ");
  const rows = pruned.listed.map((/** @type {any} */ one) => [
    one.trial,
    runLink(one.run),
    text(one.words),
    text(one.step),
    text(one.value),
  ]);
  const cut = pruned.total - pruned.listed.length;
  part(
    box,
    pruned.total > 0,
    h("h2", {}, "Pruned trials"),
    h("p", {}, `${pruned.total} were ended early: ${steps}.`),
    h(
      "details",
      {},
      h("summary", {}, "Which"),
      table(["trial", "run", "with", "at step", goal.field], rows, "Pruned trials"),
      cut > 0 && h("p", {}, `and ${cut} more`),
    ),
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 */
export function drawWorkers(box, { workers }) {
  const rows = workers.map((/** @type {any} */ one) => [
    one.host,
    one.pid ?? "",
    one.trial === null
      ? h("span", { class: "faint" }, `has no trial; last heard of at ${time(new Date(one.seen * 1000).toISOString())}`)
      : h(
          "span",
          {},
          h("span", { class: "status-RUNNING" }, "at work"),
          ` on trial ${one.trial}`,
          one.run ? [", run ", runLink(one.run)].map((child) => h("span", {}, child)) : "",
        ),
    one.done,
  ]);
  part(
    box,
    rows.length > 0,
    h("h2", {}, "Workers"),
    table(["host", "process", "does", "trials done"], rows, "Workers"),
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} sweep
 */
export function drawNotes(box, sweep) {
  const { reasons, excluded, include } = sweep;
  const lacking = Object.entries(sweep.without_number);
  const shown = excluded.slice(0, 50).join(", ");
  part(
    box,
    reasons.length > 0 || excluded.length > 0 || lacking.length > 0,
    lacking.length > 0 && h("h2", {}, "Without a number"),
    ...lacking.map(([field, trials]) =>
      h("p", {}, `${field} is no number in these trials, which are in no mean: ${trials}`),
    ),
    excluded.length > 0 && h("h2", {}, "Excluded"),
    excluded.length > 0 &&
      h(
        "p",
        {},
        `Trial${excluded.length > 1 ? "s" : ""} ${shown}${excluded.length > 50 ? " …" : ""}: in no mean, interval or test. They count again by: `,
        h("code", {}, include),
      ),
    reasons.length > 0 && h("h2", {}, "Why trials are not running"),
    reasons.length > 0 &&
      table(
        ["trials", "why"],
        reasons.map((/** @type {any} */ one) => [one.trials, one.why]),
        "Why trials are not running",
      ),
  );
}
