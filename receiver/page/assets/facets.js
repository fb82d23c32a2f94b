// How many events there are of each type, agent, service, project and status, as filters in the address.

import { html, useState } from "./vendor/preact.js";
import { useAgain } from "./again.js";
import { get } from "./api.js";
import { count, number } from "./format.js";
import { useLoad } from "./load.js";
import { here, href } from "./route.js";
import { ENDS, asked, visible } from "./ui.js";

/** @import { Facets as Counts, FacetValue, Params } from "./types.d.ts" */

/** @type {[keyof Counts["facets"], string][]} */
export const FIELDS = [
  ["event_type", "Type"], ["status", "Status"], ["project", "Project"], ["agent_id", "Agent"], ["service", "Service"],
];
const ASKED = 100; // values of a field
const SHOWN = 8;

/**
 * Filters with counts, of the events that have a word of `q`. `filters` are those in the address, `params` all of its
 * parameters.
 *
 * @param {{q: string, filters: Params, params: Params}} props
 */
export function Facets({ q, filters, params }) {
  const load = useLoad((signal) => counted(q, filters, signal), [q, JSON.stringify(filters)], { keep: true });
  const { data, error, loading, reload } = load;
  useAgain(reload, data, !!data && (data.index.state !== "ready" || (data.events === 0 && data.index.pending > 0)));
  if (!data) {
    return error && html`<p class="muted">${error.passing ? "No counts yet." : `No counts: ${error.message}`}</p>`;
  }
  const { state, pending } = data.index;
  return html`<div class="facets" aria-busy=${loading}>
    ${FIELDS.map(([field, label]) => html`<${Facet} key=${field}
      field=${field} label=${label} values=${data.facets[field]} params=${params} />`)}
    <p class="muted">Counted among ${data.complete ? "" : "the best "}${count(data.events, "indexed event")}${q && " with one of the words"}.
      ${pending > 0 && ` ${number(pending)} more ${pending === 1 ? "is" : "are"} not indexed yet.`}
      ${state !== "ready" && ` The index is ${state}.`}</p>
  </div>`;
}

/**
 * Returns the filters for the counts of one field, without its own filter, so that they show the alternatives.
 *
 * @param {string} q
 * @param {Params} filters
 * @param {AbortSignal} signal
 * @returns {Promise<Counts>}
 */
async function counted(q, filters, signal) {
  /** @param {Params} which */
  const ask = (which) => get("/facets", { q, ...asked(which), limit: ASKED }, { signal });
  const chosen = FIELDS.map(([field]) => field).filter((field) => filters[field]);
  const without = chosen.map((field) => ask({ ...filters, [field]: undefined }));
  const [all, ...others] = await Promise.all([ask(filters), ...without]);
  const own = Object.fromEntries(chosen.map((field, index) => [field, others[index].facets[field]]));
  return { ...all, facets: { ...all.facets, ...own } };
}

/** @param {string} value */
const statusName = (value) => ENDS.find(([status]) => status === value)?.[1] ?? visible(value);

/** @param {{field: string, label: string, values: FacetValue[], params: Params}} props */
function Facet({ field, label, values, params }) {
  const [all, setAll] = useState(false);
  const chosen = params[field];
  const known = !chosen || values.some(({ value }) => value === chosen) ? values : [{ value: chosen, count: 0 }, ...values];
  if (!known.length) return null;
  const shown = all ? known : known.filter(({ value }, index) => index < SHOWN || value === chosen);
  return html`<section class="facet" aria-labelledby=${`facet-${field}`}>
    <h2 id=${`facet-${field}`}>${label}</h2>
    <ul>
      ${shown.map(({ value, count: events }) => {
        const on = value === chosen;
        const to = href(here(), { ...params, [field]: on ? undefined : value, limit: undefined });
        return html`<li key=${value}>
          <a href=${to} aria-current=${on ? "true" : undefined}
            title=${on ? "Take this filter away" : visible(value)}>
            <bdi>${field === "status" ? statusName(value) : visible(value)}</bdi>
            ${" "}<span class="number">${number(events)}</span>${on && html`<span aria-hidden="true">✕</span>`}
          </a>
        </li>`;
      })}
    </ul>
    ${known.length > shown.length && html`<button type="button" class="small" onClick=${() => setAll(true)}>
      ${number(known.length - shown.length)} more</button>`}
    ${values.length === ASKED && all && html`<p class="muted">The ${ASKED} most frequent.</p>`}
  </section>`;
}
