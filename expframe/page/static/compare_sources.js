/** How the sources of two runs differ, line by line, with the numbers of lines on both sides. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";

/**
 * @param {HTMLElement} box
 * @param {string[]} runs
 * @param {import("./main.js").Page} page
 */
export async function drawSources(box, runs, page) {
  const said = h("div", {});
  const [first, second] = ["from", "to"].map((name, at) => {
    const choice = h(
      "select",
      { "aria-label": at ? "to run" : "from run", onchange: () => draw() },
      runs.map((run) => h("option", { value: run }, run)),
    );
    choice.value = page.address.words.get(name) ?? runs[at];
    if (!choice.value) choice.value = runs[at];
    return choice;
  });
  fill(box, h("h2", {}, "Sources"), h("p", {}, "from run ", first, " to run ", second), said);

  async function draw() {
    if (first.value === second.value) {
      fill(said, h("p", { class: "faint" }, "Choose two runs."));
      return;
    }
    page.state({
      from: first.value === runs[0] ? null : first.value,
      to: second.value === runs[1] ? null : second.value,
    });
    const found = await ask("sources", { run: [first.value, second.value] }, page.signal);
    if (found.not_recorded.length)
      fill(said, h("p", { class: "note" }, `Not recorded of ${found.not_recorded.join(", ")}.`));
    else if (!found.total) fill(said, h("p", {}, "The same."));
    else
      fill(
        said,
        ...found.code.map(fileOf),
        found.total > found.code.length ? h("p", {}, `and ${found.total - found.code.length} more files`) : null,
      );
  }
  await draw();
}

/** @param {{file: string, change: string, diff: string | null, cut: number}} change */
function fileOf({ file, change, diff, cut }) {
  if (diff === null) return h("p", {}, h("code", {}, file), ` ${change}, not as text`);
  const lines = linesOf(diff);
  const added = lines.filter((line) => line.kind === "added").length;
  const removed = lines.filter((line) => line.kind === "removed").length;
  const rows = lines.map(({ kind, old, now, line }) =>
    h(
      "tr",
      { class: kind },
      h("td", { class: "place" }, old ?? ""),
      h("td", { class: "place" }, now ?? ""),
      h("td", { class: "sign" }, { added: "+", removed: "−", same: "", place: "" }[kind]),
      h("td", {}, h("code", {}, line)),
    ),
  );
  return h(
    "details",
    { open: true, class: "source" },
    h(
      "summary",
      {},
      h("code", {}, file),
      ` ${change} `,
      h("span", { class: "good" }, `+${added}`),
      " ",
      h("span", { class: "bad" }, `−${removed}`),
    ),
    h("div", { class: "wide" }, h("table", { class: "diff" }, h("tbody", {}, rows))),
    cut ? h("p", { class: "note" }, `${cut} more lines differ here: expframe diff shows all.`) : null,
  );
}

/**
 * Return the lines of a unified diff with their numbers on both sides.
 *
 * @param {string} diff
 * @returns {{kind: "added" | "removed" | "same" | "place", old: number | null, now: number | null, line: string}[]}
 */
function linesOf(diff) {
  let old = 0;
  let now = 0;
  /** @type {ReturnType<typeof linesOf>} */
  const found = [];
  for (const line of diff.split("\n").slice(2, -1)) {
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (place) {
      [old, now] = [Number(place[1]), Number(place[2])];
      if (found.length) found.push({ kind: "place", old: null, now: null, line: "⋯" });
    } else if (line.startsWith("+")) found.push({ kind: "added", old: null, now: now++, line: line.slice(1) });
    else if (line.startsWith("-")) found.push({ kind: "removed", old: old++, now: null, line: line.slice(1) });
    else found.push({ kind: "same", old: old++, now: now++, line: line.slice(1) });
  }
  return found;
}
