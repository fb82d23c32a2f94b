// Follows stored events over a stream. It reconnects after an interruption, and stops while the tab is hidden.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { get, stream } from "./api.js";
import { count, duration } from "./format.js";
import { Feed } from "./feed.js";
import { troubleOf } from "./load.js";

/** @import { FeedRow, Params, Trouble } from "./types.d.ts" */

/**
 * The state of the stream: connecting, live, away (it reconnects by itself), hidden, or refused until `again()` is
 * called. `reason` says why it is away or refused.
 *
 * @typedef {{state: "connecting" | "live" | "away" | "hidden" | "refused", reason?: Trouble}} Connection
 */
/**
 * The feed of some filters. `opened` is true once it was followed; `since` is when following stopped.
 *
 * @typedef {{key: string, feed: Feed, opened: boolean, since: number | null}} Place
 */
/** What the page shows; `of` is the feed that it is from. @typedef {{of?: Feed, rows: FeedRow[], came: number}} Shown */
/** @typedef {Connection & {rows: FeedRow[], came: number, waiting: number, dropped: number, again: () => void}} Following */

const BEFORE = 50; // events of the past that are shown at first
const MISSED = 200; // events that are looked through after an interruption: the most that a list gives
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const DRAWN = 250; // ms between two drawings: four a second

/**
 * Follows the events that match `filters`. While `held`, `rows` do not change, and `waiting` counts the new events.
 *
 * @param {Params} filters
 * @param {boolean} held
 * @returns {Following}
 */
export function useFollowing(filters, held) {
  const key = JSON.stringify(filters);
  const seen = useSeen();
  const latest = useRef(/** @type {Place | null} */ (null));
  if (latest.current?.key !== key) latest.current = { key, feed: new Feed(), opened: false, since: null };
  const place = latest.current;
  const { feed } = place;
  const [shown, setShown] = useState(NOTHING);
  const [link, setLink] = useState(CONNECTING);
  const [turn, setTurn] = useState(0);
  const [, redraw] = useState(0);
  const take = () => setShown({ of: feed, rows: feed.newest(), came: feed.came });
  const drawing = useRef({ held, take });
  drawing.current = { held, take };

  useEffect(() => {
    if (!seen) {
      setLink({ state: "hidden" });
      return undefined;
    }
    const control = new AbortController();
    let timer = 0;
    // Also while the rows are held, to show how many wait.
    const draw = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        requestAnimationFrame(() => (drawing.current.held ? redraw((times) => times + 1) : drawing.current.take()));
      }, DRAWN);
    };
    follow(place, filters, control.signal, setLink, draw);
    return () => {
      control.abort();
      clearTimeout(timer);
      left(place);
    };
  }, [key, seen, turn]);
  useEffect(() => {
    if (!held) drawing.current.take();
  }, [held, key]);

  const { rows, came } = shown.of === feed ? shown : NOTHING;
  const again = () => setTurn(turn + 1);
  return { ...link, rows, came: feed.came, waiting: feed.came - came, dropped: feed.dropped, again };
}

/** @type {Shown} */
const NOTHING = { rows: [], came: 0 };
/** @type {Connection} */
const CONNECTING = { state: "connecting" };

/**
 * Adds streamed events to the feed, and reconnects if the stream breaks, until `signal` is aborted.
 *
 * @param {Place} place
 * @param {Params} filters
 * @param {AbortSignal} signal
 * @param {(next: Connection | ((before: Connection) => Connection)) => void} setLink
 * @param {() => void} draw
 */
async function follow(place, filters, signal, setLink, draw) {
  const { feed } = place;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    let open = true;
    /** @type {Trouble} */
    let reason = { message: "The receiver ended the stream." };
    setLink(({ state }) => ({ state: state === "away" ? "away" : "connecting" }));
    try {
      let before = Promise.resolve();
      const onOpen = () => {
        pause = FIRST_PAUSE;
        // Events that are stored from now on are streamed, so none is missed. It goes on even without earlier ones.
        const caughtUp = catchUp(place, filters, signal).then(draw, () => {});
        before = caughtUp.then(() => {
          if (open) setLink({ state: "live" });
        });
      };
      for await (const { event, data } of stream("/live", filters, { signal, onOpen })) {
        await before;
        if (signal.aborted) return;
        if (event === "event") feed.add(data);
        else if (event === "dropped") feed.dropped += data.count;
        draw();
      }
    } catch (error) {
      reason = troubleOf(error);
    }
    open = false;
    if (signal.aborted) return;
    left(place);
    if (reason.status && !reason.passing) {
      setLink({ state: "refused", reason });
      return;
    }
    setLink({ state: "away", reason });
    // At a random time, so that many clients of one receiver do not reconnect at once.
    await slept(Math.max(pause * (0.5 + Math.random()), (reason.retryAfter ?? 0) * 1000), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/**
 * Adds the earlier events, or those that came while nothing was followed, as far as they are among the newest ones.
 *
 * @param {Place} place
 * @param {Params} filters
 * @param {AbortSignal} signal
 */
async function catchUp(place, filters, signal) {
  const { feed, since } = place;
  const first = !place.opened;
  Object.assign(place, { opened: true, since: null });
  const { events } = await get("/events", { ...filters, limit: first ? BEFORE : MISSED }, { signal });
  const missed = first ? events : events.filter((event) => event.created_at > feed.storedUntil);
  // In the order of storing; events that were stored together, in the order of their time.
  const ordered = missed.reverse().sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  const added = count(ordered.filter((event) => feed.add(event)).length, "event");
  if (first) return;
  const away = duration((Date.now() - (since ?? Date.now())) * 1e6);
  feed.remark(
    `Not connected for ${away}: ${added} of that time, among the newest ${MISSED}, below. Others may be missing here.`,
  );
}

/** @param {Place} place */
function left(place) {
  if (place.opened) place.since ??= Date.now();
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function slept(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    const stop = () => {
      clearTimeout(timer);
      done();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Returns whether the tab is visible. */
function useSeen() {
  const [seen, setSeen] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setSeen(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return seen;
}
