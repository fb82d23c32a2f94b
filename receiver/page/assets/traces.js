// Page Traces: newest first.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { usePages } from "./load.js";
import { Empty, ErrorBox, FilterBar, Link, Loading, Moment, More, Status, Text, Title, asked } from "./ui.js";

const FIELDS = [{ name: "status", label: "Status", type: "select", options: ["running", "completed", "failed"] }];

export function Traces({ params }) {
  const pages = usePages(async (cursor, signal) => {
    const { traces, next_cursor } = await get("/traces", { ...asked(params), cursor }, { signal });
    return { items: traces, next_cursor };
  }, [JSON.stringify(params)]);
  return html`<${Title} text="Traces" />
    <${FilterBar} fields=${FIELDS} params=${params} />
    <${ErrorBox} error=${pages.error} retry=${pages.reload} />
    ${!pages.items && !pages.error && html`<${Loading} what="traces" />`}
    ${pages.items?.length === 0 && html`<${Empty} filtered=${Object.keys(params).length > 0} />`}
    <ul>${pages.items?.map((trace) => html`<li key=${trace.id}>
      <${Link} row to=${["traces", trace.id]}><${Text} value=${trace.name ?? trace.id} /><//> <${Status} status=${trace.status} /> <${Moment} at=${trace.start_time} />
    </li>`)}</ul>
    <${More} pages=${pages} what="traces" />`;
}
