/** Texts to be taken along: buttons that copy them. */

import { copy } from "./clipboard.js";
import { h } from "./dom.js";

/**
 * Return a button that copies a text, and says so.
 *
 * @param {string} text
 * @param {string} [label] what a screen reader says
 */
export function copyButton(text, label = `Copy ${text}`) {
  const button = h("button", { type: "button", class: "copy", "aria-label": label }, "copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copy(text)) ? "copied" : "press Ctrl+C";
    setTimeout(() => (button.textContent = "copy"), 2000);
  });
  return button;
}

/**
 * Return a command line with a button that copies it.
 *
 * @param {string} line
 */
export function commandLine(line) {
  return h("div", { class: "command-line" }, h("code", { tabindex: 0 }, line), copyButton(line));
}
