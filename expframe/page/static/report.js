/** A report: the page, answered from what is stored in the same file. */

import { askOf, Refusal } from "./api.js";
import { cut } from "./report_curves.js";
import { sorted } from "./report_rows.js";

/**
 * An answer, and the words that it is the answer to.
 *
 * @typedef {object} Answer
 * @property {string} name
 * @property {[string, string][]} words
 * @property {any} [plain]
 * @property {string} [bytes] compressed, in base64
 * @property {string} [refused]
 */

/** @type {{server: object, view: string, answers: Answer[], files: Record<string, string>}} */
const report = JSON.parse(document.getElementById("report")?.textContent ?? "");

/**
 * Return what is stored as an answer to a question.
 *
 * An answer is one where each of its own words is asked; what else is asked for says how much of it, or in which order.
 *
 * @param {string} name
 * @param {URLSearchParams} words
 * @returns {Answer | undefined} the one with the most words
 */
function find(name, words) {
  const fitting = report.answers.filter(
    (answer) => answer.name === name && answer.words.every(([word, value]) => words.getAll(word).includes(value)),
  );
  return fitting.sort((one, other) => other.words.length - one.words.length)[0];
}

/**
 * @param {string} name
 * @param {URLSearchParams} words
 * @returns {Promise<Response>}
 */
async function get(name, words) {
  if (name === "stores") return Response.json(report.server);
  const found = find(name, words);
  if (!found) throw new Refusal("This is not in the report. `expframe ui` shows it, where the runs are.", 404);
  if (found.refused !== undefined) throw new Refusal(found.refused, 400);
  if (found.bytes !== undefined) return new Response(cut(await bytesOf(found.bytes), words));
  return Response.json(name === "runs" ? sorted(found.plain, words) : found.plain);
}

/** @param {string} text */
async function bytesOf(text) {
  const packed = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

askOf({ get, file: (run, name) => report.files[`${run}/${name}`] ?? "" });
if (!location.hash) history.replaceState(null, "", report.view);
import("./main.js");
