/** The configurations of a sweep as a table that can be sorted; of many the first ones, and more when asked. */

import { link } from "./address.js";
import { fill, h } from "./dom.js";
import { label } from "./parameters.js";
import { isNumber, number, text } from "./show.js";

/**
 * @typedef {import("./sweep_configurations.js").Found} Found
 * @typedef {import("./sweep_configurations.js").Configuration} Configuration
 */

const PAGE = 50;

/**
 * Make a table in an element.
 *
 * @param {HTMLElement} element
 * @param {import("./main.js").Page} page
 * @param {(one: Configuration) => void} onpick
 * @returns {{update: (found: Found, isOn: boolean[]) => void}}
 */
export function configurationTable(element, page, onpick) {
  let sort = page.address.words.get("sort") ?? "";
  let most = PAGE;
  /** @type {{found: Found, isOn: boolean[]} | null} */
  let shown = null;

  /** @param {string} name */
  function sortBy(name) {
    sort = sort === name ? `-${name}` : sort === `-${name}` ? "" : name;
    page.state({ sort });
    draw();
  }

  function draw() {
    if (shown === null) return;
    const { found, isOn } = shown;
    const names = found.parameters.map((parameter) => parameter.name);
    const columns = [...names, found.goal.field, "n", ...found.others];
    const rows = found.configurations.map((one, place) => ({ one, place: place + 1 })).filter((_, at) => isOn[at]);
    const sorted = columns.indexOf(sort.replace(/^-/, ""));
    if (sort && sorted >= 0)
      rows.sort((first, second) =>
        compared(at(first.one, sorted, names), at(second.one, sorted, names), sort.startsWith("-")),
      );
    const isOfNumbers = (/** @type {number} */ number) => {
      const values = found.configurations.map((one) => at(one, number, names)).filter((value) => value !== null);
      return values.length > 0 && values.every(isNumber);
    };
    const heads = columns.map((name, column) => {
      const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none";
      const arrow = { ascending: " ↑", descending: " ↓", none: "" }[order];
      return h(
        "th",
        { scope: "col", "aria-sort": order, class: isOfNumbers(column) ? "number" : null },
        h("button", { type: "button", class: "sort", onclick: () => sortBy(name) }, `${name}${arrow}`),
      );
    });
    const span = spanOf(rows.slice(0, most).map(({ one }) => one));
    const head = h(
      "tr",
      {},
      h("th", { scope: "col" }, "#"),
      heads,
      h("th", { scope: "col" }, "95 % interval"),
      h("th", { scope: "col" }, "trials"),
      h("th", { scope: "col" }, "runs"),
    );
    const more = rows.length - most;
    const grow = () => {
      most += 4 * PAGE;
      draw();
    };
    fill(
      element,
      h(
        "div",
        { class: "wide" },
        h(
          "table",
          { class: "configurations" },
          h("thead", {}, head),
          h(
            "tbody",
            {},
            rows.slice(0, most).map((row) => rowOf(row, found, span)),
          ),
        ),
      ),
      more > 0
        ? h("button", { type: "button", onclick: grow }, `Show ${Math.min(more, 4 * PAGE)} more of ${more}`)
        : null,
    );
  }

  /**
   * @param {{one: Configuration, place: number}} row
   * @param {Found} found
   * @param {[number, number]} span
   */
  function rowOf({ one, place }, found, span) {
    const isMarked = isBest(one, place - 1, found);
    return h(
      "tr",
      { class: isMarked ? "best" : null },
      h(
        "td",
        { class: "number" },
        h(
          "button",
          { type: "button", class: "pick", title: "Its trials, and how it is run again", onclick: () => onpick(one) },
          isMarked ? `★ ${place}` : place,
        ),
      ),
      one.values.map((value) => h("td", { class: isNumber(value) ? "number" : null }, text(value))),
      h("td", { class: "number" }, text(one.mean)),
      h("td", { class: "number" }, one.n),
      one.others.map((mean) => h("td", { class: "number" }, text(mean))),
      h("td", { class: "interval" }, whisker(one, span)),
      h("td", {}, countsOf(one, found)),
      h(
        "td",
        {},
        one.runs.slice(0, 3).flatMap((run, index) => [index ? " " : "", h("a", { href: link("run", run) }, run)]),
        one.runs.length > 3 ? " …" : "",
      ),
    );
  }

  return {
    update(found, isOn) {
      shown = { found, isOn };
      draw();
    },
  };
}

/**
 * Return whether a configuration is the best one, or of several goals among the best.
 *
 * @param {Configuration} one
 * @param {number} place from 0 for the first
 * @param {Found} found
 */
export function isBest(one, place, found) {
  return found.front.length > 0 ? found.front.includes(one.configuration) : place === 0 && one.mean !== null;
}

/**
 * @param {Configuration} one
 * @param {number} column
 * @param {string[]} names
 */
function at(one, column, names) {
  return [...one.values.slice(0, names.length), one.mean, one.n, ...one.others][column];
}

/**
 * @param {import("./show.js").Cell} first
 * @param {import("./show.js").Cell} second
 * @param {boolean} isDescending
 */
function compared(first, second, isDescending) {
  if (first === null || second === null) return Number(first === null) - Number(second === null);
  const sign = isDescending ? -1 : 1;
  if (typeof first === "number" && typeof second === "number") return sign * (first - second);
  return sign * label(first).localeCompare(label(second), undefined, { numeric: true });
}

/**
 * Return from where to where the intervals go that are shown.
 *
 * @param {Configuration[]} shown
 * @returns {[number, number]}
 */
function spanOf(shown) {
  const numbers = shown.flatMap(({ low, mean, high }) => [low, mean, high]).filter((one) => typeof one === "number");
  return [Math.min(...numbers), Math.max(...numbers)];
}

/**
 * Return the interval of a mean as a line with a point, and as text.
 *
 * @param {Configuration} one
 * @param {[number, number]} span
 */
function whisker({ low, mean, high }, [first, last]) {
  if (typeof mean !== "number" || !(last > first)) return null;
  const place = (/** @type {number} */ value) => `${(100 * (value - first)) / (last - first)}%`;
  const dot = h("span", { class: "dot" });
  dot.style.left = place(mean);
  const parts = [dot];
  let said = "";
  if (typeof low === "number" && typeof high === "number") {
    const line = h("span", { class: "line" });
    line.style.left = place(low);
    line.style.width = `${(100 * (high - low)) / (last - first)}%`;
    parts.unshift(line);
    said = `${number(low)} … ${number(high)}`;
  }
  return h(
    "span",
    { class: "whisker", title: said },
    h("span", { class: "plot", "aria-hidden": "true" }, parts),
    h("span", {}, said),
  );
}

/**
 * @param {Configuration} one
 * @param {Found} found
 */
function countsOf(one, found) {
  const good = (one.counts.completed ?? 0) + (one.counts.pruned ?? 0);
  const others = Object.entries(one.counts).filter(
    ([status]) => status !== "completed" && (status !== "pruned" || found.replicates > 1),
  );
  const said = others.map(([status, count]) => (found.replicates > 1 ? `${count} ${status}` : status));
  const head = found.replicates > 1 ? [`${good} of ${found.replicates}`] : one.counts.completed ? ["completed"] : [];
  if (one.counts.pruned && found.replicates === 1) said.splice(0, said.length, "pruned");
  if (one.excluded.length) said.push(`${one.excluded.length} excluded`);
  return [...head, ...said].join(", ");
}
