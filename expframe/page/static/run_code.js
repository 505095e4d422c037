/** The code of a run: its sources as they were, and the state of its repository. */

import { ask } from "./api.js";
import { copyButton } from "./copy.js";
import { fill, h } from "./dom.js";
import { trouble } from "./main.js";
import { text } from "./show.js";
import { block } from "./spans.js";
import { entries } from "./tables.js";

/** @type {import("./run.js").Section} */
export async function section(page, element) {
  const run = page.address.id;
  const found = await ask("code", { run }, page.signal);
  const shown = h("div", { class: "preview" });
  const open = async (/** @type {string} */ name) => {
    page.state({ source: name === found.main ? null : name });
    for (const button of list.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
    try {
      fill(shown, name === DIFF ? await changes(run, page.signal) : await source(run, name, page.signal));
    } catch (problem) {
      if (!page.signal.aborted) fill(shown, trouble(problem));
    }
  };
  const item = (/** @type {string} */ name, /** @type {string} */ title) =>
    h("li", {}, h("button", { type: "button", class: "link", "data-name": name, onclick: () => open(name) }, title));
  const names = found.sources.map((/** @type {string} */ name) => item(name, name));
  const list = h("ul", { class: "plain" }, found.has_diff ? item(DIFF, "uncommitted changes") : null, names);
  const untracked = found.untracked.length
    ? h(
        "details",
        {},
        h("summary", {}, `${found.untracked.length} files that git does not track`),
        h("pre", {}, found.untracked.join("\n")),
      )
    : null;
  const git = found.git.length
    ? [h("h2", {}, "Git"), entries(found.git, "Git"), copyCommit(found.git), untracked]
    : h("p", { class: "faint" }, "Not in a git repository, or not recorded.");
  const none = found.sources.length ? null : h("p", { class: "faint" }, "No sources were recorded.");
  fill(element, h("div", { class: "beside" }, h("div", {}, h("h2", {}, "Sources"), none, list, git), shown));
  const first = page.address.words.get("source") ?? found.sources[0];
  if (first) await open(first);
}

const DIFF = "\n";
/** What no source is called. */

/**
 * @param {string} run
 * @param {string} name
 * @param {AbortSignal} signal
 */
async function source(run, name, signal) {
  const { lines, is_cut: isCut } = await ask("source", { run, name }, signal);
  return [
    h("h2", {}, name),
    block(lines, { numbered: true, label: name }),
    isCut ? h("p", { class: "faint" }, "The first megabyte.") : null,
  ];
}

/**
 * @param {string} run
 * @param {AbortSignal} signal
 */
async function changes(run, signal) {
  const { lines, total, is_cut: isCut } = await ask("diff", { run }, signal);
  return [
    h("h2", {}, "Changes that were not committed"),
    block(lines, { label: "Changes" }),
    isCut ? h("p", { class: "faint" }, `${lines.length} of ${total} lines, or more`) : null,
  ];
}

/** @param {[string, any][]} git */
function copyCommit(git) {
  const commit = text(git.find(([name]) => name === "commit")?.[1]);
  return commit ? h("p", {}, "commit ", copyButton(commit, "Copy the commit")) : null;
}
