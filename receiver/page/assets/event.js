// The panel beside a trace, with all details of one event. On a phone it covers the page.

import { html, useLayoutEffect, useRef } from "./vendor/preact.js";
import { get } from "./api.js";
import { failureOf } from "./failure.js";
import { count, duration, shortId } from "./format.js";
import { Facts, linked, tokens } from "./head.js";
import { useKeys } from "./keys.js";
import { Links } from "./links.js";
import { useLoad } from "./load.js";
import { Fold, Value, parsed } from "./parts.js";
import { Prompt } from "./prompt.js";
import { href } from "./route.js";
import { ScoreForm, Scores } from "./scores.js";
import { Copy, Duration, ErrorBox, Json, Loading, Moment, Money, Status, Text, TypeBadge } from "./ui.js";

/** @import { AgentEvent, Call, Content, ExplainedValue, Fact, Tool as CalledTool, TreeNode } from "./types.d.ts" */
/** @import { Failure as KnownFailure } from "./types.d.ts" */

/** What the API says of an event. @param {string} id */
const pathOf = (id) => /** @type {const} */ (`/events/${encodeURIComponent(id)}`);

/**
 * `id` is the event's; `node` is its node of tree.js, if the trace has it; `before` is the id of the model call before; with
 * `sheet` the panel covers the page.
 *
 * @param {{
 *   id: string, node?: TreeNode, before?: string, sheet: boolean, onClose: () => void, onSelect: (id: string) => void,
 *   traceId: string, scoreNames: string[], onScored: () => void,
 * }} props
 */
export function EventPanel({ id, node, before, sheet, onClose, onSelect, traceId, scoreNames, onScored }) {
  const { data, error, reload } = useLoad((signal) => get(pathOf(id), {}, { signal }), [id], { keep: true });
  const event = data?.id === id ? data : null;
  const scored = () => {
    reload();
    onScored();
  };
  const inside = html`
    <header class="panel-head">
      <h2>${event ? html`<${Text} value=${event.name || event.event_type || "Event"} limit=${300} />` : "Event"}</h2>
      <button type="button" class="close" onClick=${onClose} aria-label="Close the event (Esc)" title="Close (Esc)">✕</button>
    </header>
    <div class="panel-body" tabindex="0" role="region" aria-label="What the event holds">
      <${ErrorBox} error=${error} retry=${reload} />
      ${!event && !error && html`<${Loading} what="the event" />`}
      ${event && html`<${Details} key=${id} event=${event} node=${node} before=${before} onSelect=${onSelect}>
        <${Scores} scores=${event.scores} onStored=${scored} />
        <${ScoreForm} traceId=${traceId} eventId=${id} names=${scoreNames} onStored=${scored} />
      <//>`}
    </div>
  `;
  return sheet
    ? html`<${Sheet} onClose=${onClose}>${inside}<//>`
    : html`<${Aside} onClose=${onClose}>${inside}<//>`;
}

/** @param {{onClose: () => void, children: Content}} props */
function Aside({ onClose, children }) {
  useKeys({ Escape: onClose });
  return html`<aside class="panel" aria-label="Event">${children}</aside>`;
}

