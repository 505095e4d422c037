/** What a person looks at first: what came of a run, why it failed, what it was given, how to do it again. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { commandLine } from "./copy.js";
import { fill, h } from "./dom.js";
import { trouble } from "./main.js";
import { drawPictures } from "./run_pictures.js";
import { block } from "./spans.js";
import { duration, text } from "./show.js";
import { entries, table } from "./tables.js";

/** @typedef {import("./run_head.js").Head} Head */

/** @type {import("./run.js").Section} */
export async function section(page, element, head) {
  const failure = h("div", {});
  const results = h("div", {});
  const pictures = h("div", {});
  const config = h("div", {});
  const children = h("div", {});
  fill(
    element,
    h(
      "div",
      { class: "halves" },
      h("div", {}, failure, results, pictures, config, children),
      h("div", {}, commands(head), place(head)),
    ),
  );
  const draw = async (/** @type {Head} */ now) => {
    await Promise.all([
      now.failure ? part(failure, page, () => drawFailure(page, failure)) : fill(failure),
      part(results, page, () => drawResults(page, results)),
      now.sections.files ? part(pictures, page, () => drawPictures(page, pictures)) : fill(pictures),
      part(children, page, () => drawChildren(page, children)),
    ]);
  };
  await Promise.all([draw(head), part(config, page, () => drawConfig(page, config))]);
  return (now) => draw(now);
}

/**
 * Draw a part; what cannot be read says so in its place.
 *
 * @param {HTMLElement} element
 * @param {import("./main.js").Page} page
 * @param {() => Promise<void>} draw
 */
async function part(element, page, draw) {
  try {
    await draw();
  } catch (problem) {
    if (!page.signal.aborted) fill(element, trouble(problem));
  }
}

/**
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 * @param {boolean} [whole]
 */
async function drawFailure(page, element, whole = false) {
  const { failure, is_shortened } = await ask("failure", { run: page.address.id, whole }, page.signal);
  if (!failure) return;
  const more = is_shortened || whole;
  const label = whole ? "leave out the frames of expframe" : "show all frames";
  fill(
    element,
    h("h2", {}, "Traceback"),
    block(failure.lines, { label: "Traceback" }),
    more ? h("button", { type: "button", onclick: () => drawFailure(page, element, !whole) }, label) : null,
  );
}

/**
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 */
async function drawResults(page, element) {
  const { result, info, metrics, total, problems } = await ask("results", { run: page.address.id }, page.signal);
  fill(
    element,
    result.length ? [h("h2", {}, "Result"), entries(result, "Result")] : null,
    metrics.length ? [h("h2", {}, "Metrics"), metricTable(metrics), rest(metrics.length, total)] : null,
    info.length ? [h("h2", {}, "Info"), entries(info, "Info")] : null,
    problems.map((/** @type {string} */ problem) => h("p", { class: "notice bad" }, problem)),
  );
}

/** @param {any[]} metrics */
function metricTable(metrics) {
  const rows = metrics.map((of) => [
    h("span", { class: "metric-name" }, text(of.name)),
    of.last,
    of.min,
    of.min_step,
    of.max,
    of.max_step,
    of.mean,
    of.count,
  ]);
  return table(["metric", "last", "min", "at step", "max", "at step", "mean", "points"], rows, "Metrics");
}

/**
 * @param {number} shown
 * @param {number} total
 */
function rest(shown, total) {
  return shown < total ? h("p", { class: "faint" }, `and ${total - shown} more`) : null;
}

/**
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 */
async function drawConfig(page, element) {
  const { entries: found, total } = await ask("config", { run: page.address.id }, page.signal);
  const chosen = found.filter((/** @type {any} */ entry) => !entry.is_default);
  const all = h(
    "a",
    { href: link("run", page.address.id, { tab: "config" }) },
    total === 1 ? "its only entry" : `all ${total} entries`,
  );
  fill(
    element,
    h("h2", {}, "Chosen for this run"),
    chosen.length
      ? table(
          ["entry", "value", "by"],
          chosen.map((/** @type {any} */ of) => [of.name, of.value, of.origin?.kind]),
          "Chosen entries",
        )
      : h("p", { class: "faint" }, "Every entry has its default."),
    h("p", {}, all),
  );
}

/**
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 */
async function drawChildren(page, element) {
  const { children, total } = await ask("children", { run: page.address.id }, page.signal);
  if (!total) return;
  const rows = children.map((/** @type {any} */ child) => [
    h("a", { href: link("run", child.id) }, child.id),
    child.name,
    child.command,
    h("span", { class: `status-${text(child.status)}` }, text(child.status)),
    child.started,
    child.duration === null ? null : duration(child.duration),
  ]);
  const all = h(
    "a",
    { href: link("runs", "", { where: `parent == ${JSON.stringify(page.address.id)}` }) },
    `all ${total} in the table`,
  );
  fill(
    element,
    h("h2", {}, "Runs inside it"),
    table(["id", "name", "command", "status", "started", "took"], rows, "Children"),
    h("p", {}, all),
  );
}

/** @param {Head} head */
function commands(head) {
  if (!head.commands?.length) return null;
  return h(
    "section",
    { class: "commands" },
    h("h2", {}, "From here"),
    head.others.length
      ? h(
          "p",
          {},
          h(
            "a",
            { href: link("compare", "", { run: [head.others[0], head.id] }) },
            `compare with run ${head.others[0]}`,
          ),
        )
      : null,
    head.commands.map(({ title, text: line }) => h("div", {}, h("h3", {}, title), commandLine(line))),
  );
}

/** @param {Head} head */
function place(head) {
  return h("section", {}, h("h2", {}, "Where it is"), commandLine(head.folder));
}
