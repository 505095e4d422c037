/** Where a run happened: machine, packages, and what it was started with. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { size } from "./show.js";
import { entries } from "./tables.js";

/** @type {import("./run.js").Section} */
export async function section(page, element) {
  const { host, packages, start } = await ask("environment", { run: page.address.id }, page.signal);
  const list = h("div", {});
  const draw = () => {
    const part = search.value.toLowerCase();
    fill(
      list,
      entries(
        packages.filter((/** @type {[string, any]} */ [name]) => name.toLowerCase().includes(part)),
        "Packages",
      ),
    );
  };
  const search = h("input", {
    type: "search",
    placeholder: "find a package",
    "aria-label": "Find a package",
    oninput: draw,
  });
  const none = (/** @type {string} */ what) => h("p", { class: "faint" }, `${what} not recorded.`);
  draw();
  fill(
    element,
    h(
      "div",
      { class: "halves" },
      h(
        "div",
        {},
        h("div", {}, h("h2", {}, "Machine"), host.length ? entries(host.map(readable), "Machine") : none("It was")),
        h("div", {}, h("h2", {}, "Start"), entries(start, "Start")),
      ),
      h(
        "div",
        {},
        h(
          "div",
          {},
          h("h2", {}, `Packages (${packages.length})`),
          packages.length ? [search, list] : none("They were"),
        ),
      ),
    ),
  );
}

/**
 * @param {[string, any]} entry
 * @returns {[string, any]}
 */
function readable([name, value]) {
  return [name, name === "memory" && typeof value === "number" ? size(value) : value];
}
