/** What a run printed: its last lines, which grow, those before them, and a text looked for in all of it. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { size } from "./show.js";
import { lineOf } from "./spans.js";

/**
 * @typedef {import("./spans.js").Line} Line
 * @typedef {import("./main.js").Page} Page
 *
 * @typedef {object} Piece
 * @property {number} size of all output in bytes
 * @property {number} from
 * @property {number} to
 * @property {Line[]} lines
 * @property {Line[]} open lines that may still change
 * @property {string} file
 * @property {boolean} is_new
 * @property {boolean} is_running
 */

const PAUSE = 1000;
/** Lines that are kept on the page while they are followed. */
const KEPT = 20000;

/** @type {import("./run.js").Section} */
export async function section(page, element, head, again) {
  await new Output(page, element, again).begin();
}

class Output {
  /**
   * @param {Page} page
   * @param {HTMLElement} element
   * @param {() => void} again has the head of the run drawn anew
   */
  constructor(page, element, again) {
    this.page = page;
    this.again = again;
    this.from = this.to = this.size = 0;
    this.file = "";
    this.settled = h("span", {});
    this.open = h("span", {});
    this.text = h("pre", { class: "output-text", tabindex: 0, "aria-label": "Output" }, this.settled, this.open);
    this.about = h("span", { class: "faint", role: "status" });
    this.earlier = h("button", { type: "button", onclick: () => this.guarded(() => this.before()) }, "earlier lines");
    this.later = h("button", { type: "button", onclick: () => this.guarded(() => this.after()) }, "later lines");
    this.follow = h(
      "button",
      { type: "button", "aria-pressed": "true", onclick: () => this.guarded(() => this.toEnd()) },
      "follow",
    );
    this.search = h("input", {
      type: "search",
      placeholder: "find in the output",
      "aria-label": "Find in the output",
      value: page.address.words.get("find"),
    });
    this.found = h("div", { class: "found" });
    const form = h(
      "form",
      { class: "tools", role: "search", onsubmit: (/** @type {Event} */ event) => this.find(event) },
      this.search,
      h("button", {}, "find"),
      this.follow,
      this.about,
    );
    fill(element, form, this.found, this.earlier, this.text, this.later);
    this.text.addEventListener("scroll", () => this.scrolled(), { signal: page.signal });
  }

  async begin() {
    const at = this.page.address.words.get("at");
    if (at) await this.around(Number(at));
    else await this.toEnd();
    if (this.search.value) await this.look(0);
  }

  /** @param {import("./api.js").Words} words */
  async ask(words) {
    /** @type {Piece} */
    const piece = await ask("output", { run: this.page.address.id, ...words }, this.page.signal);
    this.size = piece.size;
    this.file = piece.file;
    return piece;
  }

  /** @param {() => Promise<void>} act */
  async guarded(act) {
    try {
      await act();
    } catch (problem) {
      if (!this.page.signal.aborted) this.page.say(/** @type {Error} */ (problem).message);
    }
  }

  async toEnd() {
    this.page.state({ at: null });
    this.isFollowing = true;
    this.replace(await this.ask({}));
    this.text.scrollTop = this.text.scrollHeight;
  }

  /** @param {number} place */
  async around(place) {
    this.isFollowing = false;
    this.replace(await this.ask({ at: place }));
    this.text.scrollTop = 0;
  }

  /** @param {Piece} piece */
  replace(piece) {
    fill(this.settled, piece.lines.map(lineOf));
    this.from = piece.from;
    this.end(piece);
  }

  /** @param {Piece} piece */
  end(piece) {
    this.to = piece.to;
    fill(this.open, piece.open.map(lineOf));
    if (this.isRunning && !piece.is_running) this.again();
    this.isRunning = piece.is_running;
    this.draw(piece);
    this.wait();
  }

