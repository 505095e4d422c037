/** What came of runs that are compared: numbers with the best marked, and groups of seeds with the test. */

import { link } from "./address.js";
import { fill, h } from "./dom.js";
import { number, text } from "./show.js";

/** @typedef {"min" | "max" | null} Better whether the least or the greatest is the best one; null where nobody said */

const NEXT = { min: "max", max: "none", none: "min" };
const SAID = { min: "less is better", max: "more is better", none: "no best" };

/**
 * @param {HTMLElement} box
 * @param {any} found
 * @param {(run: string) => HTMLElement} name
 * @param {import("./main.js").Page} page
 */
export function drawResults(box, found, name, page) {
  const metrics = Object.keys(found.better);
  if (!metrics.length) {
    fill(
      box,
      h("h2", {}, "Results"),
      h("p", { class: "faint" }, "No number that differs, in results or metrics, is had by most of them."),
    );
    return;
  }
  const chosen = choicesOf(page.address.words);
  const heads = found.runs.map((/** @type {any} */ run) => h("th", { scope: "col" }, name(run.id)));
  const body = h("tbody", {});
  const draw = () => fill(body, ...metrics.map(row));

  /** @param {string} metric */
  function row(metric) {
    const better = chosen.get(metric) ?? found.better[metric] ?? "none";
    const cells = found.runs.map((/** @type {any} */ run) => run.metrics[metric] ?? null);
    const best = bestOf(cells, better === "none" ? null : better);
    const turn = () => {
      chosen.set(metric, NEXT[/** @type {keyof typeof NEXT} */ (better)]);
      page.state({ better: [...chosen].map((pair) => pair.join(":")) });
      draw();
    };
    const sign = { min: "↓", max: "↑", none: "·" }[/** @type {keyof typeof NEXT} */ (better)];
    const said = SAID[/** @type {keyof typeof NEXT} */ (better)];
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        metric,
        " ",
        h(
          "button",
          {
            type: "button",
            class: "turn",
            title: `${said}; press to change`,
            "aria-label": `${metric}: ${said}`,
            onclick: turn,
          },
          sign,
        ),
      ),
      cells.map((/** @type {import("./show.js").Cell} */ cell) => {
        const isBest = best !== null && cell === best;
        return h(
          "td",
          { class: isBest ? "number best" : "number" },
          text(cell),
          isBest ? h("span", { title: "the best" }, " ★") : null,
        );
      }),
    );
  }

  draw();
  fill(
    box,
    h("h2", {}, "Results"),
    h("div", { class: "wide" }, h("table", { class: "beside" }, h("thead", {}, h("tr", {}, h("td", {}), heads)), body)),
    found.left_out.length
      ? h(
          "p",
          { class: "note" },
          `Left out: ${found.left_out.slice(0, 5).join(", ")}${found.left_out.length > 5 ? ` and ${found.left_out.length - 5} more` : ""}.`,
        )
      : null,
    found.excluded.length
      ? h("p", { class: "note" }, `Excluded from the sweep, and counted in no group: ${found.excluded.join(", ")}.`)
      : null,
  );
}

/**
 * Return the best of numbers; null where there is none, or all are the same.
 *
 * @param {import("./show.js").Cell[]} cells
 * @param {Better} better
 * @returns {number | null}
 */
function bestOf(cells, better) {
  const numbers = cells.filter((cell) => typeof cell === "number");
  if (better === null || new Set(numbers).size < 2) return null;
  return better === "min" ? Math.min(...numbers) : Math.max(...numbers);
}

/** @param {URLSearchParams} words */
function choicesOf(words) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const word of words.getAll("better")) {
    const at = word.lastIndexOf(":");
    if (word.slice(at + 1) in SAID) found.set(word.slice(0, at), word.slice(at + 1));
  }
  return found;
}

/**
 * @param {HTMLElement} box
 * @param {any} found
 * @param {import("./main.js").Page} page
 */
