/** The sweeps of a store, newest first. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { fill, h, put } from "./dom.js";
import { text } from "./show.js";

/** @type {import("./main.js").View} */
export async function view(page) {
  const body = h("tbody", {});
  const more = h("button", { type: "button", hidden: true, onclick: () => next() }, "Show more");
  let shown = 0;

  async function next() {
    const found = await ask("sweeps", { offset: shown }, page.signal);
    put(body, found.sweeps.map(row));
    shown += found.sweeps.length;
    more.hidden = shown >= found.total;
    return found.total;
  }

  const total = await next();
  const heads = ["id", "name", "status", "started", "trials", "best"].map((head) => h("th", { scope: "col" }, head));
  fill(
    page.element,
    h("h1", {}, total === 1 ? "1 sweep" : `${total} sweeps`),
    total
      ? h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), body))
      : h(
          "p",
          {},
          "A sweep does a run for each combination of values: ",
          h("code", {}, "python train.py sweep with lr=0.1,0.01 --seeds 3"),
        ),
    more,
  );
}

/** @param {any} sweep */
function row(sweep) {
  const counts = Object.entries(sweep.counts).map(([status, count]) => `${count} ${status}`);
  const { best, goal } = sweep;
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: link("sweep", sweep.id) }, sweep.id)),
    h("td", {}, sweep.name),
    h("td", { class: `status-${sweep.status}` }, sweep.status),
    h("td", { class: "moment" }, text(sweep.started)),
    h("td", {}, `${sweep.size ?? "no end"}: ${counts.join(", ")}`),
    h("td", {}, best ? `${goal.field} ${text(best.mean)} with ${text(best.words)}` : ""),
  );
}
