// A trace as a conversation: `/traces/{id}/conversation`, read in pages from its beginning, its end, or any place in it.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { count, between, duration } from "./format.js";
import { Inferred } from "./inferred.js";
import { JumpBar, momentOf } from "./jumps.js";
import { usePages } from "./load.js";
import { Fold, Parts, previewOf } from "./parts.js";
import { Lines } from "./prompt.js";
import { lineDiff } from "./prompt_diff.js";
import { grouped, promptsBefore, speakerOf, textOf } from "./turns.js";
import { Copy, ErrorBox, Link, Loading, Moment, Text } from "./ui.js";

/** @import { Content, OutlinedEvent, Turn as SaidTurn } from "./types.d.ts" */
/** @import { Group } from "./turns.js" */

const AHEAD = "1500px"; // below the window: the next page is loaded when the last turn is that near
/** Where reading begins: at the start, at the end, or with an event. @typedef {string} Place */

/**
 * `version` is a value that changes when the trace has grown; then it is loaded again. `events` are those of its
 * outline, if it is loaded: they show which events were placed here without a trace id, and where one can go to. With
 * `sessionId` only the session's part is shown. It begins `at` an event, or the "end", and `onJump` hears of another place.
 *
 * @param {{
 *   traceId: string, title: string, sessionId?: string, events?: OutlinedEvent[], firstError?: string, selected?: string | null,
 *   version: string, at?: Place, onJump?: (place: Place) => void,
 * }} props
 */
