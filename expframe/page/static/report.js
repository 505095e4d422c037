/** A report: the page, answered from what is stored in the same file. */

import { askOf, Refusal } from "./api.js";
import { chartsOf, valuesOf } from "./report_curves.js";
import { tableOf } from "./report_rows.js";

/**
 * An answer, the words that it is the answer to, and those that may be asked besides.
 *
 * @typedef {object} Answer
 * @property {string} name
 * @property {[string, string][]} words
 * @property {string} free
 * @property {any} [plain]
 * @property {string} [packed]
 * @property {string} [refused]
 *
 * @typedef {{server: object, view: string, answers: Answer[]}} Report
 */

/** What is stored at some steps. */
const AT_STEPS = ["medium", "images"];
const LEFT_OUT = "This is not in the report. `expframe ui` shows it, where the runs are.";

/**
 * Return bytes that are stored as text.
 *
 * @param {string} text compressed, in base64
 * @returns {Promise<ArrayBuffer>}
 */
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}

/** What answers in place of the server. */
class Answers {
  /** @param {Report} report */
  constructor(report) {
    this.report = report;
    /** @type {Map<string, string>} */
    this.files = new Map();
  }

  /** Make addresses for the files that are stored, to be kept by a reader. */
  async open() {
    for (const { name, words, packed } of this.report.answers) {
      if (name === "file" && packed !== undefined) {
        this.files.set(String(new URLSearchParams(words)), URL.createObjectURL(new Blob([await unpack(packed)])));
      }
    }
  }

  /**
   * @param {string} run
   * @param {string} name
   */
  file(run, name) {
    return this.files.get(String(new URLSearchParams({ run, name }))) ?? null;
  }

  /**
   * Return the answers that are stored for a question: those whose words are asked, and no others but free ones.
   *
   * @param {string} name
   * @param {URLSearchParams} words
   * @returns {Answer[]}
   */
  find(name, words) {
    const asked = [...words].filter(([, value]) => value !== "");
    return this.report.answers.filter((answer) => {
      if (answer.name !== name) return false;
      const free = new Set(answer.free.split(" "));
      const own = new Set(answer.words.map(([word, value]) => `${word}=${value}`));
      const others = asked.filter(([word, value]) => !own.has(`${word}=${value}`));
      return (
        others.every(([word]) => free.has(word)) &&
        answer.words.every(([word, value]) => words.getAll(word).includes(value))
      );
    });
  }

  /**
   * @param {string} name
   * @param {URLSearchParams} words
   * @returns {Promise<Response>}
   */
  async get(name, words) {
    if (name === "stores") return Response.json(this.report.server);
    if (name === "runs") return Response.json(tableOf((asked) => this.one("runs", asked).plain, words));
    if (name === "curves") return new Response(chartsOf(await this.charts(words), words));
    if (name === "values") return Response.json(valuesOf(await this.charts(words), words));
    const found = AT_STEPS.includes(name) ? this.atStep(name, words) : this.one(name, words);
    return found.packed === undefined ? Response.json(found.plain) : new Response(await unpack(found.packed));
  }

  /**
   * @param {string} name
   * @param {URLSearchParams} words
   */
  one(name, words) {
    const found = this.find(name, words);
    if (!found.length) throw new Refusal(LEFT_OUT, 404);
    if (found[0].refused !== undefined) throw new Refusal(found[0].refused, 400);
    return found[0];
  }

  /**
   * Return what was logged at a step that is stored, the last one before it, or the first one.
   *
   * @param {string} name
   * @param {URLSearchParams} words
   */
  atStep(name, words) {
    const found = this.find(name, words).filter((answer) => answer.plain);
    if (!found.length) return this.one(name, words);
    found.sort((one, other) => one.plain.step - other.plain.step);
    const step = words.get("step");
    const before = found.filter((answer) => step === null || answer.plain.step <= Number(step));
    return before.at(-1) ?? found[0];
  }

  /**
   * Return the stored charts of the metrics that are asked for.
   *
   * @param {URLSearchParams} words
   */
  async charts(words) {
    const rest = [...words].filter(
      ([name, value]) => !["metric", "at"].includes(name) && !(name === "x" && value === "step"),
    );
    const each = words
      .getAll("metric")
      .map((metric) => this.one("curves", new URLSearchParams([...rest, ["metric", metric]])));
    return Promise.all(each.map((answer) => unpack(/** @type {string} */ (answer.packed))));
  }
}

/** Read the report, and begin the page. */
async function begin() {
  const text = document.getElementById("report")?.textContent ?? "";
  const report = JSON.parse(new TextDecoder().decode(await unpack(text)));
  const answers = new Answers(report);
  await answers.open();
  askOf(answers);
  if (!location.hash) history.replaceState(null, "", report.view);
  await import("./main.js");
}

begin();
