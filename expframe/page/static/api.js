/** What is asked of the server; the only module that knows its addresses. */

import { put } from "./address.js";

/** @typedef {import("./address.js").Values} Words */

/** What the server refused, in its own words. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status that of HTTP; 0 where nobody answered
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * Who answers in place of the server: a report, from what is stored in it.
 *
 * @typedef {object} Source
 * @property {(path: string, words: URLSearchParams) => Promise<Response>} get
 * @property {(run: string, name: string) => string | null} file returns the address of a file, if it is there
 */

/** @type {Source | null} */
let source = null;

/** @param {Source} other */
export function askOf(other) {
  source = other;
}

/** The number of the store that is shown. */
let store = 0;

/** @type {string[]} */
let cursors = [];

/** @param {number} number */
export function useStore(number) {
  store = number;
}

/** Return what tells this store of this server from others, for what tabs share; null in a report, which does not change. */
export function storeKey() {
  return source === null ? `expframe ${new URL("./", location.href).pathname} ${store}` : null;
}

/** Return the moment at which the server was first asked. */
export function storeCursor() {
  return cursors[store] ?? "";
}

/**
 * Open the stream of changes.
 *
 * @param {string} cursor the moment from which on
 */
export function openStream(cursor) {
  return new EventSource(`api/${store}/stream?${query({ since: cursor })}`);
}

/**
 * Return what the server answers to a question about the store.
 *
 * @param {string} name
 * @param {Words} [words]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(name, words = {}, signal) {
  return (await get(`api/${store}/${name}`, words, signal)).json();
}

/**
 * Return bytes that the server answers with.
 *
 * @param {string} name
 * @param {Words} [words]
 * @param {AbortSignal} [signal]
 * @returns {Promise<ArrayBuffer>}
 */
export async function askBytes(name, words = {}, signal) {
  return (await get(`api/${store}/${name}`, words, signal)).arrayBuffer();
}

/**
 * Return what the server says of itself.
 *
 * @returns {Promise<{stores: {name: string, folder: string}[], read_only: boolean, version: string}>}
 */
export async function askServer() {
  const found = await (await get("api/stores", {})).json();
  cursors = found.stores.map((/** @type {{cursor: string}} */ one) => one.cursor);
  return found;
}

/**
 * Return the address of a page that draws a figure of plotly; null where there is no server that makes it.
 *
 * @param {string} run
 * @param {string} name
 */
export function figureAddress(run, name) {
  return source === null ? `api/${store}/figure?${query({ run, name })}` : null;
}

/**
 * Return the address of a file that a run has.
 *
 * @param {string} run
 * @param {string} name
 */
export function fileAddress(run, name) {
  if (source) return source.file(run, name);
  return `api/${store}/file?${query({ run, name })}`;
}

/**
 * Have something changed, and return what the server says of it.
 *
 * @param {string} name
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function tell(name, body) {
  if (source) throw new Refusal("A report only shows. To change runs, open them by `expframe ui`.", 0);
  const headers = { "Content-Type": "application/json", "X-Expframe": "1" };
  return (await answered(`api/${store}/${name}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

/**
 * @param {string} address
 * @param {Words} words
 * @param {AbortSignal} [signal]
 */
async function get(address, words, signal) {
  const found = query(words);
  if (source) return source.get(address.replace(/^.*\//, ""), found);
  const text = found.toString();
  return answered(text ? `${address}?${text}` : address, { signal });
}

/** @param {Words} words */
function query(words) {
  const found = new URLSearchParams();
  put(found, words);
  return found;
}

/**
 * @param {string} address
 * @param {RequestInit} options
 */
async function answered(address, options) {
  let response;
  try {
    response = await fetch(address, { ...options, credentials: "same-origin" });
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "AbortError") throw problem;
    throw new Refusal("The server does not answer. Is `expframe ui` still running?", 0);
  }
  if (response.ok) return response;
  let message = `The server answers ${response.status}.`;
  try {
    message = (await response.json()).message ?? message;
  } catch {
    // what is no JSON comes from between here and there, such as a proxy
  }
  throw new Refusal(message, response.status);
}
