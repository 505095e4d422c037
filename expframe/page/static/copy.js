/** Texts to be taken along: command lines with a button that copies them. */

import { h } from "./dom.js";

/**
 * Return a command line with a button that copies it.
 *
 * @param {string} line
 * @param {(message: string) => void} say
 * @returns {HTMLElement}
 */
export function commandLine(line, say) {
  const code = h("code", {}, line);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(line);
      say("Copied.");
    } catch {  // outside secure contexts there is no clipboard
      getSelection()?.selectAllChildren(code);
      say("Selected: copy it by Ctrl-C.");
    }
  };
  return h("div", { class: "command-line" }, code, h("button", { type: "button", onclick: copy }, "Copy"));
}
