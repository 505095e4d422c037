/** A table of any size: only the cells that are seen are drawn, and only lines near them are asked for. */

import { h, refill } from "./dom.js";

const HEIGHT = 28;
const PAGE = 50;
const AHEAD = 50;
/** So many pages are asked for at once: those that fly past are not. */
const FLIGHTS = 2;
const BEYOND = 8;
const BESIDE = 240;
const KEPT = 60;
const CONTROLS = "a, button, input";

/** @typedef {[number, number]} Span the first of some, and the one after the last */

/**
 * @template Line
 * @typedef {object} GridParts
 * @property {string} label what the table shows, for those who do not see it
 * @property {(offset: number, limit: number, signal: AbortSignal) => Promise<{total: number, rows: Line[]}>} load
 * @property {(known: Line[]) => HTMLTableRowElement} head the line of titles, beside the lines that are there
 * @property {() => number[]} widths of the columns in pixels
 * @property {(line: Line, place: number, across: Span) => HTMLTableRowElement} row with the cells of some columns
 * @property {(row: HTMLTableRowElement, line: Line, place: number, across: Span) => boolean} redraw makes a row that of
 *     another line; false where a new one is needed
 * @property {(line: Line) => string | undefined} key what a line is known by, wherever it stands
 * @property {(problem: unknown) => void} failed
 * @property {AbortSignal} signal
 */

/**
 * A table of any length.
 *
 * @template Line
 */
export class Grid {
  /** @param {GridParts<Line>} parts */
  constructor(parts) {
    this.parts = parts;
    this.total = 0;
    this.focused = -1;
    /** @type {Map<number, Line[]>} */
    this.pages = new Map();
    /** @type {Set<number>} */
    this.asked = new Set();
    this.flights = 0;
    this.generation = new AbortController();
    this.columns = h("colgroup");
    this.head = h("thead");
    this.body = h("tbody");
    this.table = h("table", { "aria-label": parts.label }, this.columns, this.head, this.body);
    this.element = h("div", { class: "grid", role: "region", "aria-label": parts.label, tabindex: 0 }, this.table);
    /** @type {Map<number, {line: Line | undefined, row: HTMLTableRowElement}>} */
    this.drawn = new Map();
    this.above = spacer();
    this.below = spacer();
    this.body.append(this.above, this.below);
    /** @type {number[]} where columns begin, and where the last one ends */
    this.starts = [0];
    /** @type {Span} the columns whose cells are drawn */
    this.across = [0, 0];
    this.isDue = false;
    this.isStale = false;
    this.element.addEventListener("scroll", () => this.move(), { passive: true, signal: parts.signal });
    new ResizeObserver(() => this.move()).observe(this.element);
  }

  /** Ask again for what is seen; until it is there, what was there stays. */
  async refresh() {
    this.generation.abort();
    const generation = new AbortController();
    this.generation = generation;
    this.asked.clear();
    this.element.setAttribute("aria-busy", "true");
    const [first, last] = this.range();
    const pages = pagesOf(first, Math.max(last, first + 1));
    const kept = new Set(pages);
    const focused = this.at(this.focused);
    await Promise.all(pages.map((page) => this.ask(page)));
    if (generation !== this.generation) return;
    this.element.setAttribute("aria-busy", "false");
    for (const page of this.pages.keys()) {
      if (!kept.has(page)) this.pages.delete(page);
    }
    if (focused !== undefined) this.follow(focused);
    this.drawHead();
    this.isStale = true;
    this.drawNow();
  }

  /** Stay at a line that was moved to, where it stands among others now. @param {Line} line */
  follow(line) {
    const key = this.parts.key(line);
    for (const [page, lines] of this.pages) {
      const place = lines.findIndex((other) => this.parts.key(other) === key);
      if (place >= 0) this.focused = page * PAGE + place;
    }
  }

  /** Whether what is seen was asked for again, and is not there yet. */
  get isBusy() {
    return this.element.getAttribute("aria-busy") === "true";
  }

  /** Draw titles and widths anew. */
  drawHead() {
    const widths = this.parts.widths();
    this.starts = [0];
    for (const width of widths) this.starts.push(this.starts[this.starts.length - 1] + width);
    this.columns.replaceChildren(...widths.map(column));
    refill(this.head, this.parts.head([...this.pages.values()].flat()));
    this.table.style.width = `${this.starts[widths.length]}px`;
    this.table.setAttribute("aria-colcount", String(widths.length));
  }

  /** Draw the lines that are seen anew, once in the next frame. */
  draw() {
    this.isStale = true;
    this.move();
  }

