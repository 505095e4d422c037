/** The table of all runs: filter, sort, group, choose, and what is done with the chosen ones. */

import { ask, Refusal } from "./api.js";
import { onChanges } from "./changes.js";
import { chooseColumns, fieldNames } from "./column_chooser.js";
import { h } from "./dom.js";
import { filterBox } from "./filter_box.js";
import { Grid } from "./grid.js";
import { groupChooser } from "./group_chooser.js";
import { onKeys } from "./keys.js";
import { RunLines } from "./run_lines.js";
import { Selection, selectionBar } from "./selection.js";
import { savedViews } from "./saved_views.js";

const WORDS = ["where", "sort", "column", "group", "open", "differing", "flat"];
const PAUSE = 1500;
/** So many pixels wider does a key make a column. */
const WIDER = 24;
const READING = 600;

/** @type {import("./main.js").View} */
export async function view(page) {
  const { signal, server } = page;
  const words = page.address.words;
  /** @type {Promise<import("./column_chooser.js").Fields> | undefined} */
  let fields;
  const askFields = () => (fields ??= ask("fields", {}, signal));
  const question = () => Object.fromEntries(WORDS.map((name) => [name, words.getAll(name)]));
  const status = h("p", { class: "count", role: "status" });
  const selection = new Selection(() => (grid.draw(), grid.drawHead(), bar.draw()));

  /** @param {import("./address.js").Values} changed */
  const change = (changed) => {
    page.state(changed);
    drawTools();
    return grid.refresh();
  };

  const lines = new RunLines(words, change, selection, (place) => chooseTo(place));
  let wrong = "";
  let all = 0;
  let shownBy = words.get("where");
  const grid = new Grid({
    label: "Runs",
    signal,
    head: (known) => lines.head(known),
    widths: () => lines.widths(),
    row: (line, place, across) => lines.row(line, place, across),
    redraw: (row, line, place, across) => lines.redraw(row, line, place, across),
    key: (line) => line.group ?? line.id,
    failed: (problem) => {
      wrong = problem instanceof Error ? problem.message : String(problem);
      filter.problem.textContent = wrong; // also of a filter that is refused once all runs are read
      if (problem instanceof Refusal && problem.status === 0) status.textContent = wrong;
    },
    load: async (offset, limit, aborted) => {
      const found = await ask("runs", { ...question(), offset, limit }, aborted);
      lines.take(found);
      if (found.all < all && selection.ids.size > 0) await keepChosen(aborted);
      if (words.get("where") !== shownBy) await noteHidden(aborted);
      all = found.all;
      status.textContent = counted(found);
      none.hidden = found.total > 0 || found.loading !== null || !words.get("where");
      if (found.loading) lookAgain();
      return found;
    },
  });

  let again = 0;
  /** Ask again in a while, once for all pages that were asked for; what is on its way will say whether to go on. */
  function lookAgain() {
    again ||= window.setTimeout(() => {
      again = 0;
      if (!signal.aborted && !grid.isBusy) grid.refresh();
    }, READING);
  }

  const apply = async (/** @type {string} */ where) => {
    wrong = "";
    grid.element.scrollTop = 0;
    await change({ where, open: null });
    return wrong;
  };
  const none = h(
    "p",
    { class: "none", hidden: true },
    "The filter finds no run. ",
    h("button", { type: "button", onclick: () => apply((filter.input.value = "")) }, "Take it away"),
  );
  const filter = filterBox(
    words.get("where") ?? "",
    apply,
    async () => [...fieldNames(await askFields()), "and", "or", "not"],
    signal,
  );

  /** Choose all lines between the one that was chosen last and this one. @param {number} place */
  const chooseTo = async (place) => {
    const from = Math.min(place, selection.anchor);
    const limit = Math.min(1000, Math.abs(place - selection.anchor) + 1);
    const found = await ask("runs", { ...question(), offset: from, limit }, signal);
    selection.add(found.rows.flatMap((/** @type {any} */ line) => line.ids ?? [line.id]));
  };

  const chooseAll = async () => {
    const found = await ask("ids", { where: words.get("where"), sort: words.getAll("sort") }, signal);
    selection.add(found.ids);
  };

  /** Choose none that is not there any more. @param {AbortSignal} aborted */
  const keepChosen = async (aborted) => {
    const there = await ask("ids", {}, aborted);
    if (there.ids.length === there.total) selection.keep(there.ids);
  };

  /** Note which of the chosen runs the filter does not show. @param {AbortSignal} aborted */
  const noteHidden = async (aborted) => {
    const where = words.get("where");
    const shown = selection.ids.size > 0 ? await ask("ids", { where }, aborted) : { ids: [], total: 0 };
    shownBy = where;
    if (shown.ids.length === shown.total) selection.hideBut(shown.ids);
  };

  const bar = selectionBar(selection, page, chooseAll, () => grid.refresh());
  const group = groupChooser(words, askFields, change);
  const differing = h(
    "button",
    { type: "button", onclick: () => change({ differing: !words.get("differing") }) },
    "Only what differs",
  );
  const flat = h(
    "button",
    {
      type: "button",
      title: "Show runs that were started inside others beside them",
      onclick: () => change({ flat: !words.get("flat") }),
    },
    "Flat",
  );
  const choose = async () =>
    chooseColumns(await askFields(), lines.columnNames(), (column) => change({ column, differing: null }));
  const drawTools = () => {
    differing.setAttribute("aria-pressed", String(words.get("differing") === "1"));
    flat.setAttribute("aria-pressed", String(words.get("flat") === "1"));
    group.draw();
  };
  const tools = h(
    "div",
    { class: "tools" },
    h("button", { type: "button", onclick: choose }, "Columns"),
    differing,
    flat,
    group.element,
    savedViews(page),
  );
  page.element.append(
    h("h1", { class: "hidden" }, "Runs"),
    filter.element,
    tools,
    h("div", { class: "lead" }, status, bar.element),
    grid.element,
    none,
  );
  drawTools();
  await grid.refresh();
  if (grid.total === 0 && !wrong && !words.get("where"))
    grid.element.replaceWith(nothing(server.stores[Number(words.get("store") ?? 0)]));

  let timer = 0;
  onChanges(() => {
    timer ||= window.setTimeout(() => {
      timer = 0;
      fields = undefined;
      if (!signal.aborted && grid.element.isConnected) grid.refresh();
      else if (!signal.aborted) dispatchEvent(new HashChangeEvent("hashchange"));
    }, PAUSE);
  }, signal);
  onKeys(
    [
      ["/", "write a filter", () => filter.input.focus()],
      ["j", "the next line", () => grid.focus(grid.focused + 1)],
      ["k", "the line before", () => grid.focus(grid.focused - 1)],
      ["x", "choose the line, or not", () => lines.choose(grid.at(grid.focused), grid.focused)],
      ["a", "choose all that the filter finds", chooseAll],
      ["<", "make the column narrower whose title has the focus", () => lines.widen(-WIDER)],
      [">", "make it wider", () => lines.widen(WIDER)],
      ["Enter", "open the line", () => lines.open(grid.at(grid.focused))],
      ["c", "compare the chosen runs", () => bar.compare()],
      ["h", "draw charts of the chosen runs", () => bar.charts()],
      ["Escape", "choose none", () => selection.clear()],
    ],
    signal,
  );
}

/** @param {any} found */
function counted(found) {
  if (found.loading) return `Reading ${found.loading[1]} runs: ${found.loading[0]} so far`;
  const groups = found.rows.length > 0 && "group" in found.rows[0] ? `, ${found.total} lines` : "";
  const all = `${found.all} ${found.all === 1 ? "run" : "runs"}`;
  return (found.runs === found.all ? all : `${found.runs} of ${all}`) + groups;
}

/** @param {{name: string, folder: string}} store */
function nothing(store) {
  return h(
    "section",
    { class: "nothing" },
    h("h2", {}, "No runs yet"),
    h("p", {}, "Runs of ", h("code", {}, store.folder), " are shown here as soon as there are any:"),
    h("pre", {}, "python script.py with lr=0.1"),
  );
}
