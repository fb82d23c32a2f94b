// Page Traces: newest first or sorted, page by page, with the filters in the address.

import { html, useEffect, useMemo, useState } from "./vendor/preact.js";
import { Activity } from "./activity.js";
import { get } from "./api.js";
import { Chosen, useChoice } from "./choice.js";
import { SORT_FIELD, Table } from "./columns.js";
import { Export } from "./export.js";
import { FilterBox, faultOf } from "./filter_box.js";
import { count, number, shortId } from "./format.js";
import { names } from "./head.js";
import { troubleOf, useLoad, usePages } from "./load.js";
import { Saved } from "./saved.js";
import { scoreLine } from "./scores.js";
import {
  Duration, Empty, ErrorBox, FilterBar, Link, Loading, Moment, Money, More, Status, Text, Title, Tokens, asked,
} from "./ui.js";

/** @import { Column, Field, Pages, Params, Trace, Trouble } from "./types.d.ts" */

const LOOK_EVERY = 5000;
export const NAME_LENGTH = 120;
const MANY = 1000; // traces that are left out of a page are counted up to so many

/** @param {string | null} text */
const short = (text) => text && html`<${Text} value=${text.slice(0, NAME_LENGTH)} />`;

/** @type {Column<Trace>[]} */
export const COLUMNS = [
  {
    id: "name", label: "Trace", kind: "cut",
    cell: ({ id, name }) => html`<${Link} row to=${["traces", id]} title=${id}>${short(name || `trace ${shortId(id)}`)}<//>`,
  },
  { id: "status", label: "Status", cell: ({ status }) => html`<${Status} status=${status} />` },
  { id: "agent", label: "Agent", kind: "cut", cell: ({ agent_id }) => short(agent_id) },
  { id: "session", label: "Session", kind: "cut", cell: ({ session_id }) => short(session_id) },
  { id: "user", label: "User", kind: "cut", off: true, cell: ({ user_ids }) => names(user_ids) },
  { id: "service", label: "Service", kind: "cut", off: true, cell: ({ service }) => short(service) },
  { id: "project", label: "Project", kind: "cut", off: true, cell: ({ project }) => short(project) },
  { id: "started", label: "Started", sort: "start", cell: ({ start_time }) => html`<${Moment} at=${start_time} past />` },
  {
    id: "duration", label: "Duration", kind: "number", sort: "duration",
    cell: ({ duration_ns }) => html`<${Duration} ns=${duration_ns} />`,
  },
  {
    id: "slowest", label: "Slowest step", kind: "cut", when: (traces) => traces.some(({ slowest }) => slowest),
    cell: ({ slowest }) => slowest && html`<${Duration} ns=${slowest.duration_ns} /> ${short(slowest.name)}`,
    phone: ({ slowest }) => (slowest ? "slowest" : undefined),
  },
  {
    id: "events", label: "Events", kind: "number", sort: "events",
    cell: ({ event_count }) => number(event_count), phone: () => "events",
  },
  {
    id: "errors", label: "Errors", kind: "number", sort: "errors",
    cell: ({ error_count }) => error_count > 0 && html`<span class="bad">${number(error_count)}</span>`,
    phone: ({ error_count }) => (error_count ? "errors" : undefined),
  },
  {
    id: "tokens", label: "Tokens", kind: "number", sort: "tokens", phone: () => "tokens",
    cell: ({ input_tokens, output_tokens }) => html`<${Tokens} input=${input_tokens} output=${output_tokens} />`,
  },
  {
    id: "cost", label: "Cost", kind: "number", sort: "cost", when: (traces) => traces.some(({ cost_usd }) => cost_usd),
    cell: ({ cost_usd }) => html`<${Money} usd=${cost_usd} />`,
  },
  {
    id: "scores", label: "Scores", kind: "cut", when: (traces) => traces.some(({ score_sums }) => score_sums.length),
    cell: ({ score_sums }) => scoreLine(score_sums),
  },
  { id: "models", label: "Models", kind: "cut", when: (traces) => traces.some(({ models }) => models.length), cell: ({ models }) => names(models) },
  { id: "tools", label: "Tools", kind: "cut", off: true, cell: ({ tool_names }) => names(tool_names) },
];

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
  const { sort: _, ...filters } = params;
  const filtered = Object.keys(filters).length > 0;
  const choice = useChoice();
  const trouble = pages.error ?? error;
  return html`
    <div class="heading"><${Title} text="Traces" />
      <span role="status">${added > 0 && html`<button class="primary small" onClick=${show}>${count(added, "new trace")}: show</button>`}</span>
    </div>
    <${FilterBox} params=${params} error=${trouble} />
    <${Filters} params=${params} />
    <div class="view-tools"><${Saved} page="traces" params=${params} />
      <${Export} of="traces" what="The events of all traces that match" params=${params} /></div>
    ${!faultOf(trouble) && html`<${ErrorBox} error=${trouble} retry=${pages.reload} />`}
    ${traces?.length !== 0 && html`<${Activity} params=${params} turn=${turn} />`}
    ${!traces && !pages.error && html`<${Loading} what="traces" />`}
    ${traces?.length === 0 && !pages.hasMore && html`<${Empty} filtered=${filtered} />`}
    ${traces && traces.length > 0 && html`<${Table} name="traces" columns=${COLUMNS} items=${traces} params=${params} choice=${choice}
      caption="Traces, ${params.sort ? `by ${params.sort}` : "newest first"}" />`}
    <${LeftOut} count=${pages.leftOut} params=${params} />
    <${More} pages=${pages} what="traces" />
    <${Chosen} choice=${choice} what="run" />`;
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
  /** @param {"agent_id" | "service" | "project"} facet */
  const options = (facet) => data?.[facet].map(({ value }) => value);
  /** @type {Field[]} */
  const fields = [
    { name: "status", label: "Status", type: "select", options: ["running", "completed", "failed"] },
    { name: "agent_id", label: "Agent", options: options("agent_id") },
    { name: "session_id", label: "Session" },
    { name: "service", label: "Service", options: options("service") },
    { name: "project", label: "Project", options: options("project") },
    { label: "Started", name: "period", type: "period" },
    SORT_FIELD,
  ];
  return html`<div onFocusCapture=${() => setWanted(true)}><${FilterBar} fields=${fields} params=${params} also=${["filter"]} /></div>`;
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
  const added = newest && !params.sort ? first.filter(({ id, start_time }) => !known.has(id) && start_time >= newest).length : 0;
  return { traces, added, error: news.of === key ? news.error : null, show, turn };
}

/** The first page as it is now, of the list whose key is `of`. @typedef {{of: string | null, first: Trace[], error: Trouble | null}} News */
