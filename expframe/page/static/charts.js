/** Curves of many runs. */

import { parse } from "./address.js";
import { ask, Refusal } from "./api.js";
import { onChanges } from "./changes.js";
import { fieldNames } from "./column_chooser.js";
import { curvePanel } from "./curve_panel.js";
import { fill, h } from "./dom.js";
import { filterBox } from "./filter_box.js";
import { onKeys } from "./keys.js";
import { Questions } from "./questions.js";
import { namesApart } from "./run_names.js";
import { text } from "./show.js";

const NEWEST = 10;
const MOST = 200;

/**
 * The runs that are meant, and how many the filter is true of.
 *
 * @typedef {{runs: string[], names: Map<string, string>, total: number}} Chosen
 */

/** @type {import("./main.js").View} */
export async function view(page) {
  const { words } = page.address;
  const title = h("h1", {}, "Curves");
  const element = h("div", {});
  let where = words.get("where") ?? "";
  let chosen = await choose(words.getAll("run"), where, page.signal).catch(refused);
  const panel = await curvePanel(page, element, { runs: chosen.runs, names: chosen.names, empty: "No metrics." });

  const draw = () => fill(title, titleOf(chosen, where));
  /** Say beside the ids of lines what tells their runs apart, which is not waited for. */
  const tellApart = async () => {
    const { runs } = chosen;
    const names = await namesApart(runs, page.signal).catch(() => new Map());
    if (names.size > 0 && runs.join("\n") === chosen.runs.join("\n")) panel.call(names);
  };
  let wanted = where;
  const questions = new Questions();
  const apply = async (/** @type {string} */ filter) => {
    const question = questions.next();
    wanted = filter;
    try {
      const found = await choose([], filter, page.signal);
      if (!questions.isLast(question)) return ""; // something else was asked for meanwhile
      const isOther = found.runs.join("\n") !== chosen.runs.join("\n");
      where = filter;
      chosen = found;
      page.state({ where: filter, run: null });
      panel.choose(chosen.runs, chosen.names);
      draw();
      if (isOther) void tellApart();
      return "";
    } catch (problem) {
      if (questions.isLast(question)) wanted = where;
      if (problem instanceof Refusal) return problem.message;
      throw problem;
    }
  };
  void tellApart();
  const filter = filterBox(where, apply, async () => fieldNames(await ask("fields")), page.signal);
  filter.problem.textContent = chosen.problem ?? "";
  fill(page.element, h("div", { class: "charts-head" }, title, filter.element), element);
  draw();
  onChanges(({ changed, gone, is_new }) => {
    const isNamed = parse(location.hash).words.has("run");
    const isOther = is_new || [...gone, ...changed].some((id) => chosen.runs.includes(id) === gone.includes(id));
    if (!isNamed && isOther) void apply(wanted);
  }, page.signal);
  onKeys(
    [
      ["/", "filter runs", () => filter.input.focus()],
      ["m", "search metrics", () => panel.search()],
      ["z", "zoom out", () => panel.zoomOut()],
    ],
    page.signal,
  );
}

/**
 * Return the runs that are meant: those that are named, those that a filter is true of, or the newest ones.
 *
 * @param {string[]} ids
 * @param {string} where
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen & {problem?: string}>}
 */
async function choose(ids, where, signal) {
  const names = new Map();
  if (ids.length) return { runs: ids, names, total: ids.length };
  const found = await ask("runs", { where, column: "name", flat: true, limit: where ? MOST : NEWEST }, signal);
  for (const row of found.rows) names.set(row.id, text(row.cells[0]));
  return { runs: [...names.keys()], names, total: found.runs };
}

/**
 * @param {unknown} problem
 * @returns {Chosen & {problem: string}}
 */
function refused(problem) {
  if (!(problem instanceof Refusal)) throw problem;
  return { runs: [], names: new Map(), total: 0, problem: problem.message };
}

/**
 * @param {Chosen} chosen
 * @param {string} where
 */
function titleOf({ runs, total }, where) {
  if (runs.length === 1) return `Curves of run ${runs[0]}`;
  if (!runs.length) return where ? "Curves: no run matches this filter" : "Curves: there are no runs yet";
  return total > runs.length ? `Curves of the newest ${runs.length} of ${total} runs` : `Curves of ${runs.length} runs`;
}
