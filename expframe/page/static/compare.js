/** Runs beside each other: what differs, what came of it and how sure that is, curves, pictures, sources, output. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { colourOf, onScheme, styles } from "./colours.js";
import { drawImages } from "./compare_images.js";
import { drawSources } from "./compare_sources.js";
import { drawGroups, drawResults } from "./compare_results.js";
import { curvePanel } from "./curve_panel.js";
import { fill, h } from "./dom.js";
import { namesOf } from "./run_names.js";
import { text } from "./show.js";

const PARTS = { packages: "Packages", host: "Machine", git: "Git" };

/** @type {import("./main.js").View} */
export async function view(page) {
  const runs = [...new Set(page.address.words.getAll("run"))];
  if (runs.length < 2) {
    fill(page.element, h("h1", {}, "Compare"), ...invitation(page, runs));
    return;
  }
  const words = page.address.words;
  const asked = { run: runs, metric: words.getAll("metric"), entry: words.getAll("entry"), by: words.getAll("by") };
  const found = await ask("compare", asked, page.signal);
  const names = ["results", "entries", "groups", "curves", "images", "sources", "parts", "tails"];
  const boxes = Object.fromEntries(names.map((name) => [name, h("section", { class: `compare-${name}` })]));
  const dots = new Map(runs.map((run) => [run, /** @type {HTMLElement[]} */ ([])]));
  const look = styles(runs);
  const name = (/** @type {string} */ run) => {
    const dot = h("span", { class: "dot", "aria-hidden": "true" });
    dots.get(run)?.push(dot);
    return h("span", { class: "run-name" }, dot, h("a", { href: link("run", run) }, run));
  };
  const paint = () => {
    for (const [run, own] of dots)
      for (const dot of own) dot.style.background = colourOf(look.get(run) ?? look.values().next().value);
  };
  fill(page.element, head(page, runs, found, name), ...Object.values(boxes));
  drawResults(boxes.results, found, name, page);
  drawEntries(boxes.entries, found, name);
  drawGroups(boxes.groups, found, page);
  paint();
  onScheme(paint, page.signal);
  fill(boxes.curves, h("h2", {}, "Curves"));
  const panel = h("div", {});
  boxes.curves.append(panel);
  whenSeen(boxes.curves, page, () =>
    curvePanel(page, panel, { runs, names: namesOf(found), empty: "None of these runs has a metric." }),
  );
  whenSeen(boxes.images, page, () => drawImages(boxes.images, runs, name, page).then(paint));
  whenSeen(boxes.sources, page, () => drawSources(boxes.sources, runs, page));
  whenSeen(boxes.parts, page, () => drawParts(boxes.parts, runs, name, page).then(paint));
  whenSeen(boxes.tails, page, () => drawTails(boxes.tails, runs, name, page).then(paint));
}

/**
 * @param {import("./main.js").Page} page
 * @param {string[]} runs
 */
function invitation(page, runs) {
  return [h("p", {}, "Choose two or more runs in the table of runs, or name them here."), runForm(page, runs)];
}

/**
 * Return a form by which runs are added.
 *
 * @param {import("./main.js").Page} page
 * @param {string[]} runs
 */
function runForm(page, runs) {
  const input = h("input", {
    name: "run",
    size: 12,
    "aria-label": "Runs to add, by their ids",
    placeholder: "ids, such as 3 5",
    required: true,
  });
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const more = input.value.split(/[\s,]+/).filter(Boolean);
    goTo(page, [...runs, ...more]);
  };
  return h("form", { class: "run-form", onsubmit: add }, input, h("button", {}, "Add"));
}

/**
 * @param {import("./main.js").Page} page
 * @param {string[]} runs
 */
function goTo(page, runs) {
  const words = new URLSearchParams(page.address.words);
  words.delete("run");
  for (const run of new Set(runs)) words.append("run", run);
  location.hash = link("compare", "", words);
}

/**
 * @param {import("./main.js").Page} page
 * @param {string[]} runs
 * @param {any} found
 * @param {(run: string) => HTMLElement} name
 */
function head(page, runs, found, name) {
  const chips = runs.map((run) => {
    const facts = found.facts[run];
    const drop = () =>
      goTo(
        page,
        runs.filter((one) => one !== run),
      );
    return h(
      "li",
      {},
      name(run),
      ` ${text(facts.name)} `,
      h("span", { class: `status-${facts.status}` }, facts.status),
      h("button", { type: "button", class: "drop", "aria-label": `Take run ${run} away`, onclick: drop }, "×"),
    );
  });
  return h(
    "header",
    {},
    h("h1", {}, `Compare ${runs.length} runs`),
    h("ul", { class: "run-list" }, chips, h("li", {}, runForm(page, runs))),
  );
}

/**
 * @param {HTMLElement} box
 * @param {any} found
 * @param {(run: string) => HTMLElement} name
 */
