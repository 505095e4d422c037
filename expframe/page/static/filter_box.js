/** The box in which runs are filtered: it completes fields and their values, and says what is wrong. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { Questions } from "./questions.js";
import { text } from "./show.js";

const PAUSE = 250;
const MOST = 12;
const WORD = /[\w./[\]"'-]*$/;
const COMPARED = /([\w./-]+)\s*(==|!=|<=|>=|<|>|in\s*\[?|contains)\s*$/;

/**
 * Return a box for a filter.
 *
 * @param {string} value
 * @param {(filter: string) => Promise<string>} apply takes a new filter, and returns what is wrong with it
 * @param {() => Promise<string[]>} fieldNames
 * @param {AbortSignal} signal
 */
export function filterBox(value, apply, fieldNames, signal) {
  const list = h("ul", { id: "completions", role: "listbox", "aria-label": "Completions", hidden: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const input = h("input", {
    type: "search",
    class: "filter",
    value,
    placeholder: "status == 'COMPLETED' and lr < 0.1   (press / )",
    "aria-label": "Filter",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "completions",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
  });
  let timer = 0;
  const filters = new Questions();
  const completions = new Questions();
  let chosen = -1;

  const close = () => {
    completions.next(); // what is on its way is wanted no more
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const send = async () => {
    clearTimeout(timer);
    const question = filters.next();
    const message = await apply(input.value.trim());
    if (!filters.isLast(question)) return; // what is wrong with another one is said
    problem.textContent = message;
    input.setAttribute("aria-invalid", message ? "true" : "false");
  };

  const complete = async () => {
    const before = input.value.slice(0, input.selectionStart ?? input.value.length);
    const question = completions.next();
    const found = await candidates(before, fieldNames);
    if (signal.aborted || document.activeElement !== input || !completions.isLast(question)) return;
    if (found.length === 0) return close();
    fill(
      list,
      found.map((name, number) => option(name, number, () => take(name))),
    );
    list.hidden = false;
    chosen = -1;
    input.setAttribute("aria-expanded", "true");
  };

  /** @param {string} name */
  const take = (name) => {
    const place = input.selectionStart ?? input.value.length;
    const before = input.value.slice(0, place).replace(WORD, "");
    input.value = `${before}${name} ${input.value.slice(place).trimStart()}`;
    input.setSelectionRange(before.length + name.length + 1, before.length + name.length + 1);
    close();
    input.focus();
    complete();
    clearTimeout(timer);
    timer = window.setTimeout(send, PAUSE);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(send, PAUSE);
    complete();
  });
  input.addEventListener("focus", complete);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    const options = [...list.children];
    if (event.key === "Enter") {
      if (chosen >= 0) take(options[chosen].textContent ?? "");
      else {
        close();
        send();
      }
    } else if (event.key === "Escape") {
      event.preventDefault(); // a browser would empty the field, and the filter would stay
      if (list.hidden) input.blur();
      close();
      event.stopPropagation();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
      options.forEach((one, number) => one.setAttribute("aria-selected", String(number === chosen)));
      options[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", options[chosen].id);
    }
  });
  const element = h("div", { class: "filter-box" }, input, problem, list);
  return { element, input, problem };
}

/**
 * @param {string} name
 * @param {number} number
 * @param {() => void} take
 */
function option(name, number, take) {
  const press = (/** @type {MouseEvent} */ event) => {
    event.preventDefault(); // the box keeps the focus
    take();
  };
  const properties = { role: "option", id: `completion-${number}`, "aria-selected": "false", onmousedown: press };
  return h("li", properties, name);
}

/**
 * Return what may stand at the end of the beginning of a filter.
 *
 * @param {string} before
 * @param {() => Promise<string[]>} fieldNames
 * @returns {Promise<string[]>}
 */
async function candidates(before, fieldNames) {
  const word = WORD.exec(before)?.[0] ?? "";
  const compared = COMPARED.exec(before.slice(0, before.length - word.length));
  if (compared) {
    const found = await ask("field_values", { field: compared[1] }).catch(() => ({ values: [] }));
    const values = found.values.map((/** @type {any} */ cell) => (typeof cell === "string" ? `'${cell}'` : text(cell)));
    return values.filter((/** @type {string} */ one) => one.includes(word) && one !== word).slice(0, MOST);
  }
  if (word === "") return [];
  const names = await fieldNames();
  const lower = word.toLowerCase();
  const begun = names.filter((name) => name.toLowerCase().startsWith(lower));
  const inside = names.filter((name) => !begun.includes(name) && name.toLowerCase().includes(lower));
  return [...begun, ...inside].filter((name) => name !== word).slice(0, MOST);
}
