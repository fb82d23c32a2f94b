// Loads data for pages: outdated requests are cancelled, and requests that may succeed later are repeated.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { visit } from "./route.js";

/**
 * @template Item
 * @typedef {import("./types.d.ts").Listed<Item>} Listed
 */
/** @import { Loaded, Pages, Trouble } from "./types.d.ts" */

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
const MOST_REMEMBERED = 20;

/**
 * Loads `fn(signal)` whenever `deps` change.
 *
 * `data` is undefined until the first answer; with `keep` the last answer stays while the next one is loaded.
 * While the receiver does not answer, `error` is set and the request repeated. A `known` value is not loaded at first.
 *
 * @template Data
 * @param {(signal: AbortSignal) => Promise<Data>} fn
 * @param {unknown[]} deps
 * @param {{keep?: boolean, known?: Data}} options
 * @returns {Loaded<Data>}
 */
export function useLoad(fn, deps, { keep = false, known } = {}) {
  /** @type {Omit<Loaded<Data>, "reload">} */
  const unloaded = { data: known, error: null, loading: known === undefined };
  const [state, setState] = useState(unloaded);
  const isKnown = useRef(known !== undefined);
  const [turn, setTurn] = useState(0);
  const turnShown = useRef(0);
  useEffect(() => {
    if (isKnown.current) {
      isKnown.current = false;
      return undefined;
    }
    const control = new AbortController();
    /** @type {number | undefined} */
    let timer;
    let pause = FIRST_PAUSE;
    const reloading = turnShown.current !== turn;
    turnShown.current = turn;
    setState(({ data }) => ({ data: keep || reloading ? data : undefined, error: null, loading: true }));
    const load = async () => {
      try {
        const data = await fn(control.signal);
        if (!control.signal.aborted) setState({ data, error: null, loading: false });
      } catch (thrown) {
        if (control.signal.aborted) return;
        const error = troubleOf(thrown);
        setState(({ data }) => ({ data, error, loading: false }));
        if (error.status === 401 || error.status === 403) window.addEventListener("keychange", load, { once: true });
        if (!error.passing) return;
        timer = setTimeout(load, (error.retryAfter ?? 0) * 1000 || pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    };
    load();
    return () => {
      control.abort();
      clearTimeout(timer);
      window.removeEventListener("keychange", load);
    };
  }, [...deps, turn]);
  return { ...state, reload: useCallback(() => setTurn((number) => number + 1), []) };
}

/**
 * Loads a list page by page; `items` are undefined until the first page is there.
 *
 * `fn(cursor, signal)` returns a page; `more()` loads the next one. After the browser's "back" the list has the loaded
 * pages, the scroll position and the focus that it had; where a page has several lists, each has a `name`.
 *
 * @template Item
 * @param {(cursor: string | undefined, signal: AbortSignal) => Promise<Listed<Item>>} fn
 * @param {unknown[]} deps
 * @param {string} name
 * @returns {Pages<Item>}
 */
export function usePages(fn, deps, name = "") {
  /** @type {Left<Item> | undefined} */
  const left = useState(() => remembered.get(visit() + name))[0];
  const first = useLoad((signal) => fn(undefined, signal), deps, { known: left?.first });
  /** @type {Rest<Item>} */
  const none = { after: first.data, pages: [], loading: false, error: null };
  const [rest, setRest] = useState(left?.rest ?? none);
  // The later pages belong to the first page after which they were loaded.
  const mine = rest.after === first.data ? rest : none;
  const control = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => control.current?.abort(), [first.data]);
  useRemembered(left, { first: first.data, rest: { ...mine, loading: false } }, name);
  const cursor = (mine.pages.at(-1) ?? first.data)?.next_cursor;
  const more = async () => {
    if (!cursor || mine.loading) return;
    const controller = new AbortController();
    const { signal } = controller;
    control.current = controller;
    setRest({ ...mine, loading: true, error: null });
    try {
      const page = await fn(cursor, signal);
      if (!signal.aborted) setRest({ ...mine, pages: [...mine.pages, page], loading: false });
    } catch (error) {
      if (!signal.aborted) setRest({ ...mine, loading: false, error: troubleOf(error) });
    }
  };
  return {
    items: first.data && [first.data, ...mine.pages].flatMap((page) => page.items),
    error: first.error ?? mine.error,
    loading: first.loading || mine.loading,
    leftOut: [first.data, ...mine.pages].reduce((sum, page) => sum + (page?.left_out ?? 0), 0),
    hasMore: Boolean(cursor),
    more,
    reload: first.reload,
  };
}

/** What was thrown, as what a page shows. @param {unknown} thrown @returns {Trouble} */
export function troubleOf(thrown) {
  return thrown instanceof Error ? thrown : { message: String(thrown) };
}

/**
 * The pages of a list after its first one (`after`).
 *
 * @template Item
 * @typedef {{after: Listed<Item> | undefined, pages: Listed<Item>[], loading: boolean, error: Trouble | null}} Rest
 */
/**
 * The state of a list that was left: its pages, the scroll position, and the address of the link with the focus.
 *
 * @template Item
 * @typedef {{first: Listed<Item>, rest: Rest<Item>, scroll: number, focus: string | null | undefined}} Left
 */

/** By the entry of the history. @type {Map<string, Left<any>>} */
const remembered = new Map();

/**
 * Saves `now` for the history entry that is left, and restores the scroll position and focus of `before`.
 *
 * @param {Left<unknown> | undefined} before
 * @param {{first: Listed<unknown> | undefined, rest: Rest<unknown>}} now
 * @param {string} list
 */
function useRemembered(before, now, list) {
  const latest = useRef({ ...now, name: "" });
  useEffect(() => {
    latest.current = { ...now, name: visit() + list };
  });
  useLayoutEffect(() => {
    if (before) {
      /** @type {NodeListOf<HTMLAnchorElement>} */
      const links = document.querySelectorAll("main a");
      [...links].find((link) => link.getAttribute("href") === before.focus)?.focus({ preventScroll: true });
      scrollTo(0, before.scroll);
    }
    return () => {
      const { name, first, rest } = latest.current;
      if (!first) return;
      remembered.set(name, { first, rest, scroll: scrollY, focus: document.activeElement?.getAttribute("href") });
      if (remembered.size > MOST_REMEMBERED) remembered.delete([...remembered.keys()][0]);
    };
  }, []);
}
