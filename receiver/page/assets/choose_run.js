// The run beside which another one is to be compared, and those that it may be: of the same agent, or filtered.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { SORT_FIELD, Table } from "./columns.js";
import { FilterBox, faultOf } from "./filter_box.js";
import { useLoad, usePages } from "./load.js";
import { NAME_LENGTH, COLUMNS as OF_TRACES } from "./traces.js";
import { Empty, ErrorBox, FilterBar, Link, Loading, Moment, More, Status, Text, Title } from "./ui.js";

/** @import { Column, Pages, Params, Trace } from "./types.d.ts" */

/** @param {{a: string, params: Params}} props */
export function ChooseRun({ a, params }) {
  const { data: run, error, reload } = useLoad((signal) => get(`/traces/${encodeURIComponent(a)}`, { limit: 1 }, { signal }), [a]);
  return html`<${Title} text="Compare with another run" />
    <${ErrorBox} error=${error} retry=${reload} />
    ${run && html`<p><b class="side-a">A</b> <${Link} to=${["traces", a]}><${Text} value=${(run.name || a).slice(0, NAME_LENGTH)} /><//>
        ${" "}<${Status} status=${run.status} /> <${Moment} at=${run.start_time} />
        ${" "}<span class="muted"><${Text} value=${run.first_question ?? ""} limit=${200} /></span></p>
      <${Others} run=${run} params=${params} />`}
    ${!run && !error && html`<${Loading} what="the run" />`}`;
}

/** @param {{run: Trace, params: Params}} props */
function Others({ run, params }) {
  const { filter, sort } = params;
  const agent = filter ? null : run.agent_id;
  /** @type {Pages<Trace>} */
  const pages = usePages(async (cursor, signal) => {
    const { traces, next_cursor } = await get("/traces", { filter, sort, agent_id: agent, cursor }, { signal });
    return { items: traces.filter(({ id }) => id !== run.id), next_cursor };
  }, [run.id, filter, sort]);
  const { items, error, hasMore } = pages;
  /** @type {Column<Trace>[]} */
  const columns = [
    {
      ...OF_TRACES[0],
      cell: ({ id, name }) => html`<${Link} row to="/compare" params=${{ a: run.id, b: id }} title=${id}>
        <${Text} value=${(name || id).slice(0, NAME_LENGTH)} /><//>`,
    },
    ...OF_TRACES.slice(1),
  ];
  return html`<h2>Which run beside it?</h2>
    ${agent && html`<p class="muted">Those of <${Text} value=${agent.slice(0, NAME_LENGTH)} />; a filter finds others.</p>`}
    <${FilterBox} params=${params} error=${error} />
    <${FilterBar} fields=${[SORT_FIELD]} params=${params} fold="Order" also=${["filter"]} />
    ${!faultOf(error) && html`<${ErrorBox} error=${error} retry=${pages.reload} />`}
    ${!items && !error && html`<${Loading} what="traces" />`}
    ${items?.length === 0 && !hasMore && (filter ? html`<${Empty} filtered />` : html`<p class="muted">It is the only one of its agent.</p>`)}
    ${items && items.length > 0 && html`<${Table} name="traces" columns=${columns} items=${items} params=${params}
      caption="Runs to compare with, ${sort ? `by ${sort}` : "newest first"}" />`}
    <${More} pages=${pages} what="traces" />`;
}
