/** What runs are called beside their ids: what tells them from each other. */

import { ask } from "./api.js";
import { text } from "./show.js";

const MOST = 50;
const FEW = 3;

/**
 * Return what is said beside the ids of runs: in what they differ, of that some; what they are called, where in nothing.
 *
 * @param {any} found runs beside each other, as the server has them
 * @returns {Map<string, string>}
 */
export function namesOf({ runs, facts }) {
  const said = runs.map((/** @type {{id: string, entries: Record<string, import("./show.js").Cell>}} */ run) => {
    const entries = Object.entries(run.entries).filter(([name]) => name !== "status");
    entries.sort(([one], [other]) => placeOf(one) - placeOf(other));
    const parts = entries.slice(0, FEW).map(([name, value]) => `${name}=${text(value)}`);
    return [run.id, parts.join(" ") || text(facts[run.id].name)];
  });
  return new Map(said);
}

/**
 * Return the same of runs by their ids; nothing where they are one, or very many.
 *
 * @param {string[]} runs
 * @param {AbortSignal} signal
 */
export async function namesApart(runs, signal) {
  if (runs.length < 2 || runs.length > MOST) return new Map();
  return namesOf(await ask("compare", { run: runs }, signal));
}

/** Return how late an entry is told: facts after what was chosen, and seeds after these. @param {string} name */
function placeOf(name) {
  if (/(^|\.)seed$/.test(name)) return 3;
  return ["name", "command"].indexOf(name) + 1;
}
