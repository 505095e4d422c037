/** By what runs are grouped in the table. */

import { fill, h } from "./dom.js";

const FACTS = ["name", "command", "tags", "parent", "status", "git.commit"];

/**
 * Return what shows and changes the grouping of an address.
 *
 * @param {URLSearchParams} words
 * @param {() => Promise<import("./column_chooser.js").Fields>} askFields
 * @param {(words: Record<string, any>) => void} change
 */
export function groupChooser(words, askFields, change) {
  const select = h("select", {
    "aria-label": "Group by",
    onchange: () => choose(),
    onfocus: () => offer(),
    onpointerdown: () => offer(),
  });
  const chips = h("span", { class: "chips" });
  const element = h("span", { class: "groups" }, select, chips);
  /** @type {string[]} */
  let offered = [];

  const choose = () => {
    const others =
      select.value === "configuration" ? [] : words.getAll("group").filter((one) => one !== "configuration");
    if (select.value) change({ group: [...others, select.value], open: null });
    select.value = "";
  };

  const offer = async () => {
    if (offered.length > 0) return;
    const fields = await askFields();
    offered = [...FACTS, ...fields.entries.map((entry) => entry.name)];
    draw();
  };

  const draw = () => {
    const chosen = words.getAll("group");
    fill(
      select,
      h("option", { value: "" }, chosen.length ? "and by …" : "Group by …"),
      h("option", { value: "configuration" }, "configuration (all but the seed)"),
      offered
        .filter((name) => !chosen.includes(name))
        .map((name) => h("option", { value: name }, name.replace(/^config\./, ""))),
    );
    fill(
      chips,
      chosen.map((name) => {
        const title = name.replace(/^config\./, "");
        const others = chosen.filter((one) => one !== name);
        return h(
          "button",
          {
            type: "button",
            class: "chip",
            "aria-label": `Do not group by ${title}`,
            onclick: () => change({ group: others, open: null }),
          },
          title,
          " ✕",
        );
      }),
    );
  };

  return { element, draw };
}