  /** Draw those lines that have come into sight, once in the next frame. */
  move() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (!this.parts.signal.aborted) this.drawNow();
    });
  }

  drawNow() {
    if (this.drawn.size === 0) this.below.style.height = `${this.total * HEIGHT}px`; // it is as high as it will be
    const [first, last] = this.range();
    const giveBack = this.focusHeld();
    this.look();
    /** @type {Grid<Line>["drawn"]} */
    const drawn = new Map();
    for (let place = first; place < last; place += 1) {
      const line = this.at(place);
      const known = this.drawn.get(place);
      const isSame = known !== undefined && known.line === line && !this.isStale;
      drawn.set(place, isSame ? known : { line, row: this.row(line, place, known) });
    }
    this.isStale = false;
    for (const [place, { row }] of this.drawn) if (drawn.get(place)?.row !== row) row.remove();
    this.drawn = drawn;
    /** @type {Element} */
    let next = this.below;
    for (const { row } of [...drawn.values()].reverse()) {
      if (row.nextElementSibling !== next) next.before(row); // what stays is not laid out again
      next = row;
    }
    giveBack();
    this.above.style.height = `${Math.max(0, first) * HEIGHT}px`;
    this.below.style.height = `${Math.max(0, this.total - last) * HEIGHT}px`;
    this.table.setAttribute("aria-rowcount", String(this.total + 1));
    const near = pagesOf(Math.max(0, first - AHEAD), Math.min(this.total, last + AHEAD));
    for (const page of [...pagesOf(first, last), ...near]) {
      if (this.flights < FLIGHTS && !this.pages.has(page) && !this.asked.has(page)) this.fetch(page);
    }
  }

  /** Return what gives the focus back to the control that has it now, where lines are drawn anew or move. */
  focusHeld() {
    const held = document.activeElement;
    if (held === null || !this.body.contains(held)) return () => {};
    const name = nameOf(held);
    return () => {
      const now = document.activeElement;
      if (now !== null && this.body.contains(now) && nameOf(now) === name) return;
      const controls = [...this.body.querySelectorAll(CONTROLS)];
      const same = /** @type {HTMLElement | undefined} */ (controls.find((control) => nameOf(control) === name));
      same?.focus({ preventScroll: true });
    };
  }

  /**
   * Ask for a page, and draw what is seen then; others that are wanted by then are asked for next.
   *
   * @param {number} page
   */
  async fetch(page) {
    const { signal } = this.generation;
    this.flights += 1;
    await this.ask(page);
    this.flights -= 1;
    if (!signal.aborted && this.pages.has(page)) this.move();
  }

  /**
   * Return the row of a line, the same one as before where that can be.
   *
   * @param {Line | undefined} line
   * @param {number} place
   * @param {{line: Line | undefined, row: HTMLTableRowElement} | undefined} known what is drawn at its place
   */
  row(line, place, known) {
    if (line !== undefined && known?.line !== undefined && this.parts.redraw(known.row, line, place, this.across)) {
      known.row.classList.toggle("focused", place === this.focused);
      return known.row;
    }
    const row = line === undefined ? h("tr", { class: "awaited" }) : this.parts.row(line, place, this.across);
    row.setAttribute("aria-rowindex", String(place + 2));
    row.dataset.place = String(place);
    row.classList.toggle("focused", place === this.focused);
    return row;
  }

  /**
   * Return the line at a place; undefined where it is not known yet.
   *
   * @param {number} place
   * @returns {Line | undefined}
   */
  at(place) {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  /**
   * Move to a line and show it.
   *
   * @param {number} place
   */
  focus(place) {
    this.focused = Math.max(0, Math.min(this.total - 1, place));
    const top = this.focused * HEIGHT;
    const seen = this.element.clientHeight - this.head.offsetHeight - HEIGHT;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + seen) this.element.scrollTop = top - seen;
    this.draw();
  }

  /** See to it that the cells of those columns are drawn that are seen, and of some beside them. */
  look() {
    const left = this.element.scrollLeft;
    const right = left + this.element.clientWidth;
    const [first, last] = this.between(left, right);
    if (!this.isStale && this.across[0] <= first && last <= this.across[1]) return;
    this.across = this.between(left - BESIDE, right + BESIDE);
    this.isStale = true;
  }

  /**
   * Return the columns of which something is between two places, in pixels.
   *
   * @param {number} left
   * @param {number} right
   * @returns {Span}
   */
  between(left, right) {
    const count = this.starts.length - 1;
    const ends = this.starts.slice(1);
    const last = this.starts.findIndex((start) => start >= right);
    return [
      Math.max(
        0,
        ends.findIndex((end) => end > left),
      ),
      last < 0 ? count : last,
    ];
  }

  /** @returns {Span} the lines that are drawn */
  range() {
    const first = Math.floor(this.element.scrollTop / HEIGHT) - BEYOND;
    const count = Math.ceil((this.element.clientHeight || 600) / HEIGHT) + 2 * BEYOND;
    const start = Math.max(0, Math.min(first, this.total - 1));
    return [start, Math.min(this.total, start + count)];
  }

  /**
   * Ask for a page of lines, unless that was done.
   *
   * @param {number} page
   */
  async ask(page) {
    if (this.asked.has(page)) return;
    this.asked.add(page);
    const { signal } = this.generation;
    try {
      const found = await this.parts.load(page * PAGE, PAGE, AbortSignal.any([signal, this.parts.signal]));
      if (signal.aborted) return;
      this.total = found.total;
      this.pages.set(page, found.rows);
      for (const old of this.pages.keys()) {
        if (this.pages.size <= KEPT || Math.abs(old - page) <= 2) continue;
        this.pages.delete(old);
        this.asked.delete(old);
      }
    } catch (problem) {
      this.asked.delete(page);
      if (!signal.aborted && !this.parts.signal.aborted) this.parts.failed(problem);
    }
  }
}

/** @param {number} width */
function column(width) {
  const element = h("col");
  element.style.width = `${width}px`;
  return element;
}

/**
 * Return the numbers of the pages that hold some lines.
 *
 * @param {number} first
 * @param {number} last the line after the last one
 */
function pagesOf(first, last) {
  const start = Math.floor(first / PAGE);
  const count = Math.max(0, Math.ceil(last / PAGE) - start);
  return Array.from({ length: count }, (_, number) => start + number);
}

/** Return what a control is called. @param {Element} control */
function nameOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent;
}

function spacer() {
  return h("tr", { class: "spacer", "aria-hidden": "true" });
}
