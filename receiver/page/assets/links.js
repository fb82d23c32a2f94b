// The spans that a span links to, and those that link to it.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { shortId } from "./format.js";
import { useLoad } from "./load.js";
import { Fold } from "./parts.js";
import { ErrorBox, Json, Link, Moment, Text } from "./ui.js";

/** @import { SpanLink } from "./types.d.ts" */

/** @param {{id: string}} props */
export function Links({ id }) {
  const { data, error, reload } = useLoad((signal) => get(`/events/${encodeURIComponent(id)}/links`, {}, { signal }), [id]);
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data?.links.length && !data?.linked_by.length) return null;
  return html`
    <section class="links">
      ${data.links.length > 0 && html`<h3>Links to</h3><ul>${data.links.map((link, place) => html`<${LinkTo} key=${place} link=${link} />`)}</ul>`}
      ${data.linked_by.length > 0 && html`<h3>Linked to by</h3>
        <ul>${data.linked_by.map((span) => html`<li key=${span.id}>
          <${Link} to=${["traces", span.trace_id]} params=${{ event: span.id }}>
            <${Text} value=${span.name || shortId(span.span_id)} limit=${200} /><//>
          ${" "}<span class="muted"><${Moment} at=${span.timestamp} long /></span>
        </li>`)}</ul>
        ${data.truncated && html`<p class="muted">More spans link to it than these.</p>`}`}
    </section>
  `;
}

/** @param {{link: SpanLink}} props */
function LinkTo({ link: { trace_id, span_id, attributes, ...more } }) {
  const name = `span ${shortId(span_id)} of trace ${shortId(trace_id)}`;
  const said = { ...attributes, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== null)) };
  return html`<li>
    ${trace_id
      ? html`<${Link} to=${["traces", trace_id]} params=${{ span: span_id }}><${Text} value=${name} /><//>`
      : html`<span class="muted">a span without an id</span>`}
    ${Object.keys(said).length > 0 && html`<${Fold} title="What the link says">${() => html`<${Json} value=${said} />`}<//>`}
  </li>`;
}
