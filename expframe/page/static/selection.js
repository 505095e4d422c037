/** The chosen runs, and what is done with them. */

import { link } from "./address.js";
import { tell } from "./api.js";
import { copy } from "./clipboard.js";
import { fill, h } from "./dom.js";

const MOST_COMPARED = 50;

/** @typedef {"all" | "some" | "none"} Chosen how many of some runs are chosen */

/** The ids of the chosen runs. */
export class Selection {
  /** @param {() => void} changed */
  constructor(changed) {
    /** @type {Set<string>} */
    this.ids = new Set();
    /** @type {Set<string>} those that were chosen before a filter that does not show them */
    this.hidden = new Set();
    this.anchor = -1;
    this.changed = changed;
    this.all = () => {};
  }

  /** @param {string[]} ids */
  add(ids) {
    for (const id of ids) this.ids.add(id);
    this.changed();
  }

  /**
   * @param {string[]} ids
   * @param {number} place
   */
  toggle(ids, place) {
    const isChosen = ids.every((id) => this.ids.has(id));
    for (const id of ids) {
      if (isChosen) this.ids.delete(id);
      else this.ids.add(id);
    }
    this.anchor = place;
    this.changed();
  }

  /**
   * Return how many of some runs are chosen, as far as that is known.
   *
   * @param {string[]} known the ids of those that are known
   * @param {number} [count] of them all
   * @returns {Chosen}
   */
  among(known, count = known.length) {
    const isWhole = known.length >= count;
    if (known.length > 0 && this.ids.size >= count && known.every((id) => this.ids.has(id))) return "all";
    return known.some((id) => this.ids.has(id)) || (!isWhole && this.ids.size > 0) ? "some" : "none";
  }

  /** Choose none that is not there any more. @param {string[]} there the ids of all runs */
  keep(there) {
    const left = there.filter((id) => this.ids.has(id));
    if (left.length === this.ids.size) return;
    this.ids = new Set(left);
    this.changed();
  }

  /** Note which of the chosen ones a filter shows. @param {string[]} shown the ids of the runs that it finds */
  hideBut(shown) {
    this.hidden = new Set(this.ids);
    for (const id of shown) this.hidden.delete(id);
    this.changed();
  }

  /** Return how many of the chosen ones are not shown. */
  unseen() {
    return [...this.hidden].filter((id) => this.ids.has(id)).length;
  }

  clear() {
    this.ids.clear();
    this.hidden.clear();
    this.anchor = -1;
    this.changed();
  }
}

/**
 * Return the bar of what is done with the chosen runs.
 *
 * @param {Selection} selection
 * @param {import("./main.js").Page} page
 * @param {() => void} chooseAll
 * @param {() => void} refresh
 */
export function selectionBar(selection, page, chooseAll, refresh) {
  selection.all = chooseAll;
  const element = h("div", { class: "selection", role: "toolbar", "aria-label": "What is done with the chosen runs" });
  const ids = () => [...selection.ids];

  const compare = () => {
    if (selection.ids.size < 2) page.say("Choose two runs or more to compare.");
    else if (selection.ids.size > MOST_COMPARED) page.say(`At most ${MOST_COMPARED} runs are compared at once.`);
    else location.hash = link("compare", "", { run: ids() });
  };
  const charts = () => {
    if (selection.ids.size === 0) page.say("Choose runs to draw.");
    else location.hash = link("charts", "", { run: ids() });
  };

  /**
   * Change the chosen runs, and say which of them refused.
   *
   * @param {string} name
   * @param {object} body
   * @param {(reply: any) => void} [done]
   */
  const change = async (name, body, done = () => {}) => {
    try {
      const reply = await tell(name, body);
      for (const one of (reply.refused ?? []).slice(0, 5)) page.say(one.message);
      done(reply);
      refresh();
    } catch (problem) {
      page.say(problem instanceof Error ? problem.message : String(problem));
    }
  };

  const tag = () =>
    ask("Tags, with commas; - before one takes it away", "", (text) => {
      const words = text
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean);
      const add = words.filter((word) => !word.startsWith("-"));
      change("tag", {
        runs: ids(),
        add,
        remove: words.filter((word) => word.startsWith("-")).map((word) => word.slice(1)),
      });
    });
  const note = () => ask("A comment", "", (text) => change("note", { run: ids()[0], text }));
  const rename = () =>
    ask("Another id", ids()[0], (name) => change("rename", { run: ids()[0], name }, () => selection.clear()));
  const trash = () =>
    change("trash", { runs: ids() }, (reply) => {
      const names = reply.removed.map((/** @type {any} */ one) => one.trash);
      selection.clear();
      if (names.length)
        page.say(`${names.length} in the trash.`, { title: "Undo", act: () => change("restore", { names }) });
    });

  const copyIds = async () => {
    page.say((await copy(ids().join(" "))) ? "Copied." : "The browser does not let this page copy.");
  };
  const none = button("None", () => selection.clear());
  const ofReading = (/** @type {number} */ count) => [
    button("Compare", compare, count < 2 || count > MOST_COMPARED),
    button("Charts", charts),
    button("Copy ids", copyIds),
  ];
  const ofChanges = (/** @type {number} */ count) => [
    button("Tag", tag),
    button("Note", note, count > 1),
    button("Rename", rename, count > 1),
    button("Trash", trash),
  ];

  const draw = () => {
    const count = selection.ids.size;
    const unseen = selection.unseen();
    const chosen = `${count} chosen${unseen ? `, ${unseen} of them outside of the filter` : ""}`;
    element.classList.toggle("empty", count === 0);
    fill(
      element,
      h("span", {}, count === 0 ? "Choose runs to compare, draw or tag them" : chosen),
      count > 0 ? [...ofReading(count), ...(page.server.read_only ? [] : ofChanges(count)), none] : [],
    );
  };

  draw();
  return { element, draw, compare, charts };
}

/**
 * @param {string} title
 * @param {() => void} act
 * @param {boolean} [isDisabled]
 */
function button(title, act, isDisabled = false) {
  return h("button", { type: "button", onclick: act, disabled: isDisabled }, title);
}

/**
 * Ask for a line of text in a dialog.
 *
 * @param {string} label
 * @param {string} value
 * @param {(text: string) => void} done
 */
export function ask(label, value, done) {
  const input = h("input", { value, name: "text", autofocus: true });
  const dialog = h(
    "dialog",
    { class: "question" },
    h(
      "form",
      { method: "dialog", onsubmit: () => done(input.value) },
      h("label", {}, label, input),
      h(
        "menu",
        {},
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { value: "ok" }, "OK"),
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}
