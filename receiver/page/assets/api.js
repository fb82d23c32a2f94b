// The receiver's API. The user is asked for a key when the receiver requires one; it is kept until the tab closes.

import { keep, kept } from "./kept.js";
import { given, isOutOfReach } from "./route.js";

/** @import { Answer, LiveMessage, Query } from "./types.d.ts" */

const KEY = "api-key";

/** A failed request. `status` is 0 if the receiver did not answer; `retryAfter` is in seconds, or null. */
export class ApiError extends Error {
  name = "ApiError";

  /** @param {number} status @param {string} code @param {string} message @param {number | null} retryAfter */
  constructor(status, code, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed by itself a little later. */
  get passing() {
    return this.status === 0 || this.status === 503;
  }
}

/**
 * Returns the answer of `api/v1` + path as JSON. Throws ApiError, or AbortError once `signal` is aborted.
 *
 * @template {string} Path
 * @param {Path} path
 * @param {Query} params
 * @param {{signal?: AbortSignal}} options
 * @returns {Promise<Answer<Path>>}
 */
export async function get(path, params = {}, { signal } = {}) {
  const response = await ask(path, params, { signal, headers: { Accept: "application/json" } });
  try {
    return await response.json();
  } catch (error) {
    throw unreachable(error);
  }
}

/**
 * Sends a score, and returns what the receiver says to it. Throws as `get` does.
 *
 * @param {"/scores"} path
 * @param {Record<string, unknown>} body
 * @returns {Promise<{score_id: string}>}
 */
export async function post(path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const response = await ask(path, {}, { method: "POST", body: JSON.stringify(body), headers });
  return response.json();
}

/**
 * Returns the answer of `api/v1` + path as bytes. Throws as `get` does.
 *
 * @param {string} path
 * @param {Query} params
 * @param {{signal?: AbortSignal}} options
 */
export async function getBytes(path, params, { signal } = {}) {
  const response = await ask(path, params, { signal, headers: { Accept: "image/*" } });
  return new Uint8Array(await response.arrayBuffer().catch((error) => {
    throw unreachable(error);
  }));
}

/**
 * Yields the server-sent events of `api/v1` + path: `{event, data}`, with data parsed as JSON.
 *
 * `onOpen` is called once the receiver has answered. An event is read only when it is requested. Ends if the receiver
 * ends the stream; throws ApiError if it breaks.
 *
 * @param {string} path
 * @param {Query} params
 * @param {{signal?: AbortSignal, onOpen?: () => void}} options
 * @returns {AsyncGenerator<LiveMessage>}
 */
export async function* stream(path, params = {}, { signal, onOpen } = {}) {
  const response = await ask(path, params, { signal, headers: { Accept: "text/event-stream" } });
  onOpen?.();
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw unreachable(error);
      });
      if (done) return;
      const blocks = (text + value).split(/\r?\n\r?\n/);
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The address of `api/v1` + path, for a link or a request. @param {string} path @param {Query} params */
export function addressOf(path, params) {
  const query = new URLSearchParams(given(params)).toString();
  return `api/v1${path}${query ? `?${query}` : ""}`;
}

const MOST = 1e9; // bytes of a file that a page holds until it is whole

/**
 * Saves the answer of `api/v1` + path as a file of the name that the receiver gives it, once it is whole; `came` is called
 * with the bytes so far. Throws as `get` does.
 *
 * @param {string} path
 * @param {Query} params
 * @param {AbortSignal} signal
 * @param {(bytes: number) => void} came
 */
export async function download(path, params, signal, came) {
  const response = await ask(path, params, { signal, headers: {} });
  const reader = response.body?.getReader();
  const parts = [];
  let bytes = 0;
  for (;;) {
    const read = await reader?.read().catch((error) => {
      throw unreachable(error);
    });
    if (!read || read.done) break;
    parts.push(read.value);
    bytes += read.value.length;
    if (bytes > MOST) {
      await reader?.cancel();
      throw new Error("This is more than 1 GB, which a page with a key cannot hold: vectadb-receiver export writes it, too.");
    }
    came(bytes);
  }
  const [, name] = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
  const url = URL.createObjectURL(new Blob(parts, { type: "application/x-ndjson" }));
  Object.assign(document.createElement("a"), { href: url, download: name ?? "export" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {string} block @returns {LiveMessage | null} */
function parseEvent(block) {
  let event = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return data.length ? /** @type {LiveMessage} */ ({ event, data: JSON.parse(data.join("\n")) }) : null;
}

/**
 * Returns the response if its status is 2xx. Throws as `get` does.
 *
 * @param {string} path
 * @param {Query} params
 * @param {{signal?: AbortSignal, headers: Record<string, string>, method?: string, body?: string}} init
 */
async function ask(path, params, init) {
  if (isOutOfReach(path)) {
    throw new ApiError(400, "out_of_reach", "No browser can ask for an id that is a dot or two; the command line can.");
  }
  const address = addressOf(path, params);
  for (;;) {
    const key = currentKey();
    const headers = key ? { ...init.headers, Authorization: `Bearer ${key}` } : init.headers;
    const response = await fetch(address, { ...init, headers, cache: "no-store" }).catch((error) => {
      throw unreachable(error);
    });
    if (response.ok) return response;
    const error = await refusal(response);
    if (response.status !== 401) throw error;
    // Another request may have got a key meanwhile.
    if (key === currentKey() && !(await askForKey({ again: key !== null, first: true }))) throw error;
  }
}

/** @param {unknown} error */
function unreachable(error) {
  if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) return error;
  return new ApiError(0, "unreachable", "The receiver does not answer. Is it running?");
}

/** @param {Response} response */
async function refusal(response) {
  const told = await response.json().catch(() => ({}));
  const after = Number(response.headers.get("Retry-After"));
  const message = told.message ?? `The receiver answered ${response.status} ${response.statusText}`;
  return new ApiError(response.status, told.error ?? "unknown", message, after > 0 ? after : null);
}

// The key. The component that shows the dialog registers with `onKeyNeeded`; there is one dialog at a time.

/** @type {((how: {again: boolean}) => Promise<string | null>) | null} */
let asker = null;
/** @type {Promise<boolean> | null} */
let question = null;
let declined = false;

/** @param {NonNullable<typeof asker>} show */
export function onKeyNeeded(show) {
  asker = show;
}

export function currentKey() {
  return kept(KEY, "sessionStorage");
}

export function forgetKey() {
  keep(KEY, null, "sessionStorage");
}

/** Asks for a key, and returns whether there is a new one. A request (`first`) does not ask after a refusal. */
export function askForKey({ again = false, first = false } = {}) {
  if (!asker || (first && declined)) return Promise.resolve(false);
  question ??= asker({ again }).then((key) => {
    question = null;
    declined = !key;
    keep(KEY, key || null, "sessionStorage");
    // Requests that were refused without a key, or with one that may not, are repeated (load.js).
    if (key) window.dispatchEvent(new Event("keychange"));
    return Boolean(key);
  });
  return question;
}
