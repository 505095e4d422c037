/** Keys that do something on a page, and the dialog that tells them. */

import { h } from "./dom.js";

/** @typedef {[string, string, () => void]} Key the key, what it does, and how */

/**
 * Listen to keys that are pressed outside of boxes of text; `?` tells them all.
 *
 * @param {Key[]} keys
 * @param {AbortSignal} signal
 */
export function onKeys(keys, signal) {
  const listen = (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const isText = target.closest("input:not([type=checkbox]), textarea, select, dialog") !== null;
    if (isText || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && target.closest("a, button")) return;
    const found = keys.find(([key]) => key === event.key);
    if (event.key === "?") tell(keys);
    else if (found) found[2]();
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", listen, { signal });
}

/** @param {Key[]} keys */
function tell(keys) {
  const lines = keys.map(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)]);
  const dialog = h(
    "dialog",
    { class: "keys", "aria-label": "Keys" },
    h("form", { method: "dialog" }, h("h2", {}, "Keys"), h("button", { class: "close", "aria-label": "Close" }, "✕")),
    h("dl", {}, ...lines.flat(), h("dt", {}, h("kbd", {}, "?")), h("dd", {}, "this list")),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