  /** @param {Piece} piece */
  draw(piece) {
    const isAtEnd = piece.open.length > 0 || this.to >= this.size;
    this.isAtEnd = isAtEnd;
    this.earlier.hidden = this.from === 0;
    this.later.hidden = isAtEnd;
    this.follow.setAttribute("aria-pressed", String(Boolean(this.isFollowing)));
    this.follow.textContent = this.isRunning ? "follow" : "to the end";
    const part = this.from > 0 || !isAtEnd ? `${size(this.to - this.from)} of ${size(this.size)}` : size(this.size);
    fill(
      this.about,
      this.size ? part : this.isRunning ? "It has printed nothing yet." : "It has printed nothing.",
      this.isRunning ? " · running" : "",
    );
  }

  /** Look again in a while, as long as the run goes on and the end is in sight. */
  wait() {
    clearTimeout(this.timer);
    if (!this.isRunning || !this.isAtEnd) return;
    this.timer = setTimeout(() => this.guarded(() => this.lookAgain()), PAUSE);
    this.page.signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  async lookAgain() {
    if (document.hidden) return this.wait();
    try {
      await this.after();
    } catch (problem) {
      if (this.page.signal.aborted) return;
      fill(this.about, /** @type {Error} */ (problem).message);
      this.wait();
    }
  }

  async after() {
    const piece = await this.ask({ from: this.to, file: this.file });
    if (piece.is_new) this.replace(piece);
    else {
      this.settled.append(...piece.lines.map(lineOf));
      while (this.isFollowing && this.settled.childElementCount > KEPT) this.settled.firstElementChild?.remove();
      this.end(piece);
    }
    if (this.isFollowing) this.text.scrollTop = this.text.scrollHeight;
  }

  async before() {
    const height = this.text.scrollHeight;
    const piece = await this.ask({ before: this.from });
    this.settled.prepend(...piece.lines.map(lineOf));
    this.from = piece.from;
    this.isFollowing = false;
    this.text.scrollTop += this.text.scrollHeight - height;
    this.earlier.hidden = this.from === 0;
    this.follow.setAttribute("aria-pressed", "false");
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.text;
    const isAtBottom = scrollTop + clientHeight >= scrollHeight - 8;
    this.isFollowing = isAtBottom && this.isAtEnd;
    this.follow.setAttribute("aria-pressed", String(Boolean(this.isFollowing)));
  }

  /** @param {Event} event */
  find(event) {
    event.preventDefault();
    this.page.state({ find: this.search.value });
    fill(this.found);
    if (this.search.value) this.guarded(() => this.look(0));
  }

  /**
   * Look for the text from a byte on, until a line has it, and list the lines that have it.
   *
   * @param {number} from
   */
  async look(from) {
    const wanted = this.search.value;
    if (!from) fill(this.found);
    const said = h("p", { class: "faint", role: "status" }, "Looking ...");
    this.found.append(said);
    let answer;
    do {
      answer = await ask("output_search", { run: this.page.address.id, find: wanted, from }, this.page.signal);
      if (wanted !== this.search.value) return;
      from = answer.to;
      said.textContent = `${size(answer.to)} of ${size(answer.size)} looked at.`;
    } while (!answer.found.length && answer.to < answer.size);
    const items = answer.found.map((/** @type {{at: number, text: string}} */ line) =>
      h("li", {}, this.foundLine(line, wanted)),
    );
    if (items.length) said.before(h("ol", {}, items));
    const isFirst = this.found.querySelector("li") === null;
    if (answer.to >= answer.size) said.textContent = isFirst ? "It is nowhere in the output." : "";
    else {
      const on = () => this.guarded(async () => (more.remove(), said.remove(), this.look(answer.to)));
      const more = h("button", { type: "button", onclick: on }, "look on");
      said.after(more);
    }
  }

  /**
   * @param {{at: number, text: string}} line
   * @param {string} wanted
   */
  foundLine(line, wanted) {
    const place = line.text.toLowerCase().indexOf(wanted.toLowerCase());
    const end = place + wanted.length;
    const shown =
      place < 0
        ? [line.text]
        : [line.text.slice(0, place), h("mark", {}, line.text.slice(place, end)), line.text.slice(end)];
    const go = async () => {
      this.page.state({ at: line.at });
      await this.around(line.at);
      this.settled.firstElementChild?.classList.add("marked");
    };
    return h("button", { type: "button", onclick: () => this.guarded(go) }, shown);
  }
}
