// Following what is stored: over a stream that is taken up again where it breaks, and not at all in a tab that nobody sees.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { get, stream } from "./api.js";
import { count, duration } from "./format.js";
import { Feed } from "./feed.js";

const BEFORE = 50; // events of the past that are shown at first
const MISSED = 200; // events that are looked through after an interruption: the most that a list gives
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const DRAWN = 250; // ms between two drawings: four a second

/**
 * Follows the events that `filters` let through: `{rows, came, waiting, dropped, state, reason, again}`.
 *
 * `state` is connecting, live, away (tried again by itself), hidden or refused (with an ApiError as `reason`, until `again()`). While `held`,
 * `rows` stay as they are and `waiting` says how many came.
 */
export function useFollowing(filters, held) {
  const key = JSON.stringify(filters);
  const seen = useSeen();
  const feed = useRef({ key: null });
  const [shown, setShown] = useState({ rows: [], came: 0, dropped: 0 });
  const [link, setLink] = useState({ state: "connecting" });
  const [turn, setTurn] = useState(0);
  const [, redraw] = useState(0);
  if (feed.current.key !== key) feed.current = { key, feed: new Feed(), opened: false, since: null };
  const { feed: current } = feed.current;
  const drawing = useRef({});
  drawing.current = { held, take: () => setShown({ feed: current, rows: current.newest(), came: current.came, dropped: current.dropped }) };

  useEffect(() => {
    if (!seen) {
      setLink({ state: "hidden" });
      return undefined;
    }
    const control = new AbortController();
    let timer = 0;
    // Also where the rows are held: how many wait is drawn.
    const draw = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        requestAnimationFrame(() => (drawing.current.held ? redraw((times) => times + 1) : drawing.current.take()));
      }, DRAWN);
    };
    const place = feed.current;
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

  const mine = shown.feed === current ? shown : { rows: [], came: 0 };
  return { ...link, rows: mine.rows, came: current.came, waiting: current.came - mine.came, dropped: current.dropped, again: () => setTurn(turn + 1) };
}

async function follow(place, filters, signal, setLink, draw) {
  const { feed } = place;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    let open = true;
    let reason = { message: "The receiver ended the stream." };
    setLink(({ state }) => ({ state: state === "away" ? "away" : "connecting" }));
    try {
      let before = null;
      const onOpen = () => {
        pause = FIRST_PAUSE;
        // What is stored from here on is streamed: nothing gets lost in between. Without what was before it goes on, too.
        before = catchUp(place, filters, signal).then(draw, () => {}).then(() => open && setLink({ state: "live" }));
      };
      for await (const { event, data } of stream("/live", filters, { signal, onOpen })) {
        await before;
        if (signal.aborted) return;
        if (event === "event") feed.add(data);
        else if (event === "dropped") feed.dropped += data.count;
        draw();
      }
    } catch (error) {
      reason = error;
    }
    open = false;
    if (signal.aborted) return;
    left(place);
    if (reason.status && !reason.passing) {
      setLink({ state: "refused", reason });
      return;
    }
    setLink({ state: "away", reason });
    // Not all at once, where many have lost the same receiver.
    await slept(Math.max(pause * (0.5 + Math.random()), (reason.retryAfter ?? 0) * 1000), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** Puts in what there was before, or what came while nobody followed, as far as the newest events say. */
async function catchUp(place, filters, signal) {
  const { feed, since } = place;
  const first = !place.opened;
  Object.assign(place, { opened: true, since: null });
  const { events } = await get("/events", { ...filters, limit: first ? BEFORE : MISSED }, { signal });
  const missed = first ? events : events.filter((event) => event.created_at > feed.storedUntil);
  // As they were stored; what was stored together, as it happened.
  const added = missed.reverse().sort((a, b) => (a.created_at < b.created_at ? -1 : 1)).filter((event) => feed.add(event)).length;
  if (first) return;
  const away = duration((Date.now() - since) * 1e6);
  feed.remark(`Not connected for ${away}: ${count(added, "event")} of that time, among the newest ${MISSED}, below. Others may be missing here.`);
}

function left(place) {
  if (place.opened) place.since ??= Date.now();
}

function slept(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}

/** Whether the tab can be seen. */
function useSeen() {
  const [seen, setSeen] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setSeen(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return seen;
}
