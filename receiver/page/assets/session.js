// Page Session: all traces of a session, in the order of time.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { Conversation } from "./conversation.js";
import { Export } from "./export.js";
import { between, count, duration, number } from "./format.js";
import { Gist, Head, names, sums } from "./head.js";
import { InferredTrace } from "./inferred.js";
import { wholeOf } from "./jumps.js";
import { useLoad } from "./load.js";
import { Copy, Duration, ErrorBox, Link, Loading, Moment, Status, Text, Title } from "./ui.js";

/** @import { Fact, Session as SessionAnswer, SessionTrace } from "./types.d.ts" */

const AT_ONCE = 50; // traces that are drawn before one asks for more
const NEAR = "600px"; // how far below the window a trace may be when it is loaded

/** @param {{id: string}} props */
export function Session({ id }) {
  const load = useLoad((signal) => get(`/sessions/${encodeURIComponent(id)}`, {}, { signal }), [id]);
  const { data: session, error, reload } = load;
  const [most, setMost] = useState(AT_ONCE);
  const traces = useMemo(() => session?.traces.toReversed() ?? [], [session]);
  if (!session) {
    const instead = error ? html`<${ErrorBox} error=${error} retry=${reload} />` : html`<${Loading} what="the session" />`;
    return html`<${Title} text="Session" />${instead}`;
  }
  return html`
    <${Head} before="Session " heading=${session.id} facts=${factsOf(session)}>
      <${Copy} text=${session.id} label="Copy id" />
      <${Copy} text=${() => wholeOf(`/sessions/${encodeURIComponent(id)}/conversation`, `Session ${id}`)} label="Copy all"
        what="the session as Markdown" />
      <${Link} to="/traces" params=${{ session_id: session.id }}>Its traces as a list<//>
    <//>
    <${Gist} told=${session} />
    <${Export} of="events" what="Its events" params=${{ session_id: session.id }} />
    ${session.first_error && html`<p class="bad"><span aria-hidden="true">✕</span> <${Text} value=${session.first_error} /></p>`}
    ${traces.slice(0, most).map((trace, index) => html`<${Chapter} key=${trace.id}
      trace=${trace} before=${traces[index - 1]} sessionId=${id} />`)}
    ${traces.length > most && html`<div class="more">
      <span class="muted">${number(most)} of ${count(traces.length, "trace")} shown</span>
      <button type="button" onClick=${() => setMost(most + AT_ONCE)}>More</button>
    </div>`}
  `;
}

/** @param {SessionAnswer} session @returns {Fact[]} */
function factsOf(session) {
  const { agent_ids: agents } = session;
  return [
    ["First activity", html`<${Moment} at=${session.first_event_at} long />`],
    ["Last activity", html`<${Moment} at=${session.last_event_at} long />`],
    ["Traces", number(session.trace_count)],
    ...sums(session),
    [agents.length > 1 ? "Agents" : "Agent", names(agents)],
  ];
}

/**
 * A trace of the session: its head line, and its conversation once it is visible.
 *
 * @param {{trace: SessionTrace, before?: SessionTrace, sessionId: string}} props
 */
function Chapter({ trace, before, sessionId }) {
  const section = useRef(/** @type {HTMLElement | null} */ (null));
  const seen = useSeen(section);
  const pause = before ? between(before.start_time, trace.start_time) - before.duration_ns : 0;
  const { event_count, error_count } = trace.part ?? trace;
  return html`
    ${pause >= 60e9 && html`<p class="pause">${duration(pause)} later</p>`}
    <section class="chapter" ref=${section}>
      <header class="chapter-head">
        <h2>
          <${Link} row to=${["traces", trace.id]}><${Text} value=${trace.name || trace.agent_id || "Trace"} limit=${200} /><//>
        </h2>
        <${Status} status=${trace.status} />
        <span class="muted">
          <${Moment} at=${trace.start_time} />, <${Duration} ns=${trace.duration_ns} />,
          ${" "}${count(event_count, "event")}
          ${error_count > 0 && html`, <span class="bad">✕ ${count(error_count, "error")}</span>`}
          ${trace.part && ", the session's part of it"}
        </span>
      </header>
      ${seen ? html`<${Story} trace=${trace} sessionId=${sessionId} />` : html`<p class="muted">…</p>`}
    </section>
  `;
}

/** @param {{trace: SessionTrace, sessionId: string}} props */
function Story({ trace, sessionId }) {
  const { data } = useLoad((signal) => get(`/traces/${encodeURIComponent(trace.id)}/outline`, {}, { signal }), [trace.id]);
  return html`
    <${InferredTrace} trace=${trace} events=${data?.events} />
    <${Conversation} traceId=${trace.id} title=${trace.name || trace.id} sessionId=${trace.part ? sessionId : undefined}
      events=${data?.events} version=${trace.updated_at} />
  `;
}

/** Whether an element has been in sight, or near it. @param {{current: HTMLElement | null}} element */
function useSeen(element) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      setSeen(true);
      observer.disconnect();
    }, { rootMargin: NEAR });
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}
