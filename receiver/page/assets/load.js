// Loading what a page shows: what is outdated is cancelled, and what failed in passing is tried again.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { visit } from "./route.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
const MOST_REMEMBERED = 20;

/**
 * Loads `fn(signal)` whenever `deps` change: `{data, error, loading, reload}`.
 *
 * `data` is undefined until there is some; with `keep` the last answer stays while the next is under way.
 * While the receiver is away `error` is set, and it is asked again until it answers. What is `known` is not loaded at first.
 */
export function useLoad(fn, deps, { keep = false, known } = {}) {
  const [state, setState] = useState({ data: known, error: null, loading: known === undefined });
  const isKnown = useRef(known !== undefined);
  const [turn, setTurn] = useState(0);
  const turnShown = useRef(0);
  useEffect(() => {
    if (isKnown.current) {
      isKnown.current = false;
      return undefined;
    }
    const control = new AbortController();
    let timer;
    let pause = FIRST_PAUSE;
    const reloading = turnShown.current !== turn;
    turnShown.current = turn;
    setState(({ data }) => ({ data: keep || reloading ? data : undefined, error: null, loading: true }));
    const load = async () => {
      try {
        const data = await fn(control.signal);
        if (!control.signal.aborted) setState({ data, error: null, loading: false });
      } catch (error) {
        if (control.signal.aborted) return;
        setState(({ data }) => ({ data, error, loading: false }));
        if (error.status === 401) window.addEventListener("keychange", load, { once: true });
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
 * Loads a list page by page: `{items, error, loading, more, hasMore, reload}`, `items` undefined until the first page is there.
 *
 * `fn(cursor, signal)` gives `{items, next_cursor}`; `more()` loads the next page. Who steps back to the list finds the pages
 * that were loaded, the place and the focus as they were left.
 */
export function usePages(fn, deps) {
  const [before] = useState(() => remembered.get(visit()));
  const first = useLoad((signal) => fn(undefined, signal), deps, { known: before?.first });
  const [rest, setRest] = useState(before?.rest ?? { after: null, pages: [], loading: false, error: null });
  // The pages that follow belong to the first page they were loaded after.
  const mine = rest.after === first.data ? rest : { after: first.data, pages: [], loading: false, error: null };
  const control = useRef(null);
  useEffect(() => () => control.current?.abort(), [first.data]);
  useRemembered(before, { first: first.data, rest: { ...mine, loading: false } });
  const cursor = (mine.pages.at(-1) ?? first.data)?.next_cursor;
  const more = async () => {
    if (!cursor || mine.loading) return;
    control.current = new AbortController();
    const { signal } = control.current;
    setRest({ ...mine, loading: true, error: null });
    try {
      const page = await fn(cursor, signal);
      if (!signal.aborted) setRest({ ...mine, pages: [...mine.pages, page], loading: false });
    } catch (error) {
      if (!signal.aborted) setRest({ ...mine, loading: false, error });
    }
  };
  return {
    items: first.data && [first.data, ...mine.pages].flatMap((page) => page.items),
    error: first.error ?? mine.error,
    loading: first.loading || mine.loading,
    hasMore: Boolean(cursor),
    more,
    reload: first.reload,
  };
}

const remembered = new Map();

/** Remembers `now` for the entry of the history that is left, and puts place and focus where they were `before`. */
function useRemembered(before, now) {
  const latest = useRef(null);
  useEffect(() => {
    latest.current = { ...now, visit: visit() };
  });
  useLayoutEffect(() => {
    if (before) {
      const links = [...document.querySelectorAll("main a")];
      links.find((link) => link.getAttribute("href") === before.focus)?.focus({ preventScroll: true });
      scrollTo(0, before.scroll);
    }
    return () => {
      const { visit: name, ...state } = latest.current ?? {};
      if (!state.first) return;
      remembered.set(name, { ...state, scroll: scrollY, focus: document.activeElement.getAttribute("href") });
      if (remembered.size > MOST_REMEMBERED) remembered.delete(remembered.keys().next().value);
    };
  }, []);
}
