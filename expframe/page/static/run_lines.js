/** The lines of the table of runs: titles, cells, and what a click on them does. */

import { link } from "./address.js";
import { fill, h } from "./dom.js";
import { digitWidth, groupEntries, isNumeric, statusCell, tellingEntries } from "./run_cells.js";
import { number, text } from "./show.js";

const LEAST = 56;
const MOST = 260;
const OF_TIME = 168;
const OF_CHOICE = 30;
const OF_ID = 92;
const OF_STATUS = 124;
/** The least width of the names of groups, and the most. */
const OF_GROUPS = [160, 440];
const FIXED = 3;

/**
 * @typedef {{name: string, title: string, kind: string}} Column
 * @typedef {{id?: string, status?: string, group?: string, entries?: Record<string, any>, n?: number, ids?: string[],
 *     depth: number, inside: number, open: boolean, cells: any[]}} Line
 */

/**
 * A row that was made, and what it shows.
 *
 * @typedef {{line: Line, place: number, choice: HTMLInputElement, cells: HTMLTableCellElement[], shown: string[],
 *     columns: string}} Made
 */

/** How lines of runs are drawn. */
export class RunLines {
  /**
   * @param {URLSearchParams} words of the address
   * @param {(words: Record<string, any>) => void} change
   * @param {import("./selection.js").Selection} selection
   * @param {(place: number) => void} chooseTo
   */
  constructor(words, change, selection, chooseTo) {
    this.words = words;
    this.change = change;
    this.selection = selection;
    this.chooseTo = chooseTo;
    /** @type {Column[]} */
    this.columns = [];
    this.names = "";
    this.runs = 0;
    /** @type {WeakMap<HTMLTableRowElement, Made>} */
    this.made = new WeakMap();
    /** @type {Map<string, number>} */
    this.fitting = new Map();
    /** @type {Set<string>} names of the columns of which most cells are numbers */
    this.numeric = new Set();
    this.dragged = "";
    this.letter = digitWidth();
    /** @type {string[]} names of the entries in which groups differ: as chosen, else first those of most values */
    this.telling = [];
    this.ofGroup = OF_GROUPS[0];
  }

  /** Take what was answered. @param {{columns: Column[], rows: Line[], runs: number}} found */
  take(found) {
    this.runs = found.runs;
    this.columns = found.columns;
    this.names = JSON.stringify(this.columnNames());
    this.telling = tellingEntries(found.rows);
    if (!this.isOfConfigurations) {
      const order = found.rows.flatMap(({ entries = {} }) => Object.keys(entries));
      this.telling.sort((one, other) => order.indexOf(one) - order.indexOf(other));
    }
    const names = found.rows.slice(0, 50).map((row) => (row.group === undefined ? "" : this.groupName(row)));
    const longest = Math.max(0, ...names.map((name) => name.length));
    const most = Math.min(OF_GROUPS[1], innerWidth / 2);
    this.ofGroup = Math.round(
      Math.max(OF_GROUPS[0], Math.min(most, Math.max(this.ofGroup, longest * this.letter + 50))),
    );
    found.columns.forEach((column, place) => {
      const longest = Math.max(
        column.title.length + 3,
        ...found.rows.slice(0, 50).map((row) => this.shown(row.cells[place], column).length),
      );
      const needed = column.kind === "time" ? OF_TIME : longest * this.letter + 20;
      const width = Math.min(MOST, Math.max(LEAST, needed, this.fitting.get(column.name) ?? 0));
      this.fitting.set(column.name, Math.round(width));
      const cells = found.rows.map((row) => row.cells[place]).filter((cell) => cell !== null);
      if (cells.length > 0 && 2 * cells.filter(isNumeric).length >= cells.length) this.numeric.add(column.name);
      else if (cells.length > 0) this.numeric.delete(column.name);
    });
  }

  /** Whether groups are those of equal configurations, which may have entries that others have not. */
  get isOfConfigurations() {
    return this.words.getAll("group").includes("configuration");
  }

  columnNames() {
    return this.columns.map((column) => column.name);
  }

  widths() {
    const given = new Map(
      this.words
        .getAll("width")
        .map(
          (word) =>
            /** @type {[string, number]} */ ([
              word.slice(0, word.lastIndexOf(":")),
              Number(word.slice(word.lastIndexOf(":") + 1)),
            ]),
        ),
    );
    const isGrouped = this.words.getAll("group").length > 0;
    return [
      OF_CHOICE,
      isGrouped ? this.ofGroup : OF_ID,
      OF_STATUS,
      ...this.columns.map((column) => given.get(column.name) ?? this.fitting.get(column.name) ?? 100),
    ];
  }

