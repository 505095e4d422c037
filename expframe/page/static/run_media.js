/** What a run logged at steps and is no number: all of it at one step, which a slider chooses. */

import { ask, figureAddress, fileAddress } from "./api.js";
import { fill, h } from "./dom.js";
import { bars, overTime } from "./histograms.js";
import { picture } from "./picture.js";
import { number } from "./show.js";
import { table } from "./tables.js";

/** @typedef {import("./main.js").Page} Page */

/** @type {import("./run.js").Section} */
export async function section(page, element, head, again) {
  let { media, steps, total } = await ask("media", { run: page.address.id }, page.signal);
  if (!media.length) {
    fill(element, h("p", { class: "faint" }, "It has logged no images, tables, texts, histograms or figures."));
    return;
  }
  const asked = page.address.words.get("step");
  let place = asked === null ? steps.length - 1 : lastUpTo(steps, Number(asked));
  const cards = media.map((/** @type {{name: string, kind: string, count: number}} */ one) => new Card(page, one));
  const go = (/** @type {number} */ to) => {
    place = Math.min(Math.max(to, 0), steps.length - 1);
    slider.value = String(place);
    said.textContent = `step ${number(steps[place])}`;
    slider.setAttribute("aria-valuetext", said.textContent);
    cards.forEach((/** @type {Card} */ card) => card.go(steps[place]));
  };
  const choose = (/** @type {number} */ to) => {
    go(to);
    page.state({ step: place === steps.length - 1 ? null : steps[place] });
  };
  const said = h("output", {});
  const slider = h("input", {
    type: "range",
    min: 0,
    max: steps.length - 1,
    "aria-label": "Step",
    oninput: () => choose(Number(slider.value)),
  });
  const back = h("button", { type: "button", "aria-label": "Step before", onclick: () => choose(place - 1) }, "‹");
  const on = h("button", { type: "button", "aria-label": "Step after", onclick: () => choose(place + 1) }, "›");
  const tools = h("div", { class: "tools steps" }, back, slider, on, said);
  const more = total > media.length ? h("p", { class: "faint" }, `and ${total - media.length} more names`) : null;
  fill(
    element,
    tools,
    h(
      "div",
      { class: "cards" },
      cards.map((/** @type {Card} */ card) => card.element),
    ),
    more,
  );
  go(place);
  return async () => {
    const now = await ask("media", { run: page.address.id }, page.signal);
    const isAtEnd = place === steps.length - 1;
    if (now.media.length !== media.length) return void section(page, element, head, again);
    ({ media, steps, total } = now);
    slider.max = String(steps.length - 1);
    if (isAtEnd) go(steps.length - 1);
  };
}

/**
 * @param {number[]} steps
 * @param {number} step
 */
function lastUpTo(steps, step) {
  return Math.max(
    0,
    steps.findLastIndex((one) => one <= step),
  );
}

/** What has one name; it is asked for while it is seen. */
class Card {
  /**
   * @param {Page} page
   * @param {{name: string, kind: string, count: number}} one
   */
  constructor(page, one) {
    this.page = page;
    this.one = one;
    this.about = h("span", { class: "faint" });
    this.content = h("div", { class: "content" });
    this.time = h("div", {});
    this.element = h(
      "figure",
      { class: `card ${one.kind}` },
      h("figcaption", {}, h("strong", {}, one.name), " ", this.about),
      this.content,
      this.time,
    );
    /** @type {number | null} */
    this.wanted = null;
    /** @type {number | null} */
    this.shown = null;
    const watch = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.draw();
    });
    watch.observe(this.element);
    page.signal.addEventListener("abort", () => watch.disconnect());
  }

  /** @param {number} step */
  go(step) {
    this.wanted = step;
    this.draw();
  }

  async draw() {
    if (!this.isSeen || this.isAsking || this.wanted === this.shown) return;
    this.isAsking = true;
    const step = this.wanted;
    try {
      const words = { run: this.page.address.id, name: this.one.name };
      if (this.one.kind === "histogram" && !this.time.hasChildNodes()) {
        fill(this.time, overTime(await ask("histograms", words, this.page.signal)));
      }
      const medium = await ask("medium", { ...words, step }, this.page.signal);
      const content = await this.contentOf(medium);
      fill(this.content, content);
      this.about.textContent = `step ${number(medium.step)} · ${medium.number} of ${medium.count}`;
    } catch (problem) {
      if (!this.page.signal.aborted)
        fill(this.content, h("p", { class: "faint" }, /** @type {Error} */ (problem).message));
    }
    this.shown = step;
    this.isAsking = false;
    if (!this.page.signal.aborted) this.draw();
  }

  /** @param {any} medium */
  async contentOf(medium) {
    const run = this.page.address.id;
    if (medium.kind === "text")
      return [
        h("pre", {}, medium.text),
        medium.length > medium.text.length ? h("p", { class: "faint" }, `of ${medium.length} characters`) : null,
      ];
    if (medium.kind === "histogram") return [bars(medium)];
    if (medium.kind === "table") {
      const rest = medium.total > medium.rows.length ? h("p", { class: "faint" }, `of ${medium.total} rows`) : null;
      return [table(medium.header, medium.rows, medium.name), rest];
    }
    if (/\.(png|jpe?g|gif|webp|bmp|svg)$/i.test(medium.file)) {
      return [await picture(run, medium.file, this.page.signal, medium.file.endsWith(".svg") ? "image/svg+xml" : "")];
    }
    const download = { href: fileAddress(run, medium.file), download: medium.file.split("/").pop() };
    return [figure(run, medium.file), h("a", download, `download ${medium.file}`)];
  }
}

/**
 * Return a frame that draws a figure of plotly, if it may be one and there is a server that makes it a page.
 *
 * @param {string} run
 * @param {string} name
 */
function figure(run, name) {
  const address = /\.(html|json)$/i.test(name) ? figureAddress(run, name) : null;
  if (address === null) return null;
  const properties = {
    src: address,
    class: "plotly",
    title: `figure ${name}`,
    sandbox: "allow-scripts allow-downloads",
  };
  return h("iframe", { ...properties, loading: "lazy" });
}
