/** The pictures among the files of a run, small, so that they are seen without a search. */

import { link } from "./address.js";
import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { picture } from "./picture.js";

const NAMES = /\.(png|jpe?g|gif|webp)$/i;
const KINDS = ["file", "artifact"];
const MOST = 6;
const LARGEST = 4e6;

/**
 * Draw the first few pictures that a run saved, each a link to the whole; nothing where there are none.
 *
 * @param {import("./main.js").Page} page
 * @param {HTMLElement} element
 */
export async function drawPictures(page, element) {
  const run = page.address.id;
  const { files } = await ask("files", { run }, page.signal);
  const found = files.filter(isPicture);
  const shown = await Promise.all(
    found.slice(0, MOST).map((/** @type {import("./run_files.js").File} */ file) => small(page, run, file.name)),
  );
  if (!shown.some(Boolean)) return fill(element);
  const rest = found.length - MOST;
  const all = h("a", { href: link("run", run, { tab: "files" }) }, `and ${rest} more among its files`);
  fill(element, h("h2", {}, "Pictures"), h("div", { class: "pictures" }, shown), rest > 0 && h("p", {}, all));
}

/** @param {import("./run_files.js").File} file */
function isPicture(file) {
  return KINDS.includes(file.kind) && file.is_there && file.size <= LARGEST && NAMES.test(file.name);
}

/**
 * Return a picture with its name; null where it cannot be had, as in a report that has no room for it.
 *
 * @param {import("./main.js").Page} page
 * @param {string} run
 * @param {string} name
 */
async function small(page, run, name) {
  const href = link("run", run, { tab: "files", file: name });
  const image = await picture(run, name, page.signal).catch(() => null);
  return image && h("figure", {}, h("a", { href }, image), h("figcaption", {}, h("a", { href }, name)));
}
