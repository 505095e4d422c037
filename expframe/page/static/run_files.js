/** The files of a run, each with what it looks like. */

import { ask, fileAddress } from "./api.js";
import { fill, h } from "./dom.js";
import { trouble } from "./main.js";
import { picture } from "./picture.js";
import { size, time } from "./show.js";
import { block } from "./spans.js";
import { table } from "./tables.js";

/**
 * @typedef {import("./main.js").Page} Page
 * @typedef {{name: string, kind: string, size: number, saved: number, digest: string, is_there: boolean}} File
 */

const LARGEST = 1e8;
/** Bytes of a picture that are shown. */

/** @type {import("./run.js").Section} */
export async function section(page, element) {
  const list = h("div", {});
  const preview = h("div", { class: "preview" }, h("p", { class: "faint" }, "Choose a file to see how it begins."));
  const run = page.address.id;

  let opened = "";
  const open = async (/** @type {string} */ name) => {
    opened = name;
    page.state({ file: name });
    for (const button of list.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
    /** @param {any} content */
    const show = (content) => opened === name && fill(preview, content); // unless another one was opened meanwhile
    try {
      show(await shown(page, name));
    } catch (problem) {
      if (!page.signal.aborted) show(trouble(problem));
    }
  };
  const load = async () => {
    const find = search.value;
    const { files, total } = await ask("files", { run, find }, page.signal);
    if (find !== search.value) return; // another one is looked for meanwhile
    const rows = files.map((/** @type {File} */ file) => [
      h(
        "button",
        {
          type: "button",
          class: "link",
          "data-name": file.name,
          disabled: !file.is_there,
          onclick: () => open(file.name),
        },
        file.name,
      ),
      file.kind,
      size(file.size),
      time(new Date(file.saved * 1000).toISOString()),
      file.is_there
        ? h(
            "a",
            {
              href: fileAddress(run, file.name),
              download: file.name.split("/").pop(),
              "aria-label": `Download ${file.name}`,
            },
            "download",
          )
        : "not in this store",
    ]);
    const rest =
      total > files.length
        ? h("p", { class: "faint" }, `${files.length} of ${total} files; find one by a part of its name`)
        : null;
    fill(
      list,
      rows.length
        ? table(["file", "kind", "size", "saved", ""], rows, "Files")
        : h("p", { class: "faint" }, "It has saved no files of this name."),
      rest,
    );
  };
  const search = h("input", {
    type: "search",
    placeholder: "find a file",
    "aria-label": "Find a file",
    onchange: load,
  });
  fill(element, h("div", { class: "tools" }, search), h("div", { class: "beside" }, list, preview));
  await load();
  const asked = page.address.words.get("file");
  if (asked) await open(asked);
  return load;
}

/**
 * Return what a file looks like.
 *
 * @param {Page} page
 * @param {string} name
 */
async function shown(page, name) {
  const run = page.address.id;
  const found = await ask("preview", { run, name }, page.signal);
  const head = h("h2", {}, name, " ", h("span", { class: "faint" }, size(found.size)));
  const note = found.note || found.about ? h("p", { class: "faint" }, found.note ?? found.about) : null;
  if (found.kind === "picture" && found.size > LARGEST)
    return [head, h("p", {}, "It is too large to be shown here; download it.")];
  if (found.kind === "picture") return [head, await picture(run, name, page.signal, found.type)];
  if (found.kind === "table")
    return [head, note, table(found.header, found.rows, name), h("p", { class: "faint" }, extent(found))];
  if (found.kind === "note") return [head, h("p", {}, found.text)];
  const rest = found.is_cut
    ? h("p", { class: "faint" }, `The first ${size(found.shown)} of ${size(found.size)}.`)
    : null;
  const kind = found.kind === "binary" ? h("p", { class: "faint" }, "Its first bytes; it is no text.") : null;
  return [head, note, kind, block(found.lines, { numbered: found.kind === "text", label: name }), rest];
}

/** @param {any} found */
function extent({ rows, total, header, total_columns: columns }) {
  const all = total === null ? "the first rows" : `${rows.length} of ${total} rows`;
  return columns > header.length ? `${all}, ${header.length} of ${columns} columns` : all;
}
