/** The frame around the views: which one an address means, and how one goes to another. */

import { link, parse, put } from "./address.js";
import { askServer, Refusal, useStore } from "./api.js";
import { fill, h } from "./dom.js";

/**
 * What a view is given.
 *
 * @typedef {object} Page
 * @property {HTMLElement} element where it draws
 * @property {import("./address.js").Address} address
 * @property {{stores: {name: string, folder: string}[], read_only: boolean, version: string,
 *     is_report?: boolean}} server
 * @property {AbortSignal} signal aborted when another view comes; listeners, timers and questions end with it
 * @property {(words: import("./address.js").Values) => void} state changes words of the
 *     address without a new view: null takes one away
 * @property {(message: string, action?: {title: string, act: () => void}) => void} say shows a message for a while,
 *     with a button where something can be done about it
 */

/** @typedef {(page: Page) => void | Promise<void>} View draws itself once; a new address makes a new one */

/** @type {Record<string, () => Promise<{view: View}>>} */
const VIEWS = {
  runs: () => import("./runs.js"),
  run: () => import("./run.js"),
  charts: () => import("./charts.js"),
  compare: () => import("./compare.js"),
  sweep: () => import("./sweep.js"),
  sweeps: () => import("./sweeps.js"),
};

const TITLES = { runs: "Runs", charts: "Charts", sweeps: "Sweeps" };

const header = /** @type {HTMLElement} */ (document.getElementById("header"));
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const messages = /** @type {HTMLElement} */ (document.getElementById("messages"));
/** @type {Page["server"] | undefined} */
let server;
let current = new AbortController();

/** Draw what the address means. */
async function draw() {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close(); // they are of the view before
  const address = parse(location.hash);
  try {
    const loading = VIEWS[address.view]?.();
    loading?.catch(() => {}); // that is said where it is waited for
    server ??= await askServer();
    useStore(Number(address.words.get("store") ?? 0));
    drawHeader(address);
    if (loading === undefined) {
      fill(main, h("h1", {}, "No such page"), h("p", {}, `There is no view ${address.view}.`), toRuns());
      return;
    }
    const { view } = await loading;
    if (signal.aborted) return;
    const element = h("div", { class: `view ${address.view}` });
    fill(main, element);
    document.title = `${address.id || TITLES[/** @type {keyof typeof TITLES} */ (address.view)] || address.view} · expframe`;
    await view({
      element,
      address,
      server,
      signal,
      state: (words) => signal.aborted || changeState(address, words),
      say,
    });
  } catch (problem) {
    if (!signal.aborted) fill(main, trouble(problem), toRuns());
  }
}

/** @param {import("./address.js").Address} address */
function drawHeader(address) {
  const views = Object.entries(TITLES).map(([view, title]) =>
    h("a", { href: link(view), "aria-current": view === address.view ? "page" : null }, title),
  );
  const stores = server?.stores ?? [];
  const go = (/** @type {Event} */ event) => {
    location.hash = link("runs", "", { store: /** @type {HTMLSelectElement} */ (event.target).value });
  };
  const chosen = Number(address.words.get("store") ?? 0);
  const options = stores.map((store, number) =>
    h("option", { value: number, selected: number === chosen }, store.name),
  );
  fill(
    header,
    h("a", { href: link("runs"), class: "brand" }, "expframe"),
    h("nav", { "aria-label": "Views" }, views),
    stores.length > 1 && h("select", { "aria-label": "Store", onchange: go }, options),
  );
}

/**
 * Change words of an address that is shown; the view stays.
 *
 * @param {import("./address.js").Address} address
 * @param {import("./address.js").Values} words
 */
function changeState(address, words) {
  const shown = parse(location.hash); // a view may have gone on within itself, as that of a run between its sections
  put(address.words, words);
  put(shown.words, words);
  history.replaceState(null, "", link(shown.view, shown.id, shown.words));
}

/**
 * Show a message for a while.
 *
 * @param {string} message
 * @param {{title: string, act: () => void}} [action]
 */
function say(message, action) {
  const act = () => (line.remove(), action?.act());
  const line = h("p", {}, message, action && [" ", h("button", { type: "button", onclick: act }, action.title)]);
  messages.append(line);
  setTimeout(() => line.remove(), 8000);
}

/** Return the way out of an address that shows nothing. */
function toRuns() {
  return h("p", {}, h("a", { href: link("runs") }, "All runs"));
}

/**
 * Return what is shown in place of a view that cannot be.
 *
 * @param {unknown} problem
 */
export function trouble(problem) {
  const text = problem instanceof Error ? problem.message : String(problem);
  const title = problem instanceof Refusal ? "This cannot be shown" : "Something went wrong on this page";
  return h("section", { class: "trouble", role: "alert" }, h("h1", {}, title), h("p", {}, text));
}

addEventListener("hashchange", draw);
draw();
