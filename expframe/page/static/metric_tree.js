/** Names of metrics: which of them are meant, and as a tree by their parts. */

import { h } from "./dom.js";

/**
 * Return the names that a regular expression is found in, in any case of letters; one that is malformed is plain text.
 *
 * @param {string[]} names
 * @param {string} search
 * @returns {{names: string[], problem: string}}
 */
export function matching(names, search) {
  if (!search) return { names, problem: "" };
  try {
    const expression = new RegExp(search, "i");
    return { names: names.filter((name) => expression.test(name)), problem: "" };
  } catch (error) {
    const plain = search.toLowerCase();
    const problem = error instanceof Error ? error.message : String(error);
    return { names: names.filter((name) => name.toLowerCase().includes(plain)), problem };
  }
}

/**
 * Return the order of charts: pinned ones, then those without a part before a slash, then part by part.
 *
 * @param {string[]} names
 * @param {Set<string>} pinned
 * @returns {{metrics: string[], headings: Map<string, string>}}
 */
export function arranged(names, pinned) {
  const parts = new Map(/** @type {[string, string[]][]} */ ([["", []]]));
  const first = names.filter((name) => pinned.has(name));
  for (const name of names) {
    if (pinned.has(name)) continue;
    const part = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
    parts.set(part, [...(parts.get(part) ?? []), name]);
  }
  const headings = new Map(first.length ? [[first[0], "Pinned"]] : []);
  for (const [part, [name]] of parts) {
    if (name !== undefined && (part || first.length)) headings.set(name, part || "Others");
  }
  return { metrics: [...first, ...[...parts.values()].flat()], headings };
}

/**
 * Return how many charts stand below one heading at most: more columns would stay empty.
 *
 * @param {string[]} metrics
 * @param {Map<string, string>} [headings]
 */
export function longest(metrics, headings) {
  let [most, count] = [1, 0];
  for (const name of metrics) {
    count = headings?.has(name) ? 1 : count + 1;
    most = Math.max(most, count);
  }
  return Math.min(most, 12);
}

/** @typedef {{leaves: string[], parts: Map<string, Branch>, count: number}} Branch */

const OPEN = 40;

/**
 * Return a tree of names; a branch is filled when it is opened.
 *
 * @param {string[]} names
 * @param {(name: string) => void} onname
 * @param {(prefix: string) => void} onpart the names below a part are meant
 */
export function tree(names, onname, onpart) {
  /** @type {Branch} */
  const root = { leaves: [], parts: new Map(), count: names.length };
  for (const name of names) {
    let branch = root;
    const parts = name.split("/");
    for (const part of parts.slice(0, -1)) {
      const next = branch.parts.get(part) ?? { leaves: [], parts: new Map(), count: 0 };
      next.count += 1;
      branch.parts.set(part, next);
      branch = next;
    }
    branch.leaves.push(name);
  }
  return list(root, "", names.length <= OPEN, onname, onpart);
}

/**
 * @param {Branch} branch
 * @param {string} prefix
 * @param {boolean} isOpen
 * @param {(name: string) => void} onname
 * @param {(prefix: string) => void} onpart
 * @returns {HTMLUListElement}
 */
function list(branch, prefix, isOpen, onname, onpart) {
  const leaves = branch.leaves.map((name) => {
    const shown = name.slice(prefix.length) || name;
    return h("li", {}, h("button", { class: "plain", title: name, onclick: () => onname(name) }, shown));
  });
  const parts = [...branch.parts].map(([part, below]) => {
    const path = `${prefix}${part}/`;
    const only = h("button", { class: "plain more", title: `Only ${path}`, onclick: () => onpart(path) }, "only");
    const inside = h("div", {});
    const fillOnce = () => inside.childElementCount || inside.append(list(below, path, isOpen, onname, onpart));
    if (isOpen) fillOnce();
    const summary = h("summary", {}, `${part}/ `, h("span", { class: "faint" }, String(below.count)));
    return h("li", {}, h("details", { open: isOpen, ontoggle: fillOnce }, summary, inside), only);
  });
  return h("ul", {}, leaves, parts);
}
