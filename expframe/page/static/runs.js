/** The table of all runs. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { text } from "./show.js";

/** @type {import("./main.js").View} */
export async function view(page) {
  const { words } = page.address;
  const found = await ask("runs", { where: words.get("where"), sort: words.getAll("sort") }, page.signal);
  const head = h("tr", {}, h("th", {}, "id"), h("th", {}, "status"), found.columns.map((/** @type {any} */ column) => h("th", {}, column.title)));
  const rows = found.rows.map((/** @type {any} */ row) =>
    h(
      "tr",
      {},
      h("td", {}, h("a", { href: link("run", row.id) }, row.id)),
      h("td", {}, row.status),
      row.cells.map((/** @type {any} */ cell, /** @type {number} */ n) => h("td", {}, text(cell, found.columns[n].kind))),
    ),
  );
  fill(page.element, h("h1", {}, `${found.total} runs`), h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}
