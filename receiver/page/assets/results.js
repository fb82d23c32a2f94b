// Search results, best first: the event, the words that matched, and on request the parts of the score.

import { html, useState } from "./vendor/preact.js";
import { count, number } from "./format.js";
import { segments } from "./passages.js";
import { href } from "./route.js";
import { Duration, Link, Moment, Status, TypeBadge, hiddenIn, visible } from "./ui.js";

/** @import { AgentEvent, Highlight, Params, Place, Result as Found } from "./types.d.ts" */

/** @type {Record<string, string>} */
const LISTS = { keyword: "by words", semantic: "by meaning", reranked: "re-read by MiniLM" };
const LONGEST = 200; // characters of a name, a session or an agent

/** @param {{results: Found[], params: Params, busy: boolean}} props */
export function Results({ results, params, busy }) {
  return html`<ol class="results" aria-busy=${busy}>
    ${results.map((result) => html`<${Result} key=${`${result.event.id}${result.prompt ? " prompt" : ""}`} result=${result} params=${params} />`)}
  </ol>`;
}

/** @param {{result: Found, params: Params}} props */
function Result({ result: { event, highlights, score, parts, passage, occurrences, prompt, more = 0 }, params }) {
  const [explained, setExplained] = useState(false);
  return html`<li class="result">
    <div class="result-head"><${EventLine} event=${event} row /></div>
    ${prompt && html`<p class="muted">In its system prompt:</p>`}
    ${highlights.map((words, index) => html`<p key=${index} class="passage"><${Passage} passage=${words} /></p>`)}
    <div class="result-foot">
      ${passage && occurrences && occurrences.events > 1 && html`<${Again} passage=${passage} times=${occurrences} params=${params} />`}
      ${
        parts
          ? html`<button type="button" class="small" aria-expanded=${explained} onClick=${() => setExplained(!explained)}>
              score ${shown(score)}</button>`
          : (params.q || params.like) && html`<span title="Cosine of the two meanings: 1 is the same">score ${shown(score)}</span>`
      }
      <a href=${href("/search", { like: event.id })}>more like this</a>
      ${more > 0 && html`<${Others} event=${event} more=${more} params=${params} />`}
      ${event.session_id && html`<span class="wide">
        session <${Link} to=${["sessions", event.session_id]}><bdi>${short(event.session_id)}</bdi><//>
      </span>`}
    </div>
    ${explained && html`<${Parts} parts=${parts} score=${score} />`}
  </li>`;
}

/**
 * An event in a line, with a link to it in its trace. With `row`, the keys j and k stop at it.
 *
 * @param {{event: AgentEvent, row?: boolean}} props
 */
export function EventLine({ event, row = false }) {
  const name = html`<bdi>${short(event.name || kindName(event))}</bdi>`;
  return html`<${TypeBadge} type=${event.event_type} />
    ${
      // With auto_create_traces: false there may be events without a trace.
      event.trace_id
        ? html`<${Link} row=${row} class="name" to=${["traces", event.trace_id]} params=${{ event: event.id }}>${name}<//>`
        : html`<${Link} row=${row} class="name" to="/search" params=${{ like: event.id }}>${name}<//>`
    }
    ${event.status === "error" && html`<${Status} status="error" />`}
    <span class="result-facts">
      ${event.agent_id && html`<bdi title="Agent">${short(event.agent_id)}</bdi>`}
      <${Duration} ns=${event.duration_ns || null} />
      <${Moment} at=${event.timestamp} />
    </span>`;
}

/** @param {{passage: Highlight}} props */
function Passage({ passage: { text, ranges } }) {
  const parts = segments(text, ranges);
  return html`<bdi class="text">
    ${parts.map(({ text: part, hit }) => (hit ? html`<mark>${visible(part)}</mark>` : visible(part)))}
  </bdi>`;
}

/**
 * How often the same was said, with a link to where.
 *
 * @param {{passage: string, times: {events: number, traces: number}, params: Params}} props
 */
function Again({ passage, times: { events, traces }, params }) {
  const to = href("/search", { ...params, q: undefined, like: undefined, group_by: undefined, limit: undefined, passage });
  return html`<a href=${to} title="Where the same was said">× ${number(events)} in ${count(traces, "trace")}</a>`;
}

/**
 * With `group_by` a result represents its trace or session; a link searches for the same words within that.
 *
 * @param {{event: AgentEvent, more: number, params: Params}} props
 */
function Others({ event, more, params }) {
  const of = params.group_by === "session" ? "session" : "trace";
  const id = of === "session" ? event.session_id : event.trace_id;
  const words = `${number(more)} more in this ${of}`;
  if (!id) return html`<span>${words}</span>`;
  const to = href("/search", { ...params, group_by: undefined, limit: undefined, [`${of}_id`]: id });
  return html`<a href=${to}>${words}</a>`;
}

/** @param {{parts: Record<string, Place>, score: number}} props */
function Parts({ parts, score }) {
  const rows = Object.entries(parts);
  return html`<table class="score-parts">
    <caption>Found in ${rows.length === 1 ? "one list" : `${rows.length} lists`}; together ${shown(score)}</caption>
    <thead><tr><th scope="col">List</th><th scope="col">Rank</th><th scope="col">Score</th></tr></thead>
    <tbody>
      ${rows.map(([name, part]) => html`<tr key=${name}>
        <th scope="row">${LISTS[name] ?? name}</th>
        <td class="number">${number(part.rank)}</td>
        <td class="number">${shown(part.score)}</td>
      </tr>`)}
    </tbody>
  </table>`;
}

/** @type {Record<string, string>} */
const KIND_NAMES = { log_record: "log record", span_event: "span event", json: "event" };

/** What kind of thing an event is that has no name. @param {{kind: string}} event */
export function kindName({ kind }) {
  return KIND_NAMES[kind] ?? "span";
}

/** @param {number} score */
function shown(score) {
  return score.toFixed(score < 0.01 ? 4 : 2);
}

/** @param {string} text */
function short(text) {
  const line = visible(text, hiddenIn(text));
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
