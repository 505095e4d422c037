/** The state of a view is its address: `#/charts?run=1&run=2&metric=loss`. */

/** @typedef {Record<string, string | number | boolean | null | undefined | (string | number)[]>} Values */

/**
 * @typedef {object} Address
 * @property {string} view what is shown: `runs`, `run`, `charts`, `compare`, `sweep`
 * @property {string} id of what, where it is one thing: the id of a run
 * @property {URLSearchParams} words how it is shown
 */

/**
 * Return what an address says.
 *
 * @param {string} hash as of `location.hash`
 * @returns {Address}
 */
export function parse(hash) {
  const [path, query = ""] = split(hash.replace(/^#\/?/, ""), "?");
  const [view, id = ""] = split(path, "/");
  return { view: view || "runs", id: decoded(id), words: new URLSearchParams(query) };
}

/**
 * Set words; what is null or empty is taken away, and true is 1.
 *
 * @param {URLSearchParams} words
 * @param {Values} values
 */
export function put(words, values) {
  for (const [name, value] of Object.entries(values)) {
    words.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "" && one !== false) {
        words.append(name, one === true ? "1" : String(one));
      }
    }
  }
}

/**
 * Return the address of a view, to be a link; the store is the one that is shown, where no other is named.
 *
 * @param {string} view
 * @param {string} [id]
 * @param {URLSearchParams | Values} [words]
 *     empty values are left out
 * @returns {string}
 */
export function link(view, id = "", words = {}) {
  const query = new URLSearchParams(words instanceof URLSearchParams ? words : "");
  if (!(words instanceof URLSearchParams)) put(query, words);
  const store = query.has("store") ? null : parse(globalThis.location?.hash ?? "").words.get("store");
  if (store) query.append("store", store);
  const text = query.toString();
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}${text ? `?${text}` : ""}`;
}

/**
 * @param {string} text
 * @param {string} sign
 * @returns {string[]}
 */
function split(text, sign) {
  const place = text.indexOf(sign);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + sign.length)];
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
