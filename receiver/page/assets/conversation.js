// A trace as a conversation, from its end or its beginning: `/traces/{id}/conversation`.

import { html, useMemo, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { between, count, duration } from "./format.js";
import { Inferred } from "./inferred.js";
import { usePages } from "./load.js";
import { Fold, Parts, previewOf } from "./parts.js";
import { href } from "./route.js";
import { ErrorBox, Loading, Moment, Text } from "./ui.js";

/** @import { OutlinedEvent, Turn as SaidTurn } from "./types.d.ts" */

const AT_ONCE = 100; // turns that are drawn before one asks for more
/** What a role is called, and on which side it stands. @type {Record<string, {name: string, side: string}>} */
const ROLES = {
  system: { name: "Instructions", side: "system" },
  user: { name: "User", side: "user" },
  assistant: { name: "Agent", side: "agent" },
  tool: { name: "Tool", side: "tool" },
  agent: { name: "Told by", side: "system" },
  waiting: { name: "Waits for a person", side: "waiting" },
  error: { name: "Error", side: "other" },
};
const DEEPEST = 4; // agents within agents that are moved to the right

/**
 * `version` is a value that changes when the trace has grown; then it is loaded again. `events` are those of its
 * outline, if it is loaded: they show which events were placed here without a trace id. With `sessionId` only the
 * session's part is shown.
 *
 * @param {{traceId: string, sessionId?: string, events?: OutlinedEvent[], selected?: string | null, version: string}} props
 */
export function Conversation({ traceId, sessionId, events, selected, version }) {
  const [from, setFrom] = useState(/** @type {"start" | "end"} */ ("end"));
  const pages = usePages(async (cursor, signal) => {
    const params = { session_id: sessionId, from, cursor };
    const { turns, next_cursor } = await get(`/traces/${encodeURIComponent(traceId)}/conversation`, params, { signal });
    return { items: [turns], next_cursor };
  }, [traceId, sessionId, version, from]);
  const [most, setMost] = useState(AT_ONCE);
  const placed = useMemo(() => new Map(events?.map((event) => [event.id, event.correlation])), [events]);
  const { items, error, loading, hasMore, more, reload } = pages;
  if (error && !items) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!items) return loading && html`<${Loading} what="the conversation" />`;
  // When reading from the end, each page comes before the one that was read before it.
  const turns = (from === "end" ? items.toReversed() : items).flat();
  const further = hasMore && html`<p class="more">
    <button type="button" onClick=${more} disabled=${loading}>${from === "end" ? "What was said before" : "What was said next"}</button>
    <button type="button" onClick=${() => setFrom(from === "end" ? "start" : "end")}>
      Read from its ${from === "end" ? "beginning" : "end"}</button>
  </p>`;
  if (!turns.length) {
    return html`<p class="muted">
      Nothing was said here: no event carries messages. The timeline shows what there is.
    </p>`;
  }
  return html`
    <${ErrorBox} error=${error} retry=${more} />
    ${from === "end" && further}
    <ol class="conversation">
      ${turns.slice(0, most).map((turn, index) => html`
        <${Turn} key=${index} turn=${turn} before=${turns[index - 1]} traceId=${traceId}
          selected=${turn.event_id === selected} correlation=${placed.get(turn.event_id)} />
      `)}
    </ol>
    ${turns.length > most && html`<button type="button" onClick=${() => setMost(most + AT_ONCE * 5)}>
      Show more of ${count(turns.length, "turn")}</button>`}
    ${from === "start" && turns.length <= most && further}
  `;
}

/** @param {{turn: SaidTurn, before?: SaidTurn, traceId: string, selected: boolean, correlation?: string}} props */
function Turn({ turn, before, traceId, selected, correlation }) {
  const role = ROLES[turn.role] ?? { name: turn.role || "Event", side: "other" };
  const by = role.side === "agent" ? turn.agent_id : role.side === "tool" ? null : turn.name; // a tool's result names it
  const within = turn.depth > 0 && role.side !== "agent" ? turn.agent_id : null;
  const failed = turn.status === "error";
  const pause = before ? between(before.timestamp, turn.timestamp) : 0;
  return html`
    <li class=${`turn ${role.side} within-${Math.min(turn.depth, DEEPEST)} ${failed ? "failed" : ""} ${selected ? "selected" : ""}`}>
      <header>
        <b class="role"><${Text} value=${role.name} /></b>
        ${by && html`<${Text} value=${by} limit=${100} />`}
        ${within && html`<span class="muted">${turn.role === "agent" ? "to" : "within"} <${Text} value=${within} limit=${100} /></span>`}
        ${failed && html`<span class="mark-error">✕ error</span>`}
        <${Inferred} correlation=${correlation} />
        <span class="when">
          <${Moment} at=${turn.timestamp} />${pause >= 1e9 && html` <span class="muted">+${duration(pause)}</span>`}
        </span>
        <a class="to-event" href=${href(["traces", traceId], { view: "conversation", event: turn.event_id })}>details</a>
      </header>
      ${
        role.side === "system"
          ? html`<${Fold} open=${turn.role === "agent"}
              title=${html`<span class="preview"><${Text} value=${previewOf(turn.parts[0]?.text)} /></span>`}>
              ${() => html`<${Parts} parts=${turn.parts} />`}
            <//>`
          : html`<${Parts} parts=${turn.parts} />`
      }
    </li>
  `;
}
