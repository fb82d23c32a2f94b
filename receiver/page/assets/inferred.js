// A mark on events that were placed without a trace id, with the rule that placed them (see `/events/{id}/explain`).

import { html } from "./vendor/preact.js";
import { count } from "./format.js";

/** @import { OutlinedEvent, Trace } from "./types.d.ts" */

/** The mark, and what the event did, by the rule that placed it. @type {Record<string, [string, string]>} */
const WHY = {
  session: ["placed by session", "carried no trace id: its session led here"],
  conversation: ["placed by conversation", "carried no trace id: it goes on with the messages that were heard here"],
  agent: ["placed by agent", "carried neither trace id nor session: its agent was active here"],
  created: ["began this trace", "carried nothing that led to a trace: this one was made for it"],
};

/** A mark beside an event that was placed by anything but its trace id. @param {{correlation?: string}} props */
export function Inferred({ correlation = "" }) {
  if (!Object.hasOwn(WHY, correlation)) return null;
  const [words, why] = WHY[correlation];
  return html`<span class="inferred" title=${`Inferred: the event ${why}`}>≈ ${words}</span>`;
}

/**
 * The same for a trace: whether its id was made by the receiver, and how many events each rule placed in it.
 *
 * @param {{trace: Trace, events?: OutlinedEvent[]}} props
 */
export function InferredTrace({ trace, events = [] }) {
  /** @type {Map<string, number>} */
  const placed = new Map();
  for (const { correlation } of events) {
    if (Object.hasOwn(WHY, correlation)) placed.set(correlation, (placed.get(correlation) ?? 0) + 1);
  }
  const made = trace.origin === "inferred";
  if (!made && !placed.size) return null;
  const reasons = [...placed].map(([correlation, times]) => `${count(times, "event")} ${WHY[correlation][1]}`);
  return html`<p class="inferred-note">
    <span class="inferred">≈ inferred</span>
    ${made ? " No sender gave this trace an id: it was put together here. " : " Some of it was placed here without a trace id. "}
    ${reasons.length > 0 && `${reasons.join("; ")}.`}
  </p>`;
}
