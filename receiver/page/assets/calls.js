// Page Calls: calls of models, tools and agents, each once; a row leads to its trace.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { Export } from "./export.js";
import { FilterBox, faultOf } from "./filter_box.js";
import { usePages } from "./load.js";
import { Saved } from "./saved.js";
import {
  Duration, ENDS, Empty, ErrorBox, FilterBar, Link, Loading, Moment, Money, More, Status, Text, Title, Tokens, asked,
} from "./ui.js";

/** @import { Field, Params } from "./types.d.ts" */

const NAME_LENGTH = 120;
const LINE_LENGTH = 200;

/** @type {Field[]} */
const FIELDS = [
  { name: "kind", label: "Kind", type: "select", options: ["model", "tool", "agent"] },
  { name: "name", label: "Name" },
  { name: "status", label: "Status", type: "select", options: ENDS },
  { name: "agent_id", label: "Agent" },
  { name: "project", label: "Project" },
  { name: "period", label: "Started", type: "period" },
  {
    name: "sort", label: "Sorted by", type: "select", none: "newest", keeps: true,
    options: [["duration", "longest"], ["tokens", "most tokens"], ["cost", "highest cost"]],
  },
];

const EXAMPLE = "tool:web_* error:timeout duration>5s";
const HELP = [
  ["tool:web_*", "a name as it is written, * for any characters; also model, name, agent, session, status"],
  ["error:timeout", "a text with this in it"],
  ["duration>5s", "a number: tokens>=10k, cost>0.1"],
  ["score:verdict=fail", "a score by its label, or its number: score:tone<0.5"],
  ['"part of a name"', "words in a name"],
  ["-status:error", "not this"],
];

/** @param {{params: Params}} props */
export function Calls({ params }) {
  const pages = usePages(async (cursor, signal) => {
    const { calls, next_cursor } = await get("/calls", { ...asked(params), cursor }, { signal });
    return { items: calls, next_cursor };
  }, [JSON.stringify(params)]);
  const { items: calls } = pages;
  const { sort: _, ...filters } = params;
  return html`
    <${Title} text="Calls" />
    <${FilterBox} params=${params} error=${pages.error} example=${EXAMPLE} help=${HELP} />
    <${FilterBar} fields=${FIELDS} params=${params} also=${["filter"]} />
    <div class="view-tools"><${Saved} page="calls" params=${params} />
      <${Export} of="calls" what="The events that tell of all calls that match" params=${params} /></div>
    ${!faultOf(pages.error) && html`<${ErrorBox} error=${pages.error} retry=${pages.reload} />`}
    ${!calls && !pages.error && html`<${Loading} what="calls" />`}
    ${calls?.length === 0 && !pages.hasMore && html`<${Empty} what="calls" filtered=${Object.keys(filters).length > 0} />`}
    ${calls && calls.length > 0 && html`<table class="table calls">
      <caption class="heard">Calls, ${params.sort ? `by ${params.sort}` : "newest first"}</caption>
      <thead><tr><th scope="col">Call</th><th scope="col">Kind</th><th scope="col">Status</th><th scope="col">Agent</th>
        <th scope="col">Started</th><th scope="col" class="number">Duration</th><th scope="col" class="number">Tokens</th>
        <th scope="col" class="number">Cost</th></tr></thead>
      <tbody>${calls.map((call) => html`<tr key=${call.id}>
        <td class="cut"><${Link} row to=${["traces", call.trace_id]} params=${{ event: call.id }}>
            <${Text} value=${(call.name ?? call.kind).slice(0, NAME_LENGTH)} /><//>
          ${call.error && html`<span class="line line-error"><${Text} value=${call.error.slice(0, LINE_LENGTH)} /></span>`}</td>
        <td class="kind-${call.kind}">${call.kind}</td>
        <td><${Status} status=${call.status} /></td>
        <td class="cut">${call.agent_id && html`<${Text} value=${call.agent_id.slice(0, NAME_LENGTH)} />`}</td>
        <td><${Moment} at=${call.start_time} past /></td>
        <td class="number"><${Duration} ns=${call.duration_ns} /></td>
        <td class="number"><${Tokens} input=${call.input_tokens ?? 0} output=${call.output_tokens ?? 0} /></td>
        <td class="number"><${Money} usd=${call.cost_usd ?? 0} /></td>
      </tr>`)}</tbody>
    </table>`}
    <${More} pages=${pages} what="calls" />`;
}
