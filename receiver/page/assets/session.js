// Page Session: all traces of a session as one story, in the order of time.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { Conversation } from "./conversation.js";
import { between, count, duration, number } from "./format.js";
import { Head, sums } from "./head.js";
import { InferredTrace } from "./inferred.js";
import { useLoad } from "./load.js";
import { Copy, Duration, ErrorBox, Link, Loading, Moment, Status, Text, Title } from "./ui.js";

const AT_ONCE = 50; // traces that are drawn before one asks for more
const NEAR = "600px"; // how far below the window a trace may be when it is loaded

export function Session({ id }) {
  const { data: session, error, reload } = useLoad((signal) => get(`/sessions/${encodeURIComponent(id)}`, {}, { signal }), [id]);
  const [most, setMost] = useState(AT_ONCE);
  const traces = useMemo(() => session?.traces.toReversed() ?? [], [session]);
  if (!session) {
    return html`<${Title} text="Session" />${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : html`<${Loading} what="the session" />`}`;
  }
  return html`
    <${Head} before="Session " heading=${session.id} facts=${factsOf(session)}>
      <${Copy} text=${session.id} label="Copy id" />
      <${Link} to="/traces" params=${{ session_id: session.id }}>Its traces as a list<//>
    <//>
    ${traces.slice(0, most).map((trace, index) => html`<${Chapter} key=${trace.id} trace=${trace} before=${traces[index - 1]} />`)}
    ${traces.length > most && html`<div class="more">
      <span class="muted">${number(most)} of ${count(traces.length, "trace")} shown</span>
      <button type="button" onClick=${() => setMost(most + AT_ONCE)}>More</button>
    </div>`}
  `;
}

function factsOf(session) {
  const { agent_ids: agents } = session;
  return [
    ["First activity", html`<${Moment} at=${session.first_event_at} long />`],
    ["Last activity", html`<${Moment} at=${session.last_event_at} long />`],
    ["Traces", number(session.trace_count)],
    ...sums(session),
    [agents.length > 1 ? "Agents" : "Agent", agents.length > 0 && agents.map((agent, index) => html`${index > 0 && ", "}<${Text} value=${agent} limit=${100} />`)],
  ];
}

/** A trace of the session: its head line, and its conversation once it is in sight. */
function Chapter({ trace, before }) {
  const section = useRef(null);
  const seen = useSeen(section);
  const pause = before ? between(before.last_event_at, trace.start_time) : 0;
  return html`
    ${pause >= 60e9 && html`<p class="pause">${duration(pause)} later</p>`}
    <section class="chapter" ref=${section}>
      <header class="chapter-head">
        <h2><${Link} row to=${["traces", trace.id]}><${Text} value=${trace.name || trace.agent_id || "Trace"} limit=${200} /><//></h2>
        <${Status} status=${trace.status} />
        <span class="muted">
          <${Moment} at=${trace.start_time} />, <${Duration} from=${trace.start_time} to=${trace.end_time ?? trace.last_event_at} />,
          ${" "}${count(trace.event_count, "event")}${trace.error_count ? html`, <span class="bad">✕ ${count(trace.error_count, "error")}</span>` : ""}
        </span>
      </header>
      ${seen ? html`<${Story} trace=${trace} />` : html`<p class="muted">…</p>`}
    </section>
  `;
}

function Story({ trace }) {
  const { data } = useLoad((signal) => get(`/traces/${encodeURIComponent(trace.id)}/outline`, {}, { signal }), [trace.id]);
  return html`
    <${InferredTrace} trace=${trace} events=${data?.events} />
    <${Conversation} traceId=${trace.id} events=${data?.events} version=${trace.updated_at} />
  `;
}

/** Whether an element has been in sight, or near it. */
function useSeen(element) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      setSeen(true);
      observer.disconnect();
    }, { rootMargin: NEAR });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}
