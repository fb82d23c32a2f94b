// Page Sessions: the session whose latest trace began last comes first, or sorted, with the filter in the address.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { Chosen, useChoice } from "./choice.js";
import { SORT_FIELD, Table } from "./columns.js";
import { Export } from "./export.js";
import { FilterBox, faultOf } from "./filter_box.js";
import { number } from "./format.js";
import { Errors, names } from "./head.js";
import { usePages } from "./load.js";
import { Saved } from "./saved.js";
import { Duration, Empty, ErrorBox, FilterBar, Link, Loading, Moment, Money, More, Text, Title, Tokens } from "./ui.js";

/** @import { Column, Params, Session } from "./types.d.ts" */

/** @type {Column<Session>[]} */
const COLUMNS = [
  {
    id: "name", label: "Session", kind: "cut",
    cell: ({ id }) => html`<${Link} row to=${["sessions", id]}><${Text} value=${id} limit=${120} /><//>`,
  },
  { id: "agents", label: "Agents", kind: "cut", cell: ({ agent_ids }) => names(agent_ids), phone: () => "Agents" },
  { id: "users", label: "Users", kind: "cut", off: true, cell: ({ user_ids }) => names(user_ids), phone: () => "Users" },
  { id: "traces", label: "Traces", kind: "number", cell: ({ trace_count }) => number(trace_count), phone: () => "Traces" },
  {
    id: "duration", label: "Duration", kind: "number", sort: "duration", phone: () => "Duration",
    cell: ({ duration_ns }) => html`<${Duration} ns=${duration_ns} />`,
  },
  {
    id: "slowest", label: "Slowest step", kind: "cut", off: true,
    cell: ({ slowest }) => slowest && html`<${Duration} ns=${slowest.duration_ns} /> <${Text} value=${slowest.name} limit=${120} />`,
    phone: ({ slowest }) => (slowest ? "Slowest" : undefined),
  },
  {
    id: "events", label: "Events", kind: "number", sort: "events",
    cell: ({ event_count }) => number(event_count), phone: () => "Events",
  },
  {
    id: "errors", label: "Errors", kind: "number", sort: "errors",
    cell: ({ error_count }) => html`<${Errors} count=${error_count} />`, phone: () => "Errors",
  },
  {
    id: "tokens", label: "Tokens", kind: "number", sort: "tokens", phone: () => "Tokens",
    cell: ({ input_tokens, output_tokens }) => html`<${Tokens} input=${input_tokens} output=${output_tokens} />`,
  },
  {
    id: "cost", label: "Cost", kind: "number", sort: "cost", when: (sessions) => sessions.some(({ cost_usd }) => cost_usd),
    cell: ({ cost_usd }) => html`<${Money} usd=${cost_usd} />`, phone: () => "Cost",
  },
  { id: "models", label: "Models", kind: "cut", off: true, cell: ({ models }) => names(models), phone: () => "Models" },
  { id: "tools", label: "Tools", kind: "cut", off: true, cell: ({ tool_names }) => names(tool_names), phone: () => "Tools" },
  { id: "first", label: "First activity", cell: ({ first_event_at }) => html`<${Moment} at=${first_event_at} />`, phone: () => "First" },
  {
    id: "last", label: "Last activity", sort: "start",
    cell: ({ last_event_at }) => html`<${Moment} at=${last_event_at} past />`, phone: () => "Last",
  },
];

/** @param {{params: Params}} props */
export function Sessions({ params }) {
  const pages = usePages(async (cursor, signal) => {
    const { sessions, next_cursor } = await get("/sessions", { ...params, cursor }, { signal });
    return { items: sessions, next_cursor };
  }, [JSON.stringify(params)]);
  const { items, error, hasMore } = pages;
  const choice = useChoice();
  return html`
    <${Title} text="Sessions" />
    <${FilterBox} params=${params} error=${error} />
    <${FilterBar} fields=${[{ name: "project", label: "Project" }, SORT_FIELD]} params=${params} fold="Project, order" also=${["filter"]} />
    <div class="view-tools"><${Saved} page="sessions" params=${params} />
      <${Export} of="sessions" what="The events of all sessions that match" params=${params} /></div>
    ${!faultOf(error) && html`<${ErrorBox} error=${error} retry=${pages.reload} />`}
    ${!items && !error && html`<${Loading} what="sessions" />`}
    ${items?.length === 0 && !hasMore && html`
      ${!params.filter && !params.project && html`<p class="muted">No event has named a session yet.</p>`}
      <${Empty} what="sessions" filtered=${Boolean(params.filter || params.project)} />
    `}
    ${items && items.length > 0 && html`<${Table} name="sessions" columns=${COLUMNS} items=${items} params=${params} choice=${choice}
      caption="Sessions, ${params.sort ? `by ${params.sort}` : "newest first"}" />`}
    <${More} pages=${pages} what="sessions" />
    <${Chosen} choice=${choice} what="session" of="sessions" />
  `;
}
