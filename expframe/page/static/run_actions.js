/** What can be changed of a run: tags, comment, id; and the trash. */

import { link } from "./address.js";
import { tell } from "./api.js";
import { h } from "./dom.js";
import { ask as askLine } from "./selection.js";
import { text } from "./show.js";

/**
 * @typedef {import("./main.js").Page} Page
 * @typedef {import("./run_head.js").Head} Head
 */

/** @param {Page} page @param {Head} head */
export function mayChange(page, head) {
  return !page.server.read_only && !head.is_foreign && head.problem === null;
}

/**
 * Return the buttons by which a run is changed; none where nothing can be.
 *
 * @param {Page} page
 * @param {() => Head} now returns the head as it is
 * @param {() => void} again
 */
export function actions(page, now, again) {
  const id = page.address.id;
  const tag = () => askLine("Tags, with commas between them", "", (line) => changeTags(page, words(line), [], again));
  const note = () =>
    askText("Comment", text(now().run.comment), (said) => change(page, "note", { run: id, text: said }, again));
  const rename = () =>
    askLine("Another id", id, (name) => change(page, "rename", { run: id, name }, () => go(link("run", name))));
  const trash = () =>
    change(page, "trash", { runs: [id] }, (reply) => {
      const names = reply.removed.map((/** @type {{trash: string}} */ one) => one.trash);
      if (!names.length) return;
      const undo = () => change(page, "restore", { names }, () => go(link("run", id)));
      go(link("runs"));
      page.say(`Run ${id} is in the trash.`, { title: "Undo", act: undo });
    });
  const buttons = [button("Tag", tag), button("Note", note), button("Rename", rename), button("Trash", trash)];
  return h("div", { class: "actions", role: "toolbar", "aria-label": "What can be changed of the run" }, buttons);
}

/**
 * Return a tag, with a button that takes it away.
 *
 * @param {Page} page
 * @param {string} tag
 * @param {boolean} isFixed
 * @param {() => void} again
 */
export function tagOf(page, tag, isFixed, again) {
  const away = h(
    "button",
    { type: "button", "aria-label": `Take away the tag ${tag}`, onclick: () => changeTags(page, [], [tag], again) },
    "×",
  );
  return h(
    "span",
    { class: "tag" },
    h("a", { href: link("runs", "", { where: `${JSON.stringify(tag)} in tags` }) }, tag),
    isFixed ? null : away,
  );
}

/**
 * @param {Page} page
 * @param {string[]} add
 * @param {string[]} remove
 * @param {() => void} again
 */
function changeTags(page, add, remove, again) {
  change(page, "tag", { runs: [page.address.id], add, remove }, again);
}

/**
 * Have something changed, and say what refuses.
 *
 * @param {Page} page
 * @param {string} name
 * @param {object} body
 * @param {(reply: any) => void} done
 */
async function change(page, name, body, done) {
  try {
    const reply = await tell(name, body);
    for (const one of reply.refused ?? []) page.say(one.message);
    done(reply);
  } catch (problem) {
    page.say(problem instanceof Error ? problem.message : String(problem));
  }
}

/** @param {string} line */
function words(line) {
  return line
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

/** @param {string} address */
function go(address) {
  location.hash = address;
}

/**
 * @param {string} title
 * @param {() => void} act
 */
function button(title, act) {
  return h("button", { type: "button", onclick: act }, title);
}

/**
 * Ask for a text of several lines in a dialog.
 *
 * @param {string} label
 * @param {string} value
 * @param {(text: string) => void} done
 */
function askText(label, value, done) {
  const area = h("textarea", { rows: 8, cols: 60, autofocus: true });
  area.value = value;
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h(
    "form",
    { method: "dialog", onsubmit: () => done(area.value) },
    h("label", {}, label, area),
    h("menu", {}, cancel, h("button", { value: "ok" }, "OK")),
  );
  const dialog = h("dialog", { class: "question" }, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
