// Page Traces: newest first, page by page, with the filters in the address.

import { html, useEffect, useMemo, useState } from "./vendor/preact.js";
import { Activity } from "./activity.js";
import { get } from "./api.js";
import { count, number, shortId } from "./format.js";
import { troubleOf, useLoad, usePages } from "./load.js";
import {
  Duration, Empty, ErrorBox, FilterBar, Link, Loading, Moment, Money, More, Status, Text, Title, Tokens, asked,
} from "./ui.js";

/** @import { Field, Pages, Params, Trace, Trouble } from "./types.d.ts" */

const LOOK_EVERY = 5000;
const NAME_LENGTH = 120;
const MANY = 1000; // traces that are left out of a page are counted up to so many

const COLUMNS = ["Name", "Status", "Agent", "Session", "Started", "Duration", "Events", "Errors", "Tokens", "Cost"];
const NUMBERS = new Set(["Duration", "Events", "Errors", "Tokens", "Cost"]);

/** A page of the list. @param {Params} params @param {string | undefined} cursor @param {AbortSignal} signal */
async function listed(params, cursor, signal) {
  const { traces, left_out, next_cursor } = await get("/traces", { ...asked(params), cursor }, { signal });
  return { items: traces, left_out, next_cursor };
}

/** @param {{params: Params}} props */
export function Traces({ params }) {
  const key = JSON.stringify(params);
  const pages = usePages((cursor, signal) => listed(params, cursor, signal), [key]);
  const { traces, added, error, show, turn } = useNews(pages, params, key);
  const filtered = Object.keys(params).length > 0;
  return html`
    <div class="heading"><${Title} text="Traces" />
      <span role="status">${added > 0 && html`<button class="primary small" onClick=${show}>${count(added, "new trace")}: show</button>`}</span>
    </div>
    <${Filters} params=${params} />
    <${ErrorBox} error=${pages.error ?? error} retry=${pages.reload} />
    ${traces?.length !== 0 && html`<${Activity} params=${params} turn=${turn} />`}
    ${!traces && !pages.error && html`<${Loading} what="traces" />`}
    ${traces?.length === 0 && html`<${Empty} filtered=${filtered} />`}
    ${traces && traces.length > 0 && html`<${List} traces=${traces} params=${params} />`}
    <${LeftOut} count=${pages.leftOut} params=${params} />
    <${More} pages=${pages} what="traces" />`;
}

/** How many traces without a call or a session are not listed, and the way to them. @param {{count: number, params: Params}} props */
function LeftOut({ count: left, params }) {
  const { runs, ...others } = params;
  if (runs === "false") {
    return html`<p class="muted">Traces without a call or a session. <${Link} to="/traces" params=${others}>Show the runs<//></p>`;
  }
  return left > 0 && html`<p class="muted">
    ${left >= MANY ? `${number(left)} traces or more` : count(left, "trace")} without a call or a session
    ${left === 1 ? " is" : " are"} left out.
    ${" "}<${Link} to="/traces" params=${{ ...others, runs: "false" }}>Show ${left === 1 ? "it" : "them"}<//>
  </p>`;
}

/** @param {{params: Params}} props */
function Filters({ params }) {
  // The names are loaded when a filter is used, because counting them takes the index some time.
  const [wanted, setWanted] = useState(false);
  const { data } = useLoad(async (signal) => (wanted ? (await get("/facets", {}, { signal })).facets : null), [wanted]);
  /** @param {"agent_id" | "service"} facet */
  const names = (facet) => data?.[facet].map(({ value }) => value);
  /** @type {Field[]} */
  const fields = [
    { name: "status", label: "Status", type: "select", options: ["running", "completed", "failed"] },
    { name: "agent_id", label: "Agent", options: names("agent_id") },
    { name: "session_id", label: "Session" },
    { name: "service", label: "Service", options: names("service") },
    { label: "Started", name: "period", type: "period" },
  ];
  return html`<div onFocusCapture=${() => setWanted(true)}><${FilterBar} fields=${fields} params=${params} /></div>`;
}

