/**
 * What changes in the store, as it comes: one stream for all tabs of a browser, which keeps few connections to a host.
 *
 * One tab holds the lock and has the stream; it tells the others. Where the browser has no locks (an address without
 * https that is not this machine's), or no stream can be had, each tab asks now and then.
 */

import { ask, openStream, storeKey, storeCursor } from "./api.js";

/**
 * @typedef {object} Changes
 * @property {string} cursor the moment
 * @property {string[]} changed ids of runs that are new or different
 * @property {string[]} gone ids of runs that are not there any more
 * @property {boolean} is_new whether it is another server than before: all that is shown has to be asked for again
 */

/** @typedef {(changes: Changes) => void} Listener */

const PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
const BETWEEN_STREAMS = 60_000;

/** @type {Map<string, Hub>} */
const hubs = new Map();

/**
 * Have a function called whenever runs change, until the signal is aborted.
 *
 * @param {Listener} listener
 * @param {AbortSignal} signal
 */
export function onChanges(listener, signal) {
  if (signal.aborted) return;
  const key = storeKey();
  if (key === null) return; // a report, in which nothing changes
  let hub = hubs.get(key);
  if (hub === undefined) hubs.set(key, (hub = new Hub(key)));
  hub.add(listener, signal);
}

/** Those in this tab who listen to one store. */
class Hub {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    this.cursor = storeCursor();
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** @type {BroadcastChannel | null} */
    this.channel = null;
    this.end = new AbortController();
  }

  /**
   * @param {Listener} listener
   * @param {AbortSignal} signal
   */
  add(listener, signal) {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.begin();
    signal.addEventListener("abort", () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.end.abort();
    });
  }

  begin() {
    this.end = new AbortController();
    const { signal } = this.end;
    if (!("locks" in navigator) || !("BroadcastChannel" in globalThis)) {
      this.poll(signal, Infinity);
      return;
    }
    const channel = new BroadcastChannel(this.key);
    this.channel = channel;
    channel.onmessage = (event) => this.take(event.data);
    signal.addEventListener("abort", () => channel.close());
    navigator.locks.request(this.key, { signal }, () => this.lead(signal)).catch(() => {}); // aborted while it waited
  }

  /**
   * Have the stream, and tell the other tabs, until nobody here listens any more.
   *
   * @param {AbortSignal} signal
   */
  async lead(signal) {
    while (!signal.aborted) {
      await this.listen(signal);
      await this.poll(signal, Date.now() + BETWEEN_STREAMS);
    }
  }

  /**
   * Take what the stream brings, until it is over for good; the browser opens it again where it breaks off.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  listen(signal) {
    return new Promise((resolve) => {
      const stream = openStream(this.cursor);
      const close = () => {
        stream.close();
        resolve();
      };
      signal.addEventListener("abort", close, { once: true });
      stream.onmessage = (event) => this.tell(JSON.parse(event.data));
      stream.onerror = () => {
        if (stream.readyState !== EventSource.CLOSED) return;
        signal.removeEventListener("abort", close);
        close();
      };
    });
  }

  /**
   * Ask now and then; while the tab is not seen, and while nobody answers, more seldom.
   *
   * @param {AbortSignal} signal
   * @param {number} until when, in milliseconds since 1970
   */
  async poll(signal, until) {
    let pause = PAUSE;
    while (!signal.aborted && Date.now() < until) {
      try {
        this.tell(await ask("changes", { since: this.cursor }, signal));
        pause = document.hidden ? LONGEST_PAUSE : PAUSE;
      } catch {
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve(null)), { once: true });
      });
    }
  }

  /** @param {Changes} changes */
  tell(changes) {
    if (changes.cursor !== this.cursor) this.channel?.postMessage(changes);
    this.take(changes);
  }

  /** @param {Changes} changes */
  take(changes) {
    if (changes.cursor === this.cursor) return;
    this.cursor = changes.cursor;
    if (changes.changed.length === 0 && changes.gone.length === 0 && !changes.is_new) return;
    for (const listener of [...this.listeners]) {
      try {
        listener(changes);
      } catch (problem) {
        console.error(problem); // of one; the others are told all the same
      }
    }
  }
}
