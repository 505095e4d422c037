/** Curves of many runs. */

import { link } from "./address.js";
import { ask, Refusal } from "./api.js";
import { curvePanel } from "./curve_panel.js";
import { fill, h } from "./dom.js";
import { text } from "./show.js";

const NEWEST = 10;
const MOST = 200;

/** @typedef {{runs: string[], names: Map<string, string>, title: string}} Chosen */

/** @type {import("./main.js").View} */
export async function view(page) {
  const { words } = page.address;
  const where = words.get("where") ?? "";
  const title = h("h1", {}, "Curves");
  const problem = h("p", { class: "problem", role: "alert" });
  const element = h("div", {});
  fill(page.element, h("div", { class: "charts-head" }, title, filter(words, where)), problem, element);
  try {
    const chosen = await choose(words.getAll("run"), where, page.signal);
    fill(title, chosen.title);
    if (chosen.runs.length) await curvePanel(page, element, { ...chosen, empty: "These runs have logged no metrics." });
    else fill(element, h("p", {}, where ? "No run matches this filter." : "There are no runs yet."));
  } catch (error) {
    if (!(error instanceof Refusal) || !where) throw error;
    fill(problem, error.message);
  }
}

/**
 * Return the runs that are meant: those that are named, those that a filter is true of, or the newest ones.
 *
 * @param {string[]} ids
 * @param {string} where
 * @param {AbortSignal} signal
 * @returns {Promise<Chosen>}
 */
async function choose(ids, where, signal) {
  const names = new Map();
  if (ids.length) return { runs: ids, names, title: ids.length === 1 ? `Curves of run ${ids[0]}` : `Curves of ${ids.length} runs` };
  const found = await ask("runs", { where, column: "name", flat: true, limit: where ? MOST : NEWEST }, signal);
  const runs = found.rows.map((/** @type {{id: string}} */ row) => row.id);
  for (const row of found.rows) names.set(row.id, text(row.cells[0]));
  const isCut = found.runs > runs.length;
  const title = isCut ? `Curves of the newest ${runs.length} of ${found.runs} runs` : `Curves of ${runs.length} runs`;
  return { runs, names, title };
}

/**
 * @param {URLSearchParams} words
 * @param {string} where
 */
function filter(words, where) {
  const input = h("input", { name: "where", value: where, placeholder: "config.lr<0.1 and status==COMPLETED", "aria-label": "Filter of runs" });
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    const next = new URLSearchParams(words);
    for (const name of ["run", "where", "hide", "zoom"]) next.delete(name);
    if (input.value.trim()) next.set("where", input.value.trim());
    location.hash = link("charts", "", next);
  };
  return h("form", { class: "where", onsubmit: go }, h("label", {}, "runs where ", input), h("button", {}, "Show"));
}
