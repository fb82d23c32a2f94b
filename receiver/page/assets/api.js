// The receiver's API. A key is asked for once, when the receiver wants one, and forgotten with the tab.

import { given } from "./route.js";

const KEY = "api-key";

/** What went wrong. `status` is 0 where the receiver did not answer; `retryAfter` is in seconds, or null. */
export class ApiError extends Error {
  constructor(status, code, message, retryAfter = null) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, retryAfter });
  }

  /** Whether the same request may succeed by itself a little later. */
  get passing() {
    return this.status === 0 || this.status === 503;
  }
}

/** The answer of `api/v1` + path as JSON. Raises ApiError, or AbortError once `signal` is aborted. */
export async function get(path, params = {}, { signal } = {}) {
  const response = await ask(path, params, { signal, headers: { Accept: "application/json" } });
  try {
    return await response.json();
  } catch (error) {
    throw unreachable(error);
  }
}

/**
 * Server-sent events of `api/v1` + path, one at a time: `{event, data}`, data parsed as JSON.
 *
 * `onOpen` is called once the receiver has answered. Nothing is read ahead of who takes them. Ends where the receiver ends the stream; raises ApiError where it breaks.
 */
export async function* stream(path, params = {}, { signal, onOpen } = {}) {
  const response = await ask(path, params, { signal, headers: { Accept: "text/event-stream" } });
  onOpen?.();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw unreachable(error);
      });
      if (done) return;
      const blocks = (text + value).split(/\r?\n\r?\n/);
      text = blocks.pop();
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parseEvent(block) {
  let event = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}

async function ask(path, params, init) {
  const query = new URLSearchParams(given(params)).toString();
  const address = `api/v1${path}${query ? `?${query}` : ""}`;
  for (;;) {
    const key = currentKey();
    const headers = key ? { ...init.headers, Authorization: `Bearer ${key}` } : init.headers;
    const response = await fetch(address, { ...init, headers, cache: "no-store" }).catch((error) => {
      throw unreachable(error);
    });
    if (response.ok) return response;
    const error = await refusal(response);
    if (response.status !== 401) throw error;
    // Another request may have been given a key while this one was under way.
    if (key === currentKey() && !(await askForKey({ again: key !== null, first: true }))) throw error;
  }
}

function unreachable(error) {
  if (error.name === "AbortError" || error instanceof ApiError) return error;
  return new ApiError(0, "unreachable", "The receiver does not answer. Is it running?");
}

async function refusal(response) {
  const told = await response.json().catch(() => ({}));
  const after = Number(response.headers.get("Retry-After"));
  const message = told.message ?? `The receiver answered ${response.status} ${response.statusText}`;
  return new ApiError(response.status, told.error ?? "unknown", message, after > 0 ? after : null);
}

// The key. Who shows a dialog says so with `onKeyNeeded`; there is one question at a time.

let asker = null;
let question = null;
let declined = false;

export function onKeyNeeded(show) {
  asker = show;
}

export function currentKey() {
  return sessionStorage.getItem(KEY);
}

export function forgetKey() {
  sessionStorage.removeItem(KEY);
}

/** Asks for a key: true where there is a new one. A request asks (`first`) until somebody has said no. */
export function askForKey({ again = false, first = false } = {}) {
  if (!asker || (first && declined)) return Promise.resolve(false);
  question ??= asker({ again }).then((key) => {
    question = null;
    declined = !key;
    if (key) sessionStorage.setItem(KEY, key);
    else forgetKey();
    // What was refused for want of a key is loaded again (load.js).
    if (key) window.dispatchEvent(new Event("keychange"));
    return Boolean(key);
  });
  return question;
}
