/** The curves of a run's metrics, and those of its machine. */

import { curvePanel } from "./curve_panel.js";
import { h } from "./dom.js";

/** @type {import("./run.js").Section} */
export async function section(page, element, head) {
  const isSystem = page.address.words.has("machine");
  if (head.sections.system) {
    const choose = (/** @type {boolean} */ machine) => {
      page.state({ machine });
      dispatchEvent(new HashChangeEvent("hashchange"));
    };
    element.append(
      h(
        "div",
        { class: "tools", role: "group", "aria-label": "Which curves" },
        h("button", { type: "button", "aria-pressed": String(!isSystem), onclick: () => choose(false) }, "metrics"),
        h("button", { type: "button", "aria-pressed": String(isSystem), onclick: () => choose(true) }, "machine"),
      ),
    );
  }
  await curvePanel(page, element, { runs: [page.address.id], system: isSystem, empty: "It has logged no numbers." });
}
