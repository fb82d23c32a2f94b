// Routes are in the hash: `#/traces/ID?event=EVENT_ID`. The server has `/` only, and a proxy may add a prefix.

import { useEffect, useState } from "./vendor/preact.js";

/** @import { Params, Path, Query } from "./types.d.ts" */

// `navigate` with `replace` changes the address without a hashchange, so it dispatches this event.
const CHANGED = "routechange";

/**
 * Parses a hash; `id` is null for the page itself.
 *
 * @param {string} hash
 * @returns {{page: string, id: string | null, params: Params}}
 */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [page, ...rest] = path.split("/");
  const id = rest.join("/");
  return { page: page || "overview", id: id ? decoded(id) : null, params: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * Returns the address of a page: `href("/traces/abc", {event: "x"})`, or `href(["traces", id])` for ids from senders.
 *
 * @param {Path} path
 * @param {Query} params
 */
export function href(path, params = {}) {
  const joined = Array.isArray(path) ? `/${path.map(encodeURIComponent).join("/")}` : path;
  const query = new URLSearchParams(given(params)).toString();
  return `#${joined}${query ? `?${query}` : ""}`;
}

/**
 * Whether a path has an id that is a dot or two: a browser takes it for a step in the path, however it is written.
 *
 * @param {Path} path
 */
export function isOutOfReach(path) {
  const parts = Array.isArray(path) ? path : path.split("/");
  return parts.some((part) => part === "." || part === "..");
}

/**
 * Navigates to an address. With `replace` it replaces the present history entry.
 *
 * @param {Path} path
 * @param {Query} params
 */
export function navigate(path, params = {}, { replace = false } = {}) {
  const to = href(path, params);
  if (to === location.hash) return;
  if (replace) history.replaceState(history.state, "", to);
  else history.pushState(null, "", to);
  window.dispatchEvent(new Event(CHANGED));
}

/** Returns the path of the present page, for `href` and `navigate` with other params. */
export function here() {
  const { page, id } = parse(location.hash);
  return id === null ? [page] : [page, id];
}

/** Returns the name of the present history entry; each entry has its own. */
export function visit() {
  if (!history.state?.visit) history.replaceState({ visit: `${Date.now()} ${Math.random()}` }, "");
  return history.state.visit;
}

/** Returns the present route; updates on changes. */
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    const events = ["hashchange", "popstate", CHANGED];
    for (const name of events) window.addEventListener(name, changed);
    changed();
    return () => {
      for (const name of events) window.removeEventListener(name, changed);
    };
  }, []);
  return parse(hash);
}

/**
 * Returns the params that are not empty, as text.
 *
 * @param {Query} params
 * @returns {Record<string, string>}
 */
export function given(params) {
  const said = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return Object.fromEntries(said.map(([name, value]) => [name, String(value)]));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray % in an address typed by hand.
  }
}
