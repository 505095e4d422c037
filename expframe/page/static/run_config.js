/** The config of a run: what each entry is for, who set it, and what another run had in its place. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { text } from "./show.js";

/**
 * @typedef {import("./show.js").Cell} Cell
 * @typedef {{kind: string, name: string, where: string, file: string, line: number}} Origin
 * @typedef {{name: string, value: Cell, is_there: boolean, doc: string, origin: Origin | null, is_default: boolean,
 *     other?: Cell, is_different?: boolean}} Entry
 */

/** @type {import("./run.js").Section} */
export async function section(page, element, head) {
  const { words } = page.address;
  const found = h("div", {});
  /** @type {Entry[]} */
  let entries = [];
  let other = words.get("other") ?? "";

  const draw = () => {
    const part = search.value.toLowerCase();
    const shown = entries.filter(
      (entry) =>
        `${entry.name} ${text(entry.value)} ${entry.doc}`.toLowerCase().includes(part) &&
        (!chosen.checked || !entry.is_default) &&
        (!different.checked || entry.is_different),
    );
    different.disabled = !other;
    fill(
      found,
      configTable(shown, page.address.id, other),
      h("p", { class: "faint" }, `${shown.length} of ${entries.length} entries`),
    );
  };
  const load = async () => {
    const wanted = other;
    const answer = await ask("config", { run: page.address.id, other: wanted }, page.signal);
    if (wanted !== other) return; // another one was named meanwhile
    entries = answer.entries;
    draw();
    if (answer.unknown.length)
      found.append(
        h(
          "p",
          { class: "faint" },
          `Unknown whether the same: ${answer.unknown.join(", ")} (secrets of stores that have no salt in common)`,
        ),
      );
  };
  const remember = () => {
    page.state({ find: search.value, chosen: chosen.checked, different: different.checked, other });
    draw();
  };
  const search = h("input", {
    type: "search",
    value: words.get("find"),
    placeholder: "find an entry",
    "aria-label": "Find an entry",
    oninput: remember,
  });
  const chosen = h("input", { type: "checkbox", checked: words.has("chosen"), onchange: remember });
  const different = h("input", { type: "checkbox", checked: words.has("different"), onchange: remember });
  const compare = h("input", {
    list: "other-runs",
    value: other,
    size: 8,
    placeholder: "run",
    "aria-label": "Compare with run",
    onchange: async () => {
      other = compare.value.trim();
      if (!other) different.checked = false;
      remember();
      await load().catch((problem) => page.say(problem.message));
    },
  });
  const offered = h(
    "datalist",
    { id: "other-runs" },
    (head.others ?? []).map((id) => h("option", { value: id })),
  );
  fill(
    element,
    h(
      "div",
      { class: "tools" },
      search,
      h("label", {}, chosen, " not the default"),
      h("label", {}, "beside run ", compare, offered),
      h("label", {}, different, " only what differs"),
    ),
    found,
  );
  await load();
}

/**
 * @param {Entry[]} entries
 * @param {string} id
 * @param {string} other
 */
function configTable(entries, id, other) {
  const header = ["entry", other ? `run ${id}` : "value", other ? `run ${other}` : null, "set by", "what it is for"];
  const head = h(
    "tr",
    {},
    header.filter((title) => title !== null).map((title) => h("th", { scope: "col" }, title)),
  );
  const rows = entries.map((entry) =>
    h(
      "tr",
      { class: entry.is_different ? "different" : null },
      h("th", { scope: "row" }, entry.name),
      value(entry.value, entry.is_there, entry.is_default ? "" : "chosen"),
      other ? value(entry.other ?? null, entry.other !== null, "") : null,
      h("td", { class: "origin" }, origin(entry)),
      h("td", { class: "doc" }, entry.doc),
    ),
  );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Config" },
    h("table", { class: "config" }, h("thead", {}, head), h("tbody", {}, rows)),
  );
}

/**
 * @param {Cell} cell
 * @param {boolean} isThere
 * @param {string} kind
 */
function value(cell, isThere, kind) {
  const shown = cell === null && isThere ? "None" : text(cell);
  return h("td", { class: kind || null }, h("code", {}, shown));
}

/** @param {Entry} entry */
function origin(entry) {
  if (!entry.origin) return "";
  const { kind, name, where, file, line } = entry.origin;
  if (file)
    return h(
      "span",
      { title: `${kind} ${name}, ${file}:${line}` },
      where,
      kind === "config function" ? null : h("span", { class: "faint" }, ` ${kind}`),
    );
  return kind === "drawn" ? "drawn for this run" : kind;
}
