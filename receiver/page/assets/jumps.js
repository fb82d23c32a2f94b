// The bar above a conversation: ways to a place in it, the choice of raw texts, and a copy of all of it.

import { html, useEffect, useMemo, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { number, shortMoment } from "./format.js";
import { RawSwitch } from "./rendered.js";
import { markdownOf } from "./turns.js";
import { Copy, visible } from "./ui.js";

/** @import { Conversation, OutlinedEvent, Turn } from "./types.d.ts" */

const MANY = 20; // turns from which on there are ways to go
const LARGEST = 20_000_000; // characters that are copied
const SAYS = new Set(["model_call", "tool_call", "agent", "message"]);

/**
 * Returns the moment from which on an event's call is told; undefined where none is known.
 *
 * @param {OutlinedEvent[] | undefined} events
 * @param {string} eventId
 */
export function momentOf(events, eventId) {
  const event = events?.find(({ id }) => id === eventId);
  const same = event?.call_id ? events?.filter(({ call_id }) => call_id === event.call_id) : [];
  return [event, ...(same ?? [])].flatMap((one) => one?.timestamp ?? []).sort()[0];
}

/** The first event of each call, and the events that may say something by themselves. @param {OutlinedEvent[]} events */
function stepsOf(events) {
  const seen = new Set();
  return events.filter(({ id, call_id, event_type, status }) => {
    const step = call_id ?? (SAYS.has(event_type ?? "") || status === "error" ? id : "");
    return step && !seen.has(step) && seen.add(step);
  }).sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1));
}

/**
 * @param {{
 *   path: `/traces/${string}/conversation`, title: string, sessionId?: string, turns: Turn[], events?: OutlinedEvent[],
 *   firstError?: string, isLong: boolean, place: string, onJump: (place: string, how?: "marked") => void,
 *   fold: {turn: number, isOpen: boolean} | null, setFold: (fold: {turn: number, isOpen: boolean}) => void,
 * }} props
 */
export function JumpBar({ path, title, sessionId, turns, events, firstError, isLong, place, onJump, fold, setFold }) {
  const goes = isLong || turns.length > MANY;
  const whole = () => (isLong ? wholeOf(path, title, sessionId) : markdownOf(title, turns));
  return html`<div class="jumps">
    ${goes && html`<div class="jumps-to" role="group" aria-label="Go to">
      <button type="button" class="small" onClick=${() => onJump("")}>Beginning</button>
      ${firstError && html`<button type="button" class="small" onClick=${() => onJump(firstError)}>First error</button>`}
      ${isLong && events && html`<${Step} events=${events} at=${place} onJump=${onJump} />`}
      <button type="button" class="small" onClick=${() => onJump("end")}>End</button>
    </div>`}
    ${fold && html`<button type="button" class="small" aria-pressed=${!fold.isOpen}
      onClick=${() => setFold({ turn: fold.turn + 1, isOpen: !fold.isOpen })}>${fold.isOpen ? "Fold inner agents" : "Unfold inner agents"}</button>`}
    <${RawSwitch} />
    <${Copy} text=${whole} label="Copy all" what="the conversation as Markdown" />
  </div>`;
}

/**
 * Any step of the trace, by its number; `at` is the place that was gone to.
 *
 * @param {{events: OutlinedEvent[], at: string, onJump: (place: string, how?: "marked") => void}} props
 */
function Step({ events, at, onJump }) {
  const steps = useMemo(() => stepsOf(events), [events]);
  const [place, setPlace] = useState(1);
  useEffect(() => {
    const called = events.find(({ id }) => id === at)?.call_id;
    const found = steps.findIndex(({ id, call_id }) => id === at || (called && call_id === called));
    setPlace(at === "end" ? steps.length : Math.max(found, 0) + 1);
  }, [at, steps]);
  const step = steps[place - 1];
  if (!step) return null;
  const words = `${number(place)} of ${number(steps.length)}: ${visible(step.name ?? "").slice(0, 40)}, ${shortMoment(step.timestamp)}`;
  return html`<label class="step">Step <input type="range" min="1" max=${steps.length} value=${place} aria-valuetext=${words}
      onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => setPlace(Number(target.value))}
      onChange=${() => onJump(step.id, "marked")} />
    <bdi class="muted number">${words}</bdi></label>`;
}

/**
 * Reads a conversation to its end, and returns it as Markdown.
 *
 * @param {`/${"traces" | "sessions"}/${string}/conversation`} path
 * @param {string} title
 * @param {string} [sessionId]
 */
export async function wholeOf(path, title, sessionId) {
  /** @type {Turn[]} */
  const all = [];
  let size = 0;
  /** @type {string | null} */
  let cursor = null;
  do {
    /** @type {Conversation} */
    const page = await get(path, { session_id: sessionId, from: "start", cursor });
    all.push(...page.turns);
    size += JSON.stringify(page.turns).length;
    cursor = page.next_cursor;
  } while (cursor && size < LARGEST);
  return markdownOf(title, all);
}
