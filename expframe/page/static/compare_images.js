/** Images of runs side by side, all at one step. */

import { ask, fileAddress } from "./api.js";
import { fill, h } from "./dom.js";

/**
 * @param {HTMLElement} box
 * @param {string[]} runs
 * @param {(run: string) => HTMLElement} name
 * @param {import("./main.js").Page} page
 */
export async function drawImages(box, runs, name, page) {
  const { words } = page.address;
  const asked = { run: runs, name: words.get("image") ?? "", step: words.get("step") };
  let found = await ask("images", asked, page.signal);
  if (!found.names.length) {
    box.hidden = true;
    return;
  }
  const choice = h(
    "select",
    { "aria-label": "Image" },
    found.names.map((/** @type {string} */ one) => h("option", { value: one }, one)),
  );
  const slider = h("input", { type: "range", min: 0, "aria-label": "Step" });
  const said = h("output", {});
  const pictures = new Map(runs.map((run) => [run, h("img", { alt: "" })]));
  const notes = new Map(runs.map((run) => [run, h("span", { class: "faint" })]));
  const figures = runs.map((run) =>
    h("figure", {}, h("figcaption", {}, name(run), " ", notes.get(run)), pictures.get(run)),
  );
  choice.value = found.name;
  choice.addEventListener("change", () => change({ name: choice.value, step: null }));
  slider.addEventListener("input", () => change({ name: choice.value, step: found.steps[Number(slider.value)] }));
  fill(
    box,
    h("h2", {}, "Images"),
    h("p", { class: "tools" }, choice, slider, said),
    h("div", { class: "side-by-side" }, figures),
  );

  let newest = 0;
  /** @param {{name: string, step: number | null}} wish */
  async function change(wish) {
    const turn = ++newest;
    page.state({ image: wish.name, step: wish.step });
    const answer = await ask("images", { run: runs, ...wish }, page.signal);
    if (turn !== newest) return; // a later one is on its way
    found = answer;
    draw();
  }

  function draw() {
    const place = found.steps.findLastIndex((/** @type {number} */ step) => step <= found.step);
    slider.max = String(found.steps.length - 1);
    slider.value = String(Math.max(0, place));
    slider.hidden = found.steps.length < 2;
    said.value = `step ${found.step}`;
    for (const { run, step, file } of found.images) {
      const picture = /** @type {HTMLImageElement} */ (pictures.get(run));
      const note = /** @type {HTMLElement} */ (notes.get(run));
      const address = file === null ? null : fileAddress(run, file);
      picture.hidden = address === null;
      note.textContent = file === null ? "has none by then" : step === found.step ? "" : `of step ${step}`;
      if (address === null) continue;
      picture.src = address;
      picture.alt = `${found.name} of run ${run} at step ${step}`;
    }
  }
  draw();
}
