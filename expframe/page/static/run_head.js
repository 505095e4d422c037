/** The head of a run: what it is, and how it is. */

import { link } from "./address.js";
import { fill, h } from "./dom.js";
import { mayChange, tagOf } from "./run_actions.js";
import { duration, text, time } from "./show.js";

/**
 * @typedef {import("./show.js").Cell} Cell
 *
 * What the server says of a run.
 *
 * @typedef {object} Head
 * @property {string} id
 * @property {string} folder
 * @property {boolean} is_foreign
 * @property {string | null} problem why its record cannot be read; then only `sections` is there beside it
 * @property {Record<string, Cell>} run
 * @property {Cell[]} tags
 * @property {{type: string, message: string} | null} failure
 * @property {string[]} problems
 * @property {{part: number, text: string} | null} progress
 * @property {string | null} parent
 * @property {Record<string, Cell>} trial
 * @property {boolean} is_sweep
 * @property {string | null} rerun_of
 * @property {Record<string, Cell>} git
 * @property {Record<string, Cell>} host
 * @property {{title: string, text: string}[]} commands
 * @property {string[]} others
 * @property {Record<string, number>} sections
 */

/**
 * Draw what is known of a run: its title into one element, which buttons stand beside, the rest into another.
 *
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} title
 * @param {HTMLElement} rest
 * @param {Head} head
 * @param {() => void} again asks for it anew
 */
export function drawHead(page, title, rest, head, again) {
  const status = text(head.run.status);
  fill(
    title,
    h("h1", {}, `Run ${head.id}`),
    h("span", { class: "run-name" }, [text(head.run.name), text(head.run.command)].filter(Boolean).join(" · ")),
    status ? h("span", { class: `status status-${status}`, role: "status" }, status) : null,
  );
  fill(
    rest,
    head.problem ? damage(head) : [progress(head), facts(page, head, again), comment(head), failure(head), lost(head)],
  );
}

/** @param {Head} head */
function damage(head) {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("strong", {}, "The record of this run cannot be read. "),
    "What else there is of it is shown below.",
    h("p", {}, head.problem),
  );
}

/** @param {Head} head */
function progress(head) {
  if (!head.progress) return null;
  const { part, text: line } = head.progress;
  return h(
    "div",
    { class: "run-progress" },
    h("progress", { max: 1, value: part, "aria-label": "Progress" }),
    h("span", { class: "faint" }, line),
  );
}

/**
 * @param {import("./main.js").Page} page
 * @param {Head} head
 * @param {() => void} again
 */
function facts(page, head, again) {
  const { run, git, host } = head;
  const tags = head.tags.map((tag) => tagOf(page, text(tag), !mayChange(page, head), again));
  const commit = text(git.commit).slice(0, 10);
  /** @type {[string, Cell | Node | Node[] | undefined][]} */
  const found = [
    ["started", moment(run.started)],
    ["queued", run.started ? null : moment(run.queued)],
    [run.ended ? "took" : "for", typeof run.duration === "number" ? duration(run.duration) : null],
    ["attempt", run.attempt === 1 ? null : run.attempt],
    ["seed", run.seed],
    ["tags", tags.length ? tags : null],
    ["parent", head.parent ? h("a", { href: link("run", head.parent) }, `run ${head.parent}`) : null],
    [
      "trial",
      head.parent && head.trial.trial !== undefined
        ? h("a", { href: link("sweep", head.parent) }, `${text(head.trial.trial)} of sweep ${head.parent}`)
        : null,
    ],
    ["sweep", head.is_sweep ? h("a", { href: link("sweep", head.id) }, "its trials") : null],
    ["again", head.rerun_of ? h("a", { href: link("run", head.rerun_of) }, `of run ${head.rerun_of}`) : null],
    ["git", [text(git.branch), commit, git.dirty ? "with changes" : ""].filter(Boolean).join(" ")],
    [
      "on",
      Object.values(host)
        .map((value) => text(value))
        .slice(0, 1)
        .join(""),
    ],
    ["format", head.is_foreign ? "a folder of another tool" : null],
  ];
  const there = found.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h(
    "dl",
    { class: "facts" },
    there.map(([name, value]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, Array.isArray(value) || value instanceof Node ? value : text(value))),
    ),
  );
}

/** @param {Cell | undefined} cell */
function moment(cell) {
  if (!cell || typeof cell !== "object" || !("time" in cell)) return null;
  return h("time", { datetime: cell.time }, time(cell.time));
}

/** @param {Head} head */
function comment(head) {
  const said = text(head.run.comment);
  return said ? h("p", { class: "comment" }, said) : null;
}

/** Return what a person should know of a run whose process is gone. */
function death() {
  return h(
    "div",
    { class: "notice bad" },
    h("strong", {}, "Its process is gone without a word. "),
    "It was killed, ran out of memory, or its machine went down; the last lines of its output may tell.",
  );
}

/** @param {Head} head */
function failure(head) {
  if (!head.failure) return head.run.status === "DIED" ? death() : null;
  const { type, message } = head.failure;
  return h(
    "p",
    { class: "notice bad" },
    h("strong", {}, type.replace(/^__main__\.|^builtins\./, "")),
    message ? `: ${message}` : "",
  );
}

/** @param {Head} head */
function lost(head) {
  if (!head.problems.length) return null;
  return h(
    "div",
    { class: "notice" },
    h("strong", {}, "Not recorded: "),
    head.problems.map((problem) => h("p", {}, problem)),
  );
}
