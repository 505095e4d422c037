/** Views that were saved in the store: an address with a name. */

import { ask, tell } from "./api.js";
import { fill, h } from "./dom.js";
import { ask as askText } from "./selection.js";

/**
 * Return the menu of saved views.
 *
 * @param {import("./main.js").Page} page
 */
export function savedViews(page) {
  const list = h("ul", {});
  const element = h("details", { class: "menu" }, h("summary", {}, "Views"), list);

  const act = async (/** @type {string} */ name, /** @type {object} */ body) => {
    try {
      await tell(name, body);
      await draw();
    } catch (problem) {
      page.say(problem instanceof Error ? problem.message : String(problem));
    }
  };

  const draw = async () => {
    const { views } = await ask("views", {}, page.signal);
    fill(
      list,
      views.map((/** @type {any} */ view) =>
        h(
          "li",
          {},
          h("a", { href: view.address, onclick: () => (element.open = false) }, view.name),
          !page.server.read_only &&
            h(
              "button",
              {
                type: "button",
                "aria-label": `Delete the view ${view.name}`,
                onclick: () => act("delete_view", { name: view.name }),
              },
              "✕",
            ),
        ),
      ),
      views.length === 0 && h("li", { class: "faint" }, "No saved views"),
      !page.server.read_only &&
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              onclick: () =>
                askText("Save this view as", "", (name) =>
                  act("save_view", { name, address: location.hash || "#/runs" }),
                ),
            },
            "Save this view …",
          ),
        ),
    );
  };

  element.addEventListener("toggle", () => element.open && draw());
  return element;
}