export function Conversation({ traceId, title, sessionId, events, firstError, selected, version, at = "", onJump }) {
  const [from, setFrom] = useState(at || selected || ""); // what is loaded begins here
  const [target, setTarget] = useState({ place: from, turn: 0, how: /** @type {How} */ ("seen") });
  const [seen, setSeen] = useState(version); // what is loaded is of this version
  const [fold, setFold] = useState({ turn: 0, isOpen: true });
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const since = momentOf(events, from);
  const path = /** @type {const} */ (`/traces/${encodeURIComponent(traceId)}/conversation`);
  /** Those from the place on, or those before it. @param {"start" | "end"} side */
  const useSide = (side) => usePages(async (cursor, signal) => {
    const isNone = from === "end" ? side === "start" : side === "end" && !since;
    if (isNone) return { items: [{ from, turns: [] }], next_cursor: null };
    const { turns, next_cursor } = await get(path, { session_id: sessionId, from: side, at: cursor ? null : since, cursor }, { signal });
    const keyed = turns.map((turn, place) => ({ ...turn, key: `${side} ${cursor ?? since ?? ""} ${place}` }));
    return { items: [{ from, turns: keyed }], next_cursor };
  }, [traceId, sessionId, seen, from, since], `${traceId} ${side}`);
  const before = useSide("end");
  const after = useSide("start");
  const placed = useMemo(() => new Map(events?.map((event) => [event.id, event.correlation])), [events]);
  const pages = before.items && after.items && [...before.items.toReversed(), ...after.items];
  const isThere = pages?.every((page) => page.from === from);
  const latest = useRef({ from, turns: /** @type {SaidTurn[]} */ ([]) });
  // A trace that grows is loaded again, unless so much is there that the reader would lose the place.
  const isShort = (before.items?.length ?? 0) + (after.items?.length ?? 0) <= 2;
  useEffect(() => {
    if (isShort) setSeen(version);
  }, [version, isShort]);
  const parts = [before.items, after.items].flatMap((items) => [items?.length, items?.[0]]);
  const known = useMemo(() => pages?.flatMap((page) => page.turns) ?? [], parts);
  if (isThere) latest.current = { from, turns: known };
  // While it is loaded again, because the trace has grown, it stays.
  const turns = latest.current.from === from ? latest.current.turns : [];
  const prompts = useMemo(() => promptsBefore(turns), [turns]);
  const error = before.error ?? after.error;

  /** @param {Place} place @param {How} how */
  const jump = (place, how = "focused") => {
    const isWhole = place === "end" ? !after.hasMore : from === "" || !before.hasMore;
    const isLoaded = place === "end" || place === "" ? isWhole : turnAt(turns, events, place);
    if (!isLoaded) setFrom(place);
    if (!fold.isOpen) setFold({ turn: fold.turn + 1, isOpen: true });
    setTarget(({ turn }) => ({ place, turn: turn + 1, how }));
    onJump?.(place);
  };
  const readOn = () => {
    setSeen(version);
    jump("end");
  };
  const reached = useRef(/** @type {unknown} */ (null)); // a place is gone to once, not whenever the trace has grown
  useEffect(() => {
    if (!isThere || reached.current === target || !(target.turn || target.place)) return;
    if (goTo(list.current, turns, events, target.place, target.how)) reached.current = target;
  }, [isThere, from, target]);
  const shown = useRef(/** @type {string | null | undefined} */ (from && selected));
  useEffect(() => {
    if (!isThere || shown.current === selected) return;
    shown.current = selected;
    if (!selected) return;
    if (turnAt(turns, events, selected)) goTo(list.current, turns, events, selected, "seen");
    else jump(selected, "marked");
  }, [isThere, selected]);

  if (error && !turns.length) return html`<${ErrorBox} error=${error} retry=${after.error ? after.reload : before.reload} />`;
  if (!isThere && !turns.length) return html`<${Loading} what="the conversation" />`;
  if (!turns.length) {
    return html`<p class="muted">
      Nothing was said here: no event carries messages. The timeline shows what there is.
    </p>`;
  }
  const items = grouped(turns);
  /** @param {(SaidTurn | Group)[]} all @returns {Content} */
  const drawn = (all) => all.map((item, place) => "of" in item
    ? html`<${Inner} key=${`${item.key} ${fold.turn}`} group=${item} isOpen=${fold.isOpen}>${() => drawn(item.of)}<//>`
    : html`<${Turn} key=${item.key} turn=${item} before=${lastOf(all[place - 1])} traceId=${traceId}
        selected=${item.event_id === selected} correlation=${placed.get(item.event_id)} prompt=${prompts.get(item.key)} />`);
  return html`
    <${JumpBar} path=${path} title=${title} sessionId=${sessionId} turns=${turns} events=${events} firstError=${firstError}
      isLong=${before.hasMore || after.hasMore || from !== ""} place=${target.place} onJump=${jump}
      fold=${items.some((item) => "of" in item) ? fold : null} setFold=${setFold} />
    ${before.hasMore && html`<p class="more"><button type="button" onClick=${before.more} disabled=${before.loading}>
      What was said before</button></p>`}
    <ol class="conversation" ref=${list}>${drawn(items)}</ol>
    <${ErrorBox} error=${error} retry=${after.error ? after.more : before.more} />
    ${version !== seen && html`<p class="more"><button type="button" onClick=${readOn}>More was said since: to the end</button></p>`}
    ${after.hasMore && !after.error && html`<${Further} more=${after.more} loading=${after.loading} />`}
  `;
}

/** Loads the next page when it comes near. @param {{more: () => void, loading: boolean}} props */
function Further({ more, loading }) {
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (loading) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) more();
    }, { rootMargin: AHEAD });
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  }, [loading, more]);
  return html`<p class="more" ref=${end}><button type="button" onClick=${more} disabled=${loading}>What was said next</button></p>`;
}

/** @param {SaidTurn | Group | undefined} item @returns {SaidTurn | undefined} */
const lastOf = (item) => (item && "of" in item ? item.turns.at(-1) : item);

/**
 * Returns the turn of an event: what the call that it reports said, of a failed one what says so.
 *
 * @param {SaidTurn[]} turns
 * @param {OutlinedEvent[] | undefined} events
 * @param {string} eventId
 */
function turnAt(turns, events, eventId) {
  const event = events?.find(({ id }) => id === eventId);
  const ids = [eventId, event?.call_id].filter(Boolean);
  const own = turns.filter(({ event_id, call_id }) => ids.includes(event_id) || ids.includes(call_id));
  return (event?.status === "error" && own.find(({ status }) => status === "error")) || own[0];
}

/** How one goes to a place: it comes into sight, is marked, too, or has the focus, too. @typedef {"seen" | "marked" | "focused"} How */

