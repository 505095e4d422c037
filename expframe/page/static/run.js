/** One run: its head, and its sections, of which the one that is looked at is asked for. */

import { link, parse } from "./address.js";
import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { drawHead } from "./run_head.js";
import { trouble } from "./main.js";

/**
 * @typedef {import("./main.js").Page} Page
 * @typedef {import("./run_head.js").Head} Head
 *
 * What a section is given: the page of the moment, whose signal ends with the section, where it draws, the head, and
 * what has the head asked for and drawn anew.
 *
 * @typedef {(page: Page, element: HTMLElement, head: Head, again: () => void) => void | Promise<void>} Section
 */

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
    this.head = h("header", { class: "run-head" });
    this.tabs = h("nav", { class: "tabs", "aria-label": "Sections of the run" });
    this.body = h("section", { class: "run-body" });
    /** @type {AbortController | null} */
    this.section = null;
  }

  async draw() {
    await this.ask();
    fill(this.page.element, this.head, this.tabs, this.body);
    await this.show();
  }

  /** Ask for the head, and draw it. */
  async ask() {
    const { page } = this;
    const words = { run: page.address.id, other: parse(location.hash).words.get("other") };
    /** @type {Head} */
    this.known = await ask("run", words, page.signal);
    drawHead(page, this.head, this.known, () => this.ask());
    this.drawTabs();
  }

  get name() {
    const asked = parse(location.hash).words.get("tab") ?? "";
    return asked in SECTIONS ? asked : "overview";
  }

  drawTabs() {
    const known = /** @type {Head} */ (this.known);
    const there = Object.entries(SECTIONS).filter(([name, { count }]) => name === this.name || count(known) !== 0);
    fill(this.tabs, there.map(([name, { title }]) => this.tab(name, title)));
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
      this.drawTabs();
      this.show();
    };
    return h("a", { href, "aria-current": name === this.name ? "page" : null, onclick }, title);
  }

  /** Draw the section that the address names. */
  async show() {
    this.section?.abort();
    this.section = new AbortController();
    const signal = AbortSignal.any([this.page.signal, this.section.signal]);
    const page = { ...this.page, address: parse(location.hash), signal };
    const element = h("div", { class: `section ${this.name}` });
    fill(this.body, element);
    try {
      const { section } = await SECTIONS[this.name].load();
      if (!signal.aborted) await section(page, element, /** @type {Head} */ (this.known), () => this.ask());
    } catch (problem) {
      if (!signal.aborted) fill(element, trouble(problem));
    }
  }
}