function drawEntries(box, found, name) {
  const entries = [...new Set(found.runs.flatMap((/** @type {any} */ run) => Object.keys(run.entries)))];
  const rows = entries.map((entry) => ({
    title: entry,
    cells: found.runs.map((/** @type {any} */ run) =>
      entry in run.entries ? text(run.entries[entry]) || "None" : null,
    ),
  }));
  fill(
    box,
    h("h2", {}, "What differs in the config"),
    rows.length
      ? runTable(
          found.runs.map((/** @type {any} */ run) => run.id),
          rows,
          name,
        )
      : h("p", {}, "Nothing: all have the same config, name, command and status."),
    found.unknown.length
      ? h(
          "p",
          { class: "note" },
          `${found.unknown.join(", ")}: unknown whether the same. They are secrets of stores that have no salt in common.`,
        )
      : null,
    found.namesakes.length
      ? h("p", { class: "note" }, `${found.namesakes.join(", ")} are facts of runs; the entries are config.NAME.`)
      : null,
  );
}

/**
 * Return a table with a column for each run, whose values that are not those of the first run stand out.
 *
 * @param {string[]} runs
 * @param {{title: string, cells: (string | null)[]}[]} rows
 * @param {(run: string) => HTMLElement} name
 */
function runTable(runs, rows, name) {
  const body = rows.map(({ title, cells }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, title),
      cells.map((cell, at) =>
        cell === null
          ? h("td", { class: "faint", title: "has none" }, "–")
          : h("td", { class: at && cell !== cells[0] ? "other" : null }, cell),
      ),
    ),
  );
  const heads = runs.map((run) => h("th", { scope: "col" }, name(run)));
  return h(
    "div",
    { class: "wide" },
    h("table", { class: "beside" }, h("thead", {}, h("tr", {}, h("td", {}), heads)), h("tbody", {}, body)),
  );
}

/**
 * @param {HTMLElement} box
 * @param {string[]} runs
 * @param {(run: string) => HTMLElement} name
 * @param {import("./main.js").Page} page
 */
async function drawParts(box, runs, name, page) {
  const found = await ask("differences", { run: runs, part: Object.keys(PARTS) }, page.signal);
  const parts = Object.entries(PARTS).map(([part, title]) => {
    const known = runs.filter((run) => !(found.not_recorded[part] ?? []).includes(run));
    const rows = Object.entries(found.differences[part]).map(([entry, own]) => ({
      title: entry,
      cells: known.map((run) => (run in own ? text(own[run]) || "None" : null)),
    }));
    const cut = found.total[part] - rows.length;
    const missing = found.not_recorded[part];
    const isOpen = rows.length > 0 && rows.length <= 12;
    return h(
      "details",
      { open: isOpen },
      h(
        "summary",
        {},
        h("h2", {}, title),
        " ",
        known.length < 2 ? "not recorded" : rows.length ? `${found.total[part]} differ` : "the same",
      ),
      missing
        ? h("p", { class: "note" }, `Not recorded of ${missing.join(", ")}: they ended before it was known.`)
        : null,
      rows.length ? runTable(known, rows, name) : null,
      cut > 0 ? h("p", {}, `and ${cut} more`) : null,
    );
  });
  fill(box, ...parts);
}

/**
 * @param {HTMLElement} box
 * @param {string[]} runs
 * @param {(run: string) => HTMLElement} name
 * @param {import("./main.js").Page} page
 */
async function drawTails(box, runs, name, page) {
  const { tails } = await ask("tails", { run: runs }, page.signal);
  const columns = tails.map((/** @type {any} */ tail) => {
    const output = h(
      "pre",
      { tabindex: "0", "aria-label": `Output of run ${tail.run}` },
      tail.text || "nothing was printed",
    );
    requestAnimationFrame(() => (output.scrollTop = output.scrollHeight));
    return h(
      "figure",
      {},
      h("figcaption", {}, name(tail.run), tail.cut ? h("span", { class: "faint" }, " its end") : null),
      output,
    );
  });
  fill(box, h("h2", {}, "End of the output"), h("div", { class: "side-by-side" }, columns));
}

/**
 * Do something when an element comes into sight, once.
 *
 * @param {HTMLElement} element
 * @param {import("./main.js").Page} page
 * @param {() => Promise<unknown>} act
 */
function whenSeen(element, page, act) {
  element.classList.add("awaited");
  const watch = new IntersectionObserver(
    async (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      try {
        await act();
      } catch (problem) {
        if (!page.signal.aborted)
          element.append(
            h("p", { class: "bad", role: "alert" }, problem instanceof Error ? problem.message : String(problem)),
          );
      }
      element.classList.remove("awaited");
    },
    { rootMargin: "300px" },
  );
  watch.observe(element);
  page.signal.addEventListener("abort", () => watch.disconnect());
}
