/** Curves of many runs. */

import { ask } from "./api.js";
import { curvePanel } from "./curve_panel.js";
import { fill, h } from "./dom.js";
import { text } from "./show.js";

const NEWEST = 10;
const MOST = 200;

/** @type {import("./main.js").View} */
export async function view(page) {
  const { words } = page.address;
  const where = words.get("where") ?? "";
  let runs = words.getAll("run");
  const names = new Map();
  let title = `Curves of ${runs.length} runs`;
  if (!runs.length) {
    const found = await ask("runs", { where, column: "name", limit: where ? MOST : NEWEST }, page.signal);
    runs = found.rows.map((/** @type {{id: string}} */ row) => row.id);
    for (const row of found.rows) names.set(row.id, text(row.cells[0]));
    const isCut = found.total > runs.length;
    title = isCut ? `Curves of the newest ${runs.length} of ${found.total} runs` : `Curves of ${runs.length} runs`;
  }
  const element = h("div", {});
  fill(page.element, h("h1", {}, title, where ? ` where ${where}` : ""), element);
  if (!runs.length) {
    fill(element, h("p", {}, where ? "No run matches this filter." : "There are no runs yet."));
    return;
  }
  await curvePanel(page, element, { runs, names, empty: "These runs have logged no metrics." });
}
