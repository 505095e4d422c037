/** The table of runs in a report: sorted where it is read, of the columns that are stored. */

/**
 * Return the table as it is asked for.
 *
 * @param {(words: URLSearchParams) => any} stored returns the table that is stored for some words
 * @param {URLSearchParams} words
 */
export function tableOf(stored, words) {
  const asked = new URLSearchParams([...words].filter(([name]) => name !== "differing" || !words.has("column")));
  const shown = stored(asked);
  const wide = stored(new URLSearchParams({ columns: "all" }));
  const places = new Map(wide.columns.map((/** @type {any} */ column, /** @type {number} */ n) => [column.name, n]));
  const rows = [...wide.rows];
  for (const word of words.getAll("sort").reverse()) {
    const place = places.get(word.replace(/^-/, ""));
    const sign = word.startsWith("-") ? -1 : 1;
    if (place !== undefined) rows.sort((one, other) => sign * order(one.cells[place], other.cells[place], sign));
  }
  const names = words.has("column")
    ? words.getAll("column")
    : shown.columns.map((/** @type {any} */ column) => column.name);
  const kept = names
    .map((/** @type {string} */ name) => places.get(name))
    .filter((/** @type {any} */ n) => n !== undefined);
  const offset = Number(words.get("offset") ?? 0);
  return {
    ...shown,
    offset,
    columns: kept.map((/** @type {number} */ n) => wide.columns[n]),
    rows: rows
      .slice(offset, offset + Number(words.get("limit") ?? 100))
      .map((row) => ({ ...row, cells: kept.map((/** @type {number} */ n) => row.cells[n]) })),
  };
}

/**
 * Return which of two cells comes first; those without a value come last in both directions.
 *
 * @param {any} one
 * @param {any} other
 * @param {number} sign
 */
function order(one, other, sign) {
  const [a, b] = [one, other].map((cell) =>
    cell !== null && typeof cell === "object" ? (cell.time ?? cell.text) : cell,
  );
  if (a === null || b === null) return a === b ? 0 : (a === null ? 1 : -1) * sign;
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}