/**
 * Brings what is at a place into sight; returns whether it is there.
 *
 * @param {HTMLElement | null} list
 * @param {SaidTurn[]} turns
 * @param {OutlinedEvent[] | undefined} events
 * @param {Place} place
 * @param {How} how
 */
function goTo(list, turns, events, place, how) {
  const event = events?.find(({ id }) => id === place);
  const turn = place === "end" ? turns.at(-1) : place === "" ? turns[0]
    : turnAt(turns, events, place) ?? turns.find(({ timestamp }) => event && timestamp >= event.timestamp);
  const at = [...list?.querySelectorAll("[data-turn]") ?? []].find((one) => one.getAttribute("data-turn") === turn?.key);
  if (!(at instanceof HTMLElement)) return false;
  for (let around = at.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true;
  at.scrollIntoView({ block: how === "seen" ? "nearest" : place === "end" ? "end" : "start" });
  if (how === "seen") return true;
  list?.querySelector(".sought")?.classList.remove("sought");
  at.classList.add("sought");
  if (how === "focused") at.focus({ preventScroll: true });
  return true;
}

/** What agents within the agent said. @param {{group: Group, isOpen: boolean, children: () => Content}} props */
function Inner({ group: { agents, turns }, isOpen, children }) {
  const errors = turns.filter(({ status }) => status === "error").length;
  const title = html`<b><${Text} value=${agents.join(", ") || "within"} limit=${200} /></b>
    ${" "}<span class="muted">${count(turns.length, "message")}</span>
    ${errors > 0 && html` <span class="mark-error">✕ ${count(errors, "error")}</span>`}`;
  return html`<li class="inner"><${Fold} open=${isOpen} title=${title}>
    ${() => html`<ol class="conversation">${children()}</ol>`}
  <//></li>`;
}

/**
 * `prompt` is what the system prompt was before this turn changed it.
 *
 * @typedef {{turn: SaidTurn, before?: SaidTurn, traceId: string, selected: boolean, correlation?: string, prompt?: string}} TurnProps
 */

/** While others come, a turn stays as it is. @param {TurnProps} shown */
function Turn(shown) {
  const { turn, before, selected, correlation, prompt } = shown;
  return useMemo(() => drawn(shown), [turn, before?.timestamp, selected, correlation, prompt]);
}

/** @param {TurnProps} shown */
function drawn({ turn, before, traceId, selected, correlation, prompt }) {
  const { name, side, by, within } = speakerOf(turn);
  const failed = turn.status === "error";
  const pause = before ? between(before.timestamp, turn.timestamp) : 0;
  const isChange = prompt !== undefined;
  const parts = () => isChange
    ? html`<${Lines} changes=${lineDiff(prompt, textOf(turn.parts))} />`
    : html`<${Parts} parts=${turn.parts} eventId=${turn.event_id} />`;
  return html`
    <li class=${`turn ${side} ${failed ? "failed" : ""} ${selected ? "selected" : ""}`} data-turn=${turn.key} tabindex="-1">
      <header>
        <b class="role"><${Text} value=${name} />${isChange && " changed"}</b>
        ${by && html`<${Text} value=${by} limit=${100} />`}
        ${within && html`<span class="muted">${turn.role === "agent" ? "to" : "within"} <${Text} value=${within} limit=${100} /></span>`}
        ${failed && html`<span class="mark-error">✕ error</span>`}
        <${Inferred} correlation=${correlation} />
        <span class="when">
          <${Moment} at=${turn.timestamp} />
          ${pause >= 1e9 && html` <span class="muted" title="after what was said before">+${duration(pause)}</span>`}
        </span>
        <${Copy} text=${() => textOf(turn.parts)} what="this message" />
        <${Link} class="to-event" to=${["traces", traceId]} params=${{ view: "conversation", event: turn.event_id }}>details<//>
      </header>
      ${
        side === "system"
          ? html`<${Fold} open=${turn.role === "agent" || isChange}
              title=${html`<span class="preview"><${Text} value=${isChange ? "Its lines" : previewOf(turn.parts[0]?.text)} /></span>`}>
              ${parts}
            <//>`
          : parts()
      }
    </li>
  `;
}
