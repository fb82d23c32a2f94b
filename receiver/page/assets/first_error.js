// The first error of a failed run, with its message and links to the other errors.

import { html } from "./vendor/preact.js";
import { get } from "./api.js";
import { failureOf } from "./failure.js";
import { duration, number } from "./format.js";
import { useKeys } from "./keys.js";
import { useLoad } from "./load.js";
import { Text } from "./ui.js";
import { nameOf } from "./waterfall.js";

/** @import { Outline, TreeNode } from "./types.d.ts" */

/**
 * `errors` are nodes, the first error before the others (tree.js).
 *
 * @param {{errors: TreeNode[], trace: Outline, selected: string | null, onSelect: (id: string) => void}} props
 */
export function FirstError({ errors, trace, selected, onSelect }) {
  const first = errors.at(0);
  const at = errors.findIndex((node) => node.event.id === selected);
  /** @param {number} by */
  const step = (by) => {
    const next = at < 0 ? (by > 0 ? 0 : errors.length - 1) : at + by;
    if (errors[next]) onSelect(errors[next].event.id);
  };
  useKeys({ e: () => step(1), E: () => step(-1) });
  const { first_error: told, first_error_event: toldId } = trace;
  // Of an error that the run took as none, as of a trace that is not interpreted yet, the event alone tells.
  const untold = first && !told ? first.event.id : null;
  const { data } = useLoad(async (signal) => untold && get(`/events/${encodeURIComponent(untold)}`, {}, { signal }), [untold]);
  if (!first) return null;
  const { kind, message } = (data && failureOf(data)) || { kind: "", message: told };
  const all = number(errors.length);
  // An exception is an event of its own; the span that has it shows where it happened.
  const place = first.event.duration_ns || !first.parent ? first : first.parent;
  const isShown = !toldId || toldId === first.event.id; // of a very long trace the newest events are
  return html`
    <section class=${`failure first-error ${trace.status === "failed" ? "" : "survived"}`} aria-label="First error">
      <h2><span aria-hidden="true">✕</span> ${
        trace.status === "failed" ? "Failed: first error" : "Went on after an error"
      }${isShown && html` in <${Text} value=${nameOf(place.event)} limit=${120} />, ${duration(first.end)} after the start`}</h2>
      ${(kind || message) && html`<p class="first-words">
        ${kind && html`<b><${Text} value=${kind} limit=${120} /></b>`}
        ${kind && message && ": "}
        ${message && html`<${Text} value=${message} limit=${600} />`}
      </p>`}
      <div class="steps">
        <button type="button" onClick=${() => onSelect(toldId ?? first.event.id)}>Show the first error</button>
        ${errors.length > 1 && html`
          <span class="muted">${at < 0 ? `${all} events with errors` : `event ${number(at + 1)} of ${all} with errors`}</span>
          <button type="button" class="small" disabled=${at === 0} onClick=${() => step(-1)} title="Shift+E">Previous error</button>
          <button type="button" class="small" disabled=${at === errors.length - 1} onClick=${() => step(1)} title="E">Next error</button>
        `}
      </div>
    </section>
  `;
}
