// Components that all pages use.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { askForKey } from "./api.js";
import { ago, between, compact, count, duration, moment, money, number, shortMoment, zoneOf } from "./format.js";
import { href, isOutOfReach } from "./route.js";
import { visible } from "./untrusted.js";

export { Copy, announce } from "./copy.js";
export { Text, Json, hiddenIn, visible } from "./untrusted.js";
export { FilterBar, asked } from "./filters.js";
export { Empty } from "./empty.js";

/** @import { Content, Pages, Path, Query, Trouble } from "./types.d.ts" */

const NAME = "vectadb-receiver";

/** A status has a sign and a word beside its colour. @type {Record<string, [string, string]>} */
const STATUSES = {
  completed: ["✓", "good"],
  ok: ["✓", "good"],
  failed: ["✕", "bad"],
  error: ["✕", "bad"],
  running: ["◐", "busy"],
};

/** How an event or a call may have ended, for filters: "unset" is what OpenTelemetry calls it. @type {[string, string][]} */
export const ENDS = [["error", "error"], ["ok", "ok"], ["unset", "not said"]];

/** What it was decides the colour, by kinds of types; types that senders made up are plain. @type {Record<string, string>} */
const TYPES = {
  model_call: "model", embedding: "model", tool_call: "tool", retrieval: "tool", agent: "agent", workflow: "agent",
  message: "message", decision: "message", evaluation: "message", guardrail: "message", error: "error",
};

let landed = false;

/**
 * A page's heading and the document's title. After navigation by a link, the heading has the focus.
 *
 * @param {{text: string, children?: Content}} props
 */
export function Title({ text, children }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => {
    document.title = `${visible(text).slice(0, 80)} · ${NAME}`;
  }, [text]);
  useEffect(() => {
    if (landed && !heading.current?.closest("main")?.contains(document.activeElement)) heading.current?.focus();
    landed = true;
  }, []);
  return html`<h1 tabindex="-1" ref=${heading}>${children ?? text}</h1>`;
}

/**
 * A time in the local zone, UTC on hover. With `long`, it has the date, milliseconds, and the zone; with `past`, how long ago
 * that was.
 *
 * @param {{at: string | null, long?: boolean, past?: boolean}} props
 */
export function Moment({ at, long = false, past = long }) {
  if (!at) return null;
  const { date, time, millis, utc } = moment(at);
  return html`<time datetime=${at} title=${utc}>${long ? `${date} ${time}${millis}` : shortMoment(at)}</time>${
    long && html` <span class="muted">${zoneOf(at)}</span>`}${past && html` <${Ago} at=${at} />`}`;
}

const TICK = 20_000; // ms
/** @type {Set<(now: number) => void>} */
const clocks = new Set();
setInterval(() => {
  for (const tell of clocks) tell(Date.now());
}, TICK);

/** @param {{at: string}} props */
function Ago({ at }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    clocks.add(setNow);
    return () => void clocks.delete(setNow);
  }, []);
  return html`<span class="ago">${ago(at, now)}</span>`;
}

/** How long: `ns` nanoseconds, or from one moment to another. @param {{ns?: number | null, from?: string, to?: string}} props */
export function Duration({ ns, from, to }) {
  const took = ns ?? (from && to ? between(from, to) : null);
  return took === null ? null : html`<span class="number" title="${number(took)} ns">${duration(took)}</span>`;
}

/** How it ended; nothing if nobody said. @param {{status: string}} props */
export function Status({ status }) {
  if (!Object.hasOwn(STATUSES, status)) return null;
  const [sign, kind] = STATUSES[status];
  return html`<span class="status ${kind}"><span aria-hidden="true">${sign}</span> ${status}</span>`;
}

/** Tokens that went in and came out of models. @param {{input: number, output: number}} props */
export function Tokens({ input, output }) {
  if (!input && !output) return null;
  const words = `${number(input)} tokens in, ${number(output)} out`;
  return html`<span class="number" title=${words}>
    <span aria-hidden="true">${compact(input)} → ${compact(output)}</span><span class="heard">${words}</span>
  </span>`;
}

/** An amount; in a column the points stand below each other. @param {{usd: number}} props */
export function Money({ usd }) {
  if (!usd) return null;
  const [whole, fraction] = money(usd).split(".");
  return html`<span class="number" title="${usd} US dollars">${whole}<span class="fraction">.${fraction}</span></span>`;
}

/**
 * Returns the kind of an event's type: model, tool, agent, message, error or other; `var(--kind-…)` is its colour.
 *
 * @param {string | null | undefined} type
 */
export function kindOf(type) {
  return type && Object.hasOwn(TYPES, type) ? TYPES[type] : "other";
}

/** @param {{type: string | null | undefined}} props */
export function TypeBadge({ type }) {
  return html`<span class="type kind-${kindOf(type)}"><bdi>${visible(type || "event").slice(0, 40)}</bdi></span>`;
}

/**
 * A link within the page; words alone where no browser can ask for the id. With `row`, the keys j and k stop at it.
 *
 * @param {{to: Path, params?: Query, row?: boolean, children?: Content}} props
 */
export function Link({ to, params, row = false, children, ...rest }) {
  if (isOutOfReach(to)) return html`<span ...${rest} title="No browser can ask for an id that is a dot or two">${children}</span>`;
  return html`<a href=${href(to, params)} data-row=${row ? "" : undefined} ...${rest}>${children}</a>`;
}

/** @param {{what?: string}} props */
export function Loading({ what = "" }) {
  return html`<p class="loading" role="status">Loading ${what}…</p>`;
}

/**
 * An error message, with a button for `retry` if trying again may help.
 *
 * @param {{error: Trouble | null, retry?: () => void}} props
 */
export function ErrorBox({ error, retry }) {
  if (!error) return null;
  const helps = retry && ![400, 401, 403, 404].includes(error.status ?? 0);
  return html`<div class="error-box" role="alert">
    <p>${error.message}</p>
    ${error.passing && html`<p class="muted">Trying again until it answers.</p>`}
    ${error.status === 401 && html`<button onClick=${() => askForKey()}>Enter the API key</button>`}
    ${error.status === 403 && html`<button onClick=${() => askForKey()}>Enter another API key</button>`}
    ${helps && html`<button onClick=${retry}>Try again</button>`}
  </div>`;
}

/** The next page of `usePages`; `what` is the plural of what is listed. @param {{pages: Pages<unknown>, what?: string}} props */
export function More({ pages, what = "rows" }) {
  const { items, hasMore, loading, more } = pages;
  if (!items || !(items.length || hasMore)) return null;
  // A filter that no index serves looks through so many rows at a time.
  const shown = items.length ? `${count(items.length, what.replace(/s$/, ""))} shown` : `No ${what} match so far`;
  const label = items.length ? "More" : "Look further";
  return html`<div class="more">
    <span class="muted">${shown}${hasMore ? "" : ", no more"}</span>
    ${hasMore && html`<button onClick=${more} disabled=${loading}>${loading ? "Loading…" : label}</button>`}
  </div>`;
}