/** @param {{onClose: () => void, children: Content}} props */
function Sheet({ onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  /** @param {Event} event */
  const cancelled = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class="panel sheet" aria-label="Event" ref=${dialog} onCancel=${cancelled}>
    ${children}<div class="heard" aria-live="polite"></div></dialog>`;
}

/** @param {{event: AgentEvent, node?: TreeNode, before?: string, onSelect: (id: string) => void, children: Content}} props */
function Details({ event, node, before, onSelect, children }) {
  const failure = failureOf(event);
  return html`
    <p class="panel-kind">
      <${TypeBadge} type=${event.event_type} /> <${Status} status=${event.status} />
      ${event.severity && html`<span class="severity"><${Text} value=${event.severity} /></span>`}
    </p>
    ${failure && html`<${Failure} failure=${failure} node=${node} onSelect=${onSelect} />`}
    <${Facts} facts=${factsOf(event, node)} />
    <p class="panel-links">
      <a class="button" href=${href("/search", { like: event.id })}>More like this</a>
      <${Copy} text=${event.id} label="Copy id" />
      <${Copy} text=${location.href} label="Copy link" />
    </p>
    ${children}
    <${Said} event=${event} callId=${node?.event.call_id} before=${before} onSelect=${onSelect} />
    ${event.span_id && html`<${Links} id=${event.id} />`}
    <${Rest} title="Attributes" value=${event.properties} open />
    <${Why} id=${event.id} />
    <${Rest} title="Source" value=${event.source} />
    <${Rest} title="Resource" value=${event.resource} />
    <${Rest} title="Scope" value=${event.scope} />
    <${Rest} title="Ids" value=${idsOf(event)} />
  `;
}

/** @param {AgentEvent} event @param {TreeNode | undefined} node @returns {Fact[]} */
function factsOf(event, node) {
  const source = Object.values(event.source ?? {}).filter((value) => typeof value === "string");
  return [
    ["Time", html`<${Moment} at=${event.timestamp} long />`],
    ["Duration", event.duration_ns && html`<${Duration} ns=${event.duration_ns} />`],
    ["After the start", node && duration(node.start)],
    linked("Agent", event.agent_id, "/traces", { agent_id: event.agent_id }),
    linked("Session", event.session_id, ["sessions", event.session_id ?? ""]),
    ["Recorded as", recordedAs(event)],
    ["Observed", event.observed_timestamp && html`<${Moment} at=${event.observed_timestamp} long />`],
    ["Flags", event.flags && `0x${event.flags.toString(16)}`],
    ["Dropped by its sender", dropped(event.properties)],
    ["Source", source.length > 0 && html`<${Text} value=${source.join(" / ")} limit=${300} />`],
  ];
}

/** @type {Record<string, string>} */
const RECORDED = { log_record: "log record", span_event: "event of a span", json: "event sent as JSON", internal: "span", unspecified: "span" };

/** @param {AgentEvent} event */
function recordedAs({ kind }) {
  return Object.hasOwn(RECORDED, kind) ? RECORDED[kind] : html`span, <${Text} value=${kind} />`;
}

/** How much its sender says to have dropped: Python's SDK drops the attributes that were set first. @param {AgentEvent["properties"]} properties */
function dropped(properties) {
  const kinds = ["attributes", "events", "links"].map((kind) => [kind, properties[`otel.dropped_${kind}_count`]]);
  return kinds.filter(([, count]) => count).map(([kind, count]) => `${count} ${kind}`).join(", ");
}

/** @param {{failure: KnownFailure, node?: TreeNode, onSelect: (id: string) => void}} props */
function Failure({ failure: { kind, message, stack }, node, onSelect }) {
  // A span fails after the events in it: the first failure inside explains more than its own.
  const within = node?.children.find((child) => child.error);
  return html`
    <section class="failure" aria-label="What went wrong">
      <h3><span aria-hidden="true">✕</span> ${kind ? html`<${Text} value=${kind} limit=${200} />` : "It failed"}</h3>
      ${message && html`<p><${Text} value=${message} block limit=${2000} /></p>`}
      ${stack && html`<${Fold} title="Stack trace">${() => html`<pre tabindex="0"><${Text} value=${stack} block /></pre>`}<//>`}
      ${within && html`<p>
        <button type="button" class="small" onClick=${() => onSelect(within.event.id)}>To the error within it</button>
      </p>`}
    </section>
  `;
}

/**
 * What was said: by the call that the event reports, with the details from its other events, or as far as the event says it. Once
 * the call is known, what a reader has opened stays open.
 *
 * @param {{event: AgentEvent, callId?: string | null, before?: string, onSelect: (id: string) => void}} props
 */
function Said({ event, callId, before, onSelect }) {
  const path = pathOf(event.id);
  const { data, error, reload } = useLoad(async (signal) => {
    const call = callId ? await get(`/calls/${encodeURIComponent(callId)}`, {}, { signal }).catch(gone) : null;
    return { call, own: call ? null : await get(`${path}/messages`, {}, { signal }) };
  }, [event.id, callId], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data) return null;
  const { call, own } = data;
  const tool = call?.kind === "tool" ? { name: call.name, arguments: call.arguments, result: call.result, error: call.error } : own?.tool;
  const said = call ?? own;
  return html`
    ${call && html`<${Called} call=${call} event=${event} onSelect=${onSelect} />`}
    ${tool && html`<${Tool} tool=${tool} headed=${!call} />`}
    ${said && call?.kind !== "tool" && html`<${Missing} messages=${said.missing} />
      <${Prompt} said=${said} eventId=${call?.id ?? event.id} before=${call?.kind === "model" ? before : undefined} at=${event.timestamp} />`}
  `;
}

/** What is not there any more is nothing. @param {Error & {status?: number}} error @returns {null} */
function gone(error) {
  if (error.status === 404) return null;
  throw error;
}

const KINDS = { model: "Model call", tool: "Tool call", agent: "Agent" };

/** @param {{call: Call, event: AgentEvent, onSelect: (id: string) => void}} props */
function Called({ call, event, onSelect }) {
  return html`
    <section class="call" aria-label="The call">
      <h3>${KINDS[call.kind]} ${call.name && html`<${Text} value=${call.name} limit=${200} />`} <${Status} status=${call.status} /></h3>
      <${Facts} facts=${[
        ["Agent", call.agent_id && html`<${Text} value=${call.agent_id} limit=${200} />`],
        ["Duration", html`<${Duration} ns=${call.duration_ns} />`],
        ["Tokens", tokens(call)],
        ["Cost", costOf(call)],
      ]} />
      ${call.kind !== "tool" && call.error && html`<p class="bad"><span aria-hidden="true">✕</span> <${Text} value=${call.error} /></p>`}
      ${call.told_by.length > 1 && html`<${Fold} title=${`Reported by ${call.told_by.length} events`}>
        ${() => html`<${Tellers} id=${call.id} eventId=${event.id} onSelect=${onSelect} />`}
      <//>`}
    </section>
  `;
}

/** What a call cost, and where that is from. @param {Call} call @returns {Content} */
function costOf({ kind, cost_usd, cost_from, price }) {
  if (cost_usd === null) return kind === "model" && html`<span class="muted">not known</span>`;
  const from = cost_from === "given" ? "as its sender says" : `by ${price}`;
  return html`<${Money} usd=${cost_usd} /> <span class="muted"><${Text} value=${from} limit=${200} /></span>`;
}

/** Why these events are one call. @param {{id: string, eventId: string, onSelect: (id: string) => void}} props */
function Tellers({ id, eventId, onSelect }) {
  const { data, error, reload } = useLoad((signal) => get(`/calls/${encodeURIComponent(id)}/explain`, {}, { signal }), [id]);
  if (!data) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  return html`<ul class="tellers">${data.told_by.map(({ event_id, rule }) => html`<li key=${event_id}>
    ${event_id === eventId
      ? html`<b>this event</b>`
      : html`<button type="button" class="small" onClick=${() => onSelect(event_id)}><${Text} value=${shortId(event_id)} /></button>`}
    ${" "}<span class="muted">${rule}</span>
  </li>`)}</ul>`;
}

/** @param {{messages: number}} props */
function Missing({ messages }) {
  return messages > 0 && html`<p class="muted">The first ${count(messages, "message")} did not come: the sender dropped them.</p>`;
}

/** @param {{tool: CalledTool, headed?: boolean}} props */
function Tool({ tool: { name, arguments: given, result, error }, headed = false }) {
  return html`
    <section class="said tool" aria-label="The tool">
      ${headed && html`<h3>Tool ${name && html`<${Text} value=${name} limit=${200} />`}</h3>`}
      ${isThere(given) && html`<h4>Arguments</h4><${Value} value=${given} what="the arguments" />`}
      ${isThere(result) && html`<h4>Result</h4><${Value} value=${result} what="the result" />`}
      ${isThere(error) && html`<h4 class="bad"><span aria-hidden="true">✕</span> Error</h4>
        <${Value} value=${error} what="the error" />`}
    </section>
  `;
}

/** @param {unknown} value */
const isThere = (value) => value !== undefined && value !== null && value !== "";

/** @type {Record<string, string>} */
const PLACES = {
  properties: "its attribute",
  body: "its body, under",
  scope: "the scope's attribute",
  resource: "the resource's attribute",
  event: "its own field",
  span: "the span that it happened in",
  rule: "the rule",
  trace: "its trace",
  default: "nothing said it",
};

/** A rule as a sentence, without its number. @param {string} rule */
function sentence(rule) {
  const text = rule.replace(/^rule \d+: /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** @param {{id: string}} props */
function Why({ id }) {
  const { data, error, reload } = useLoad((signal) => get(`${pathOf(id)}/explain`, {}, { signal }), [id], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data) return null;
  const { session_id, agent_id, event_type } = data;
  const facts = [["session id", told(session_id)], ["agent id", told(agent_id)], ["event type", told(event_type)]];
  return html`
    <section class="why">
      <h3>Why it is here</h3>
      <p><${Text} value=${sentence(data.rule)} block /></p>
      <${Facts} facts=${facts} />
    </section>
  `;
}

/** @param {ExplainedValue} told */
function told({ value, from, key }) {
  return value !== null && html`<${Text} value=${value} limit=${200} /> <span class="muted">
    from ${PLACES[from] ?? from} ${key && html`<code><${Text} value=${key} /></code>`}
  </span>`;
}

/** @param {{title: string, value: Record<string, unknown> | null, open?: boolean}} props */
function Rest({ title, value, open = false }) {
  if (!value || !Object.keys(value).length) return null;
  return html`<${Fold} title=${html`<h3>${title}</h3>`} open=${open} class="rest">
    ${() => html`<${Json} value=${opened(value)} />`}
  <//>`;
}

/** Texts that hold JSON, as messages often are, are shown as what they hold. @param {Record<string, unknown>} value */
function opened(value) {
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([key, inner]) => [key, typeof inner === "string" ? parsed(inner) : inner]));
}

/** @param {AgentEvent} event */
function idsOf({ id, trace_id, span_id, parent_span_id, created_at }) {
  const all = { id, trace_id, span_id, parent_span_id, stored_at: created_at };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}
