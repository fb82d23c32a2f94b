// Page Sessions: the session whose latest trace began last comes first.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { number } from "./format.js";
import { Errors } from "./head.js";
import { usePages } from "./load.js";
import { Empty, ErrorBox, Link, Loading, Moment, Money, More, Text, Title, Tokens } from "./ui.js";

/** @import { Session } from "./types.d.ts" */

const COST = "Cost";
const COLUMNS = [
  ["Session"], ["Agents"], ["Traces", "number"], ["Events", "number"], ["Errors", "number"], ["Tokens", "number"],
  [COST, "number"], ["First activity"], ["Last activity"],
];

export function Sessions() {
  const pages = usePages(async (cursor, signal) => {
    const { sessions, next_cursor } = await get("/sessions", { cursor }, { signal });
    return { items: sessions, next_cursor };
  }, []);
  const { items } = pages;
  const priced = items?.some(({ cost_usd }) => cost_usd);
  const columns = COLUMNS.filter(([name]) => name !== COST || priced);
  return html`
    <${Title} text="Sessions" />
    <${ErrorBox} error=${pages.error} retry=${pages.reload} />
    ${!items && !pages.error && html`<${Loading} what="sessions" />`}
    ${items?.length === 0 && html`<p class="muted">No event has named a session yet.</p><${Empty} what="sessions" />`}
    ${items && items.length > 0 && html`
      <table class="table">
        <thead>
          <tr>${columns.map(([name, kind]) => html`<th scope="col" class=${kind}>${name}</th>`)}</tr>
        </thead>
        <tbody>
          ${items.map((session) => html`<${Row} key=${session.id} session=${session} priced=${priced} />`)}
        </tbody>
      </table>
    `}
    <${More} pages=${pages} what="sessions" />
  `;
}

const AGENTS = 3;

/** @param {{session: Session, priced: boolean}} props */
function Row({ session, priced }) {
  const { agent_ids: agents } = session;
  return html`
    <tr>
      <td><${Link} row to=${["sessions", session.id]}><${Text} value=${session.id} limit=${120} /><//></td>
      <td data-label="Agents">
        ${agents.slice(0, AGENTS).map((agent, index) => html`${index > 0 && ", "}<${Text} value=${agent} limit=${60} />`)}
        ${agents.length > AGENTS && html` <span class="muted">and ${number(agents.length - AGENTS)} more</span>`}
      </td>
      <td class="number" data-label="Traces">${number(session.trace_count)}</td>
      <td class="number" data-label="Events">${number(session.event_count)}</td>
      <td class="number" data-label="Errors"><${Errors} count=${session.error_count} /></td>
      <td class="number" data-label="Tokens"><${Tokens} input=${session.input_tokens} output=${session.output_tokens} /></td>
      ${priced && html`<td class="number" data-label=${COST}><${Money} usd=${session.cost_usd} /></td>`}
      <td data-label="First"><${Moment} at=${session.first_event_at} /></td>
      <td data-label="Last"><${Moment} at=${session.last_event_at} /></td>
    </tr>
  `;
}