export function drawGroups(box, found, page) {
  const { groups, tests, confidence } = found.by_groups;
  const isTold =
    page.address.words.has("by") ||
    groups.some((/** @type {any} */ group) => group.runs.length + group.repetitions.length > 1);
  box.hidden = !isTold;
  if (!isTold) return;
  const entries = [...new Set(groups.flatMap((/** @type {any} */ group) => Object.keys(group.entries)))];
  const metrics = groups.length ? Object.keys(groups[0].metrics) : [];
  const best = new Map(
    metrics.map((metric) => [
      metric,
      bestOf(
        groups.map((/** @type {any} */ group) => group.metrics[metric].mean),
        found.better[metric],
      ),
    ]),
  );
  const rows = groups.map((/** @type {any} */ group) =>
    h(
      "tr",
      {},
      entries.map((entry) => h("td", {}, entry in group.entries ? text(group.entries[entry]) : "–")),
      h("td", { class: "number" }, group.runs.length),
      metrics.map((metric) => {
        const sample = group.metrics[metric];
        const isBest = sample.mean !== null && sample.mean === best.get(metric);
        return h(
          "td",
          { class: isBest ? "best" : null },
          sampleText(sample, group.runs.length),
          isBest ? h("span", { title: "the best mean" }, " ★") : null,
        );
      }),
      h(
        "td",
        {},
        group.runs
          .slice(0, 8)
          .flatMap((/** @type {string} */ run, /** @type {number} */ at) => [
            at ? " " : "",
            h("a", { href: link("run", run) }, run),
          ]),
        group.runs.length > 8 ? " …" : "",
      ),
    ),
  );
  const heads = [
    ...entries,
    "n",
    ...metrics.map((metric) => `${metric}: mean ± sd (${100 * confidence} % interval)`),
    "runs",
  ];
  const left = groups.flatMap((/** @type {any} */ group) => group.repetitions);
  const open = groups.flatMap((/** @type {any} */ group) => group.unfinished);
  fill(
    box,
    h("h2", {}, "Groups that differ in more than the seed"),
    wideTable(heads, rows),
    Object.keys(tests).length ? testTable(tests, groups, confidence) : null,
    groups.length > 2
      ? h("p", { class: "note" }, "Two groups are tested for a difference: take the others away.")
      : null,
    left.length
      ? h(
          "p",
          { class: "note" },
          `Not counted: ${left.join(", ")}, which repeat another run with its seed, config, command and code.`,
        )
      : null,
    open.length ? h("p", { class: "note" }, `Not completed, and counted in no group: ${open.join(", ")}.`) : null,
  );
}

/**
 * @param {any} sample
 * @param {number} runs
 */
function sampleText({ n, mean, sd, low, high }, runs) {
  if (mean === null) return "";
  const spread = sd === null ? "" : ` ± ${precise(sd, 2)} (${precise(low, 4)} … ${precise(high, 4)})`;
  return `${precise(mean, 4)}${spread}${n === runs ? "" : `, n = ${n}`}`;
}

/**
 * @param {import("./show.js").Cell} cell
 * @param {number} digits
 */
function precise(cell, digits) {
  return typeof cell === "number" ? number(Number(cell.toPrecision(digits))) : text(cell);
}

/**
 * @param {Record<string, any>} tests
 * @param {any[]} groups
 * @param {number} confidence
 */
function testTable(tests, groups, confidence) {
  const [first, second] = groups.map(
    (group) =>
      Object.entries(group.entries)
        .slice(0, 3)
        .map(([name, value]) => `${name}=${text(/** @type {any} */ (value))}`)
        .join(", ") || `runs ${group.runs.slice(0, 3).join(", ")}`,
  );
  const rows = Object.entries(tests).map(([name, test]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h(
        "td",
        { class: "number" },
        `${precise(test.difference, 4)} (${precise(test.low, 4)} … ${precise(test.high, 4)})`,
      ),
      h("td", { class: "number" }, precise(test.t, 3)),
      h("td", { class: "number" }, precise(test.freedom, 3)),
      h("td", { class: "number" }, precise(test.p, 2)),
      h("td", {}, typeof test.p === "number" && test.p < 1 - confidence ? "they differ" : "may be chance"),
    ),
  );
  const heads = [`${second} less ${first}`, `difference (${100 * confidence} % interval)`, "Welch's t", "df", "p", ""];
  return wideTable(heads, rows);
}

/**
 * Return a table that scrolls sideways where there is no room for it.
 *
 * @param {string[]} heads
 * @param {HTMLTableRowElement[]} rows
 */
function wideTable(heads, rows) {
  const head = h(
    "tr",
    {},
    heads.map((one) => h("th", { scope: "col" }, one)),
  );
  return h("div", { class: "wide" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}