  /** Return the line of titles. @param {Line[]} known the lines that are there, of those that the filter finds */
  head(known) {
    const chosen = this.selection.among(known.flatMap(idsOf), this.runs);
    const isAll = chosen === "all";
    const choice = h("input", {
      type: "checkbox",
      name: "choose all",
      "aria-label": isAll ? "Choose none" : "Choose all",
      onchange: () => (isAll ? this.selection.clear() : this.selection.all()),
    });
    showChosen(choice, chosen);
    return h(
      "tr",
      { "aria-rowindex": 1 },
      h("th", { class: "choice" }, choice),
      this.title({ name: "id", title: this.words.getAll("group").length ? "group" : "id", kind: "id" }, "first"),
      this.title({ name: "status", title: "status", kind: "text" }, ""),
      this.columns.map((column) => this.title(column, "movable")),
    );
  }

  /**
   * @param {Column} column
   * @param {string} kind
   */
  title(column, kind) {
    const sorts = this.words.getAll("sort");
    const place = sorts.findIndex((word) => word.replace(/^-/, "") === column.name);
    const direction = place < 0 ? "none" : sorts[place].startsWith("-") ? "descending" : "ascending";
    const isNumber = this.numeric.has(column.name);
    const arrow = { none: "", ascending: " ↑", descending: " ↓" }[direction];
    const sort = (/** @type {MouseEvent} */ event) => {
      const [first, second] = isNumber ? ["descending", "ascending"] : ["ascending", "descending"];
      const next = { none: first, [first]: second, [second]: "none" }[direction];
      const others = event.shiftKey ? sorts.filter((word) => word.replace(/^-/, "") !== column.name) : [];
      const word = next === "descending" ? `-${column.name}` : column.name;
      this.change({ sort: next === "none" ? others : [...others, word] });
    };
    const head = h(
      "th",
      { class: isNumber ? `${kind} number` : kind, scope: "col", "aria-sort": direction, title: column.name },
      h("button", { type: "button", class: "sort", name: column.name, onclick: sort }, column.title, arrow),
    );
    if (kind === "movable") {
      this.makeMovable(head, column);
      head.append(
        h("span", {
          class: "resizer",
          "aria-hidden": "true",
          onpointerdown: (/** @type {PointerEvent} */ event) => this.resize(event, column),
        }),
      );
    }
    return head;
  }

  /**
   * @param {HTMLElement} head
   * @param {Column} column
   */
  makeMovable(head, column) {
    head.draggable = true;
    head.addEventListener("dragstart", () => (this.dragged = column.name));
    head.addEventListener("dragover", (event) => event.preventDefault());
    head.addEventListener("drop", (event) => {
      event.preventDefault();
      const names = this.columnNames().filter((name) => name !== this.dragged);
      const place = this.columnNames().indexOf(column.name);
      if (this.dragged) this.change({ column: [...names.slice(0, place), this.dragged, ...names.slice(place)] });
      this.dragged = "";
    });
  }

