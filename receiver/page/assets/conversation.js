// A trace as the conversation that it was: `/traces/{id}/conversation`.

import { html, useMemo, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { between, count, duration } from "./format.js";
import { Inferred } from "./inferred.js";
import { useLoad } from "./load.js";
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
};

/**
 * `version` is anything that changes when the trace has grown: then it is loaded again. `events` are those of its
 * outline, where they are at hand: they know what was placed here without a trace id.
 *
 * @param {{traceId: string, events?: OutlinedEvent[], selected?: string | null, version: string}} props
 */
export function Conversation({ traceId, events, selected, version }) {
  const { data, error, loading, reload } = useLoad(
    (signal) => get(`/traces/${encodeURIComponent(traceId)}/conversation`, {}, { signal }),
    [traceId, version],
    { keep: true },
  );
  const [most, setMost] = useState(AT_ONCE);
  const placed = useMemo(() => new Map(events?.map((event) => [event.id, event.correlation])), [events]);
  if (error && !data) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data) return loading && html`<${Loading} what="the conversation" />`;
  const { turns, truncated } = data;
  if (!turns.length) {
    return html`<p class="muted">
      Nothing was said here: no event carries messages. The timeline shows what there is.
    </p>`;
  }
  return html`
    <ol class="conversation">
      ${turns.slice(0, most).map((turn, index) => html`
        <${Turn} key=${index} turn=${turn} before=${turns[index - 1]} traceId=${traceId}
          selected=${turn.event_id === selected} correlation=${placed.get(turn.event_id)} />
      `)}
    </ol>
    ${turns.length > most && html`<button type="button" onClick=${() => setMost(most + AT_ONCE * 5)}>
      Show more of ${count(turns.length, "turn")}</button>`}
    ${truncated && html`<p class="muted">The trace is longer than what is shown of it here.</p>`}
  `;
}

/** @param {{turn: SaidTurn, before?: SaidTurn, traceId: string, selected: boolean, correlation?: string}} props */
function Turn({ turn, before, traceId, selected, correlation }) {
  const role = ROLES[turn.role] ?? { name: turn.role || "Event", side: "other" };
  const by = role.side === "agent" ? turn.agent_id : role.side === "tool" ? null : turn.name; // a tool's result names it
  const failed = turn.status === "error";
  const pause = before ? between(before.timestamp, turn.timestamp) : 0;
  return html`
    <li class=${`turn ${role.side} ${failed ? "failed" : ""} ${selected ? "selected" : ""}`}>
      <header>
        <b class="role"><${Text} value=${role.name} /></b>
        ${by && html`<${Text} value=${by} limit=${100} />`}
        ${failed && html`<span class="mark-error">✕ error</span>`}
        <${Inferred} correlation=${correlation} />
        <span class="when">
          <${Moment} at=${turn.timestamp} />${pause >= 1e9 && html` <span class="muted">+${duration(pause)}</span>`}
        </span>
        <a class="to-event" href=${href(["traces", traceId], { view: "conversation", event: turn.event_id })}>details</a>
      </header>
      ${
        role.side === "system"
          ? html`<${Fold} title=${html`<span class="preview"><${Text} value=${previewOf(turn.parts[0]?.text)} /></span>`}>
              ${() => html`<${Parts} parts=${turn.parts} />`}
            <//>`
          : html`<${Parts} parts=${turn.parts} />`
      }
    </li>
  `;
}
