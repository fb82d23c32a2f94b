// The error message of an event, whichever keys its emitter uses. Pure.

/** @import { AgentEvent, Failure } from "./types.d.ts" */

// Keys of properties, in order of precedence: the first with text is used.
const KINDS = ["exception.type", "error.type", "error_type", "error.code", "errorCode"];
const WORDS = [
  "exception.message",
  "error.message",
  "otel.status_description",
  "langfuse.observation.status_message",
  "errorMessage",
  "error_message",
  "error",
  "message",
  "body",
];
const STACKS = ["exception.stacktrace", "error.stack", "stacktrace"];

/** What an event says went wrong; null of an event without error. @param {AgentEvent} event @returns {Failure | null} */
export function failureOf(event) {
  if (event.status !== "error") return null;
  const properties = event.properties ?? {};
  return { kind: first(properties, KINDS), message: first(properties, WORDS), stack: first(properties, STACKS) };
}

/** @param {Record<string, any>} properties @param {string[]} keys */
function first(properties, keys) {
  for (const key of keys) {
    const value = properties[key];
    if (typeof value === "string" && value.trim()) return value.trim();
    if (typeof value?.message === "string" && value.message.trim()) return value.message.trim();
  }
  return "";
}
