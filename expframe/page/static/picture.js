/** Pictures among the files of a run. */

import { askBytes } from "./api.js";
import { h } from "./dom.js";

/**
 * Return a picture; its content is asked for, and never markup of the page.
 *
 * @param {string} run
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {string} [type] as of MIME, where the content does not say it
 */
export async function picture(run, name, signal, type = "") {
  const content = await askBytes("file", { run, name }, signal);
  const address = URL.createObjectURL(new Blob([content], { type }));
  const image = h("img", { src: address, alt: name });
  try {
    await image.decode();
  } catch {
    return h("p", { class: "faint" }, `${name} is no picture that a browser can show.`);
  } finally {
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
  return image;
}