/**
 * Checks for changes every five seconds. Visible rows are updated; new ones wait for `show`, so that nothing moves
 * while the user points at it.
 *
 * @param {Pages<Trace>} pages
 * @param {Params} params
 * @param {string} key
 */
function useNews(pages, params, key) {
  const [news, setNews] = useState(/** @type {News} */ ({ of: null, first: [], error: null }));
  const [turn, setTurn] = useState(0);
  const { items } = pages;
  const show = () => {
    setTurn((number) => number + 1);
    pages.reload();
  };
  useEffect(() => {
    if (!items || params.until) return undefined;
    const control = new AbortController();
    const look = async () => {
      if (document.hidden) return;
      try {
        const { items: first } = await listed(params, undefined, control.signal);
        setNews({ of: key, first, error: null });
        if (!items.length && first.length) show();
      } catch (error) {
        if (control.signal.aborted) return;
        setNews(({ of, first }) => ({ of: key, first: of === key ? first : [], error: troubleOf(error) }));
      }
    };
    const timer = setInterval(look, LOOK_EVERY);
    return () => {
      clearInterval(timer);
      control.abort();
    };
  }, [items === undefined, items?.length, key]);
  const first = news.of === key ? news.first : [];
  const traces = useMemo(() => {
    const latest = new Map(first.map((trace) => [trace.id, trace]));
    return items?.map((trace) => latest.get(trace.id) ?? trace);
  }, [items?.length, items?.[0], first]);
  const known = new Set(items?.map(({ id }) => id));
  const newest = items?.[0]?.start_time;
  const added = newest ? first.filter(({ id, start_time }) => !known.has(id) && start_time >= newest).length : 0;
  return { traces, added, error: news.of === key ? news.error : null, show, turn };
}

/** The first page as it is now, of the list whose key is `of`. @typedef {{of: string | null, first: Trace[], error: Trouble | null}} News */

/** @param {{traces: Trace[], params: Params}} props */
function List({ traces, params }) {
  const priced = traces.some(({ cost_usd }) => cost_usd);
  const columns = COLUMNS.filter((name) => name !== "Cost" || priced);
  return html`<table class="table traces">
    <caption class="heard">Traces, newest first</caption>
    <thead><tr>${columns.map((name) => html`<th scope="col" class=${NUMBERS.has(name) ? "number" : ""}>${name}</th>`)}</tr></thead>
    <tbody>${traces.map((trace) => html`<${Row} key=${trace.id} trace=${trace} priced=${priced} params=${params} />`)}</tbody>
  </table>`;
}

/** @param {{trace: Trace, priced: boolean, params: Params}} props */
function Row({ trace, priced, params }) {
  const { id, agent_id, session_id, start_time, end_time, last_event_at, event_count, error_count } = trace;
  /** @param {string} text */
  const short = (text) => html`<${Text} value=${text.slice(0, NAME_LENGTH)} />`;
  return html`<tr>
    <td class="cut">
      <${Link} row to=${["traces", id]} title=${id}>${short(trace.name || `trace ${shortId(id)}`)}<//>
      ${trace.first_question && html`<span class="question">${short(trace.first_question)}</span>`}
    </td>
    <td><${Status} status=${trace.status} /></td>
    <td class="cut">
      ${agent_id && html`<${Link} to="/traces" params=${{ ...params, agent_id }} title="Only this agent">${short(agent_id)}<//>`}
    </td>
    <td class="cut">
      ${session_id && html`<${Link} to=${["sessions", session_id]} title="The session">${short(session_id)}<//>`}
    </td>
    <td><${Moment} at=${start_time} /></td>
    <td class="number"><${Duration} from=${start_time} to=${end_time ?? last_event_at} /></td>
    <td class="number" data-label="events">${number(event_count)}</td>
    <td class="number" data-label=${error_count ? "errors" : undefined}>
      ${error_count > 0 && html`<span class="bad">${number(error_count)}</span>`}
    </td>
    <td class="number" data-label="tokens"><${Tokens} input=${trace.input_tokens} output=${trace.output_tokens} /></td>
    ${priced && html`<td class="number"><${Money} usd=${trace.cost_usd} /></td>`}
  </tr>`;
}
