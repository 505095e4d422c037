/** What has happened to a run: attempts, checkpoints, calls. */

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { duration, size } from "./show.js";
import { table } from "./tables.js";

/** @type {import("./run.js").Section} */
export async function section(page, element, head, again) {
  const found = await ask("history", { run: page.address.id, offset: page.address.words.get("offset") }, page.signal);
  const attempts = found.attempts.map((/** @type {any} */ of) => [
    of.number,
    of.started,
    of.checkpoint,
    of.step,
    of.status,
    of.words,
  ]);
  const checkpoints = found.checkpoints.map((/** @type {any} */ of) => [
    of.number,
    of.step,
    of.time,
    size(of.size),
    of.names.join(", "),
  ]);
  const calls = found.calls.map((/** @type {any} */ of) => [
    of.number,
    of.started,
    duration(of.duration),
    of.result,
    of.failure,
  ]);
  const turn = (/** @type {number} */ offset) => {
    page.state({ offset: offset || null });
    section(
      { ...page, address: { ...page.address, words: new URLSearchParams({ offset: String(offset) }) } },
      element,
      head,
      again,
    );
  };
  const end = found.offset + found.calls.length;
  const newer = found.offset ? h("button", { type: "button", onclick: () => turn(0) }, "newest calls") : null;
  const older =
    end < found.total_calls ? h("button", { type: "button", onclick: () => turn(end) }, "earlier calls") : null;
  fill(
    element,
    attempts.length
      ? [
          h("h2", {}, "Attempts"),
          table(["number", "started", "from checkpoint", "step", "ended as", "command line"], attempts, "Attempts"),
        ]
      : null,
    checkpoints.length
      ? [h("h2", {}, "Checkpoints"), table(["number", "step", "made", "size", "objects"], checkpoints, "Checkpoints")]
      : null,
    calls.length
      ? [
          h("h2", {}, `Calls (${found.total_calls})`),
          table(["number", "began", "took", "result", "failure"], calls, "Calls"),
          newer,
          older,
        ]
      : null,
  );
  return (/** @type {import("./run_head.js").Head} */ now) => void section(page, element, now, again);
}
