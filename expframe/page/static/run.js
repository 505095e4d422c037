/** One run: its head, and its sections, of which the one that is looked at is asked for. */

import { link, parse } from "./address.js";
import { ask } from "./api.js";
import { onChanges } from "./changes.js";
import { fill, h } from "./dom.js";
import { trouble } from "./main.js";
import { Questions } from "./questions.js";
import { actions, mayChange } from "./run_actions.js";
import { drawHead } from "./run_head.js";

/**
 * @typedef {import("./main.js").Page} Page
 * @typedef {import("./run_head.js").Head} Head
 *
 * What a section is given: the page of the moment, whose signal ends with the section, where it draws, the head, and
 * what has the head asked for and drawn anew. What it returns is called when the run has changed.
 *
 * @typedef {(page: Page, element: HTMLElement, head: Head, again: () => void)
 *     => void | Refresh | Promise<void | Refresh>} Section
 * @typedef {(head: Head) => void} Refresh
 */

const PAUSE = 5000;

/** @type {Record<string, {title: string, load: () => Promise<{section: Section}>, count: (head: Head) => number | null}>} */
const SECTIONS = {
  overview: { title: "Overview", load: () => import("./run_overview.js"), count: () => null },
  config: { title: "Config", load: () => import("./run_config.js"), count: () => null },
  curves: { title: "Curves", load: () => import("./run_curves.js"), count: (head) => head.sections.metrics ?? 0 },
  media: { title: "Media", load: () => import("./run_media.js"), count: (head) => head.sections.media ?? 0 },
  output: { title: "Output", load: () => import("./run_output.js"), count: () => null },
  files: { title: "Files", load: () => import("./run_files.js"), count: (head) => head.sections.files ?? 0 },
  code: { title: "Code", load: () => import("./run_code.js"), count: () => null },
  machine: { title: "Machine", load: () => import("./run_machine.js"), count: () => null },
  history: {
    title: "History",
    load: () => import("./run_history.js"),
    count: ({ sections }) => (sections.attempts ?? 0) + (sections.checkpoints ?? 0) + (sections.calls ?? 0),
  },
};

/** @type {import("./main.js").View} */
export async function view(page) {
  await new RunView(page).draw();
}

class RunView {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.title = h("div", { class: "run-title" });
    this.actions = h("div", { class: "run-actions" });
    this.rest = h("div", {});
    this.tabs = h("nav", { class: "tabs", "aria-label": "Sections of the run" });
    this.body = h("section", { class: "run-body" });
    /** @type {Head | null} */
    this.known = null;
    this.questions = new Questions();
    /** @type {AbortController | null} */
    this.section = null;
    /** @type {Refresh | null} */
    this.refresh = null;
  }

  async draw() {
    await this.ask();
    const head = h(
      "header",
      { class: "run-head" },
      h("div", { class: "run-top" }, this.title, this.actions),
      this.rest,
    );
    fill(this.page.element, head, this.tabs, this.body);
    this.listen();
    await this.show();
  }

  /** Ask for the head, and draw it. */
  async ask() {
    const { page } = this;
    const words = { run: page.address.id, other: parse(location.hash).words.get("other") };
    const question = this.questions.next();
    /** @type {Head} */
    const head = await ask("run", words, page.signal);
    if (!this.questions.takes(question) && this.known) return this.known;
    this.known = head;
    const again = () => this.again();
    drawHead(page, this.title, this.rest, head, again);
    if (!mayChange(page, head)) fill(this.actions);
    else if (!this.actions.hasChildNodes())
      fill(
        this.actions,
        actions(page, () => this.known ?? head, again),
      );
    if (this.hasNewTabs(head)) this.drawTabs(head);
    return head;
  }

  /** Ask for the head anew, and let the section draw what is new. */
  async again() {
    try {
      const head = await this.ask();
      this.refresh?.(head);
    } catch (problem) {
      if (this.page.signal.aborted) return;
      fill(
        this.rest,
        h(
          "p",
          { class: "notice bad", role: "alert" },
          /** @type {Error} */ (problem).message,
          " What was shown of it stays here.",
        ),
      );
    }
  }

  /** Look again when the run has changed and, while it runs, now and then: what it prints is no change of its facts. */
  listen() {
    const { id } = this.page.address;
    const timer = setInterval(() => {
      if (!document.hidden && this.known?.run.status === "RUNNING") this.again();
    }, PAUSE);
    this.page.signal.addEventListener("abort", () => clearInterval(timer));
    onChanges(({ changed, gone, is_new: isNew }) => {
      if (isNew || changed.includes(id) || gone.includes(id)) this.again();
    }, this.page.signal);
  }

  get name() {
    const asked = parse(location.hash).words.get("tab") ?? "";
    return asked in SECTIONS ? asked : "overview";
  }

  /** @param {Head} head */
  there(head) {
    return Object.keys(SECTIONS).filter((name) => name === this.name || SECTIONS[name].count(head) !== 0);
  }

  /** @param {Head} head */
  hasNewTabs(head) {
    return this.there(head).length !== this.tabs.childElementCount;
  }

  /** @param {Head} head */
  drawTabs(head) {
    fill(
      this.tabs,
      this.there(head).map((name) => this.tab(name, SECTIONS[name].title)),
    );
  }

  /**
   * @param {string} name
   * @param {string} title
   */
  tab(name, title) {
    const other = parse(location.hash).words.get("other");
    const href = link("run", this.page.address.id, { tab: name === "overview" ? null : name, other });
    /** @param {MouseEvent} event */
    const onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      history.pushState(null, "", href);
      if (this.known) this.drawTabs(this.known);
      this.show();
    };
    return h("a", { href, "aria-current": name === this.name ? "page" : null, onclick }, title);
  }

  /** Draw the section that the address names. */
  async show() {
    this.section?.abort();
    this.section = new AbortController();
    this.refresh = null;
    const signal = AbortSignal.any([this.page.signal, this.section.signal]);
    const page = { ...this.page, address: parse(location.hash), signal };
    const element = h("div", { class: `section of-${this.name}` });
    fill(this.body, element);
    try {
      const { section } = await SECTIONS[this.name].load();
      if (signal.aborted) return;
      const refresh = await section(page, element, /** @type {Head} */ (this.known), () => this.again());
      if (!signal.aborted) this.refresh = refresh ?? null;
    } catch (problem) {
      if (!signal.aborted) fill(element, trouble(problem));
    }
  }
}
