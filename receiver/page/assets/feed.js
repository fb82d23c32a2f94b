// A limited number of the events that were stored last, as rows. Only what a row shows is kept: an event may be 1 MB.

import { failureOf } from "./failure.js";
import { beginning } from "./untrusted.js";

/** @import { AgentEvent, FeedRow } from "./types.d.ts" */

export const MOST = 1000;
const WORDS = 200; // characters of what an event says
const SCORE = "gen_ai.evaluation.result";
const OF_SCORE = ["name", "score.value", "score.label", "explanation"];
const SAID = 3; // properties that are quoted of an event without a name

export class Feed {
  /** By id, oldest first. @type {Map<string, FeedRow>} */
  #rows = new Map();

  constructor() {
    this.came = 0;
    this.dropped = 0;
    this.storedUntil = ""; // the latest created_at
  }

  /** Takes an event as the receiver gives it. One that is there already is not taken twice: false. @param {AgentEvent} event */
  add(event) {
    if (this.#rows.has(event.id)) return false;
    this.#put(rowOf(event));
    this.came += 1;
    if (event.created_at > this.storedUntil) this.storedUntil = event.created_at;
    return true;
  }

  /** Puts a remark among the events. @param {string} text */
  remark(text) {
    this.#put({ id: `remark ${this.came} ${text}`, remark: text });
  }

  /** The rows, newest first. */
  newest() {
    return [...this.#rows.values()].reverse();
  }

  /** @param {FeedRow} row */
  #put(row) {
    this.#rows.set(row.id, row);
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MOST) break;
      this.#rows.delete(oldest);
    }
  }
}

/** @param {AgentEvent} event @returns {FeedRow} */
function rowOf(event) {
  const { id, trace_id, timestamp, event_type, agent_id, status, kind, duration_ns } = event;
  const name = beginning(event.name ?? "", WORDS);
  return { id, trace_id, timestamp, event_type, agent_id, status, kind, duration_ns, name, words: said(event) };
}

/**
 * The beginning of an event's text: its error, its log line, or, if it has no name, its properties.
 *
 * @param {AgentEvent} event
 */
export function said(event) {
  return beginning(words(event), WORDS);
}

/** @param {AgentEvent} event */
function words(event) {
  const failure = failureOf(event);
  if (failure?.message) return failure.message;
  const properties = event.properties ?? {};
  if (typeof properties.body === "string") return properties.body;
  if (event.name === SCORE) return OF_SCORE.map((key) => properties[`gen_ai.evaluation.${key}`]).filter((part) => part !== undefined).join(" ");
  if (event.name) return "";
  const plain = Object.entries(properties).filter(([, value]) => typeof value === "string" || typeof value === "number");
  return plain.slice(0, SAID).map(([key, value]) => `${key}: ${String(value).slice(0, WORDS)}`).join(", ");
}