  /**
   * @param {PointerEvent} event
   * @param {Column} column
   */
  resize(event, column) {
    event.preventDefault();
    event.stopPropagation();
    const start = event.clientX;
    const before = this.widths()[this.columns.indexOf(column) + FIXED];
    const handle = /** @type {HTMLElement} */ (event.target);
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointerup", (end) => {
      this.setWidth(column, before + end.clientX - start);
    });
  }

  /**
   * Make the column wider, or narrower, whose title has the focus.
   *
   * @param {number} pixels
   */
  widen(pixels) {
    const name = document.activeElement?.closest("th")?.querySelector("button")?.getAttribute("name");
    const place = this.columns.findIndex((column) => column.name === name);
    if (place >= 0) this.setWidth(this.columns[place], this.widths()[place + FIXED] + pixels);
  }

  /**
   * @param {Column} column
   * @param {number} width
   */
  setWidth(column, width) {
    const others = this.words.getAll("width").filter((word) => word.slice(0, word.lastIndexOf(":")) !== column.name);
    this.change({ width: [...others, `${column.name}:${Math.round(Math.max(LEAST / 2, width))}`] });
  }

  /**
   * Return a line with the cells of some columns, beside those that all have, and one in place of those before them.
   *
   * @param {Line} line
   * @param {number} place
   * @param {import("./grid.js").Span} across
   */
  row(line, place, across) {
    const [from, to] = across.map((column) => Math.max(0, column - FIXED));
    const choice = h("input", {
      type: "checkbox",
      onclick: (/** @type {MouseEvent} */ event) =>
        event.shiftKey && this.selection.anchor >= 0 ? this.chooseTo(made.place) : this.choose(made.line, made.place),
    });
    const cells = line.cells
      .slice(from, to)
      .map((_, number) => h("td", { "aria-colindex": FIXED + from + number + 1 }));
    const row = h(
      "tr",
      {},
      h("td", { class: "choice" }, choice),
      h("td"),
      h("td"),
      from > 0 && h("td", { colspan: from, "aria-hidden": "true" }),
      cells,
    );
    /** @type {Made} */
    const made = { line, place, choice, cells, shown: cells.map(() => ""), columns: this.columnsOf(across) };
    this.made.set(row, made);
    this.redraw(row, line, place, across);
    return row;
  }

  /**
   * Make a row that of another line; return whether it can be, since it has the same columns.
   *
   * @param {HTMLTableRowElement} row
   * @param {Line} line
   * @param {number} place
   * @param {import("./grid.js").Span} across
   */
  redraw(row, line, place, across) {
    const made = this.made.get(row);
    if (made?.columns !== this.columnsOf(across)) return false;
    const chosen = this.selection.among(idsOf(line));
    const name = line.group === undefined ? `run ${line.id}` : this.groupName(line);
    made.line = line;
    made.place = place;
    row.className = chosen === "all" ? "chosen" : "";
    showChosen(made.choice, chosen);
    made.choice.setAttribute("aria-label", `Choose ${name}`);
    row.children[1].replaceWith(this.first(line, name));
    row.children[2].replaceWith(statusCell(line));
    const from = Math.max(0, across[0] - FIXED);
    made.cells.forEach((cell, number) => {
      const value = line.cells[from + number];
      const shown = this.shown(value, this.columns[from + number]);
      cell.className = isNumeric(value) ? "number" : "";
      if (shown === made.shown[number]) return;
      made.shown[number] = shown;
      if (shown.length > 12) cell.title = shown;
      else cell.removeAttribute("title");
      fill(cell, shown);
    });
    return true;
  }

  /**
   * Return what tells the columns that a row has from those of others.
   *
   * @param {import("./grid.js").Span} across
   */
  columnsOf(across) {
    return `${across} ${this.names}`;
  }

  /**
   * Return the cell that says which run or group a line is.
   *
   * @param {Line} line
   * @param {string} name
   */
  first(line, name) {
    const key = line.group ?? line.id ?? "";
    const toggle =
      line.inside > 0 &&
      h(
        "button",
        {
          type: "button",
          class: "toggle",
          "aria-expanded": String(line.open),
          "aria-label": `${line.open ? "Hide" : "Show"} the ${line.inside} runs of ${name}`,
          onclick: () => this.toggle(key, line.open),
        },
        line.open ? "▾" : "▸",
      );
    const cell = h(
      "td",
      { class: "first" },
      toggle,
      line.group === undefined
        ? h("a", { href: link("run", line.id) }, line.id)
        : h("span", { title: groupEntries(line, Object.keys(line.entries ?? {})) }, name),
      line.group === undefined && line.inside > 0 && h("span", { class: "faint" }, ` ${line.inside}`),
    );
    cell.style.paddingLeft = `${22 + line.depth * 16}px`;
    return cell;
  }

  /**
   * @param {any} cell
   * @param {Column | undefined} column
   */
  shown(cell, column) {
    if (cell === null || typeof cell !== "object" || !("mean" in cell)) return text(cell, column?.kind);
    const half = typeof cell.high === "number" && typeof cell.low === "number" ? (cell.high - cell.low) / 2 : null;
    return half === null
      ? text(cell.mean, column?.kind)
      : `${text(cell.mean, column?.kind)} ± ${number(Number(half.toPrecision(2)))}`;
  }

  /** Return what tells a group from the others, as far as it has that. @param {Line} line */
  groupName(line) {
    const names = Object.keys(line.entries ?? {});
    const telling = this.telling.filter((name) => !this.isOfConfigurations || names.includes(name));
    return groupEntries(line, telling.length ? telling : names);
  }

  /**
   * @param {string} key
   * @param {boolean} isOpen
   */
  toggle(key, isOpen) {
    const others = this.words.getAll("open").filter((word) => word !== key);
    this.change({ open: isOpen ? others : [...others, key] });
  }

  /**
   * @param {Line | undefined} line
   * @param {number} place
   */
  choose(line, place) {
    if (line !== undefined) this.selection.toggle(idsOf(line), place);
  }

  /** @param {Line | undefined} line */
  open(line) {
    if (line?.group !== undefined) this.toggle(line.group, line.open);
    else if (line !== undefined) location.hash = link("run", line.id);
  }
}

/** Return the ids of the run, or the runs, that a line shows. @param {Line} line */
function idsOf(line) {
  return line.ids ?? [line.id ?? ""];
}

/**
 * Show in a box whether all of some runs are chosen, some, or none.
 *
 * @param {HTMLInputElement} box
 * @param {import("./selection.js").Chosen} chosen
 */
function showChosen(box, chosen) {
  box.checked = chosen === "all";
  box.indeterminate = chosen === "some";
}
