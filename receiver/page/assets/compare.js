// Page Compare: two runs beside each other, their steps aligned; what was said in a step is loaded once it is opened.

import { html, useState } from "./vendor/preact.js";
import { useAgain } from "./again.js";
import { get } from "./api.js";
import { ChooseRun } from "./choose_run.js";
import { between, count, duration, money, number } from "./format.js";
import { stepRows, useKeys } from "./keys.js";
import { useLoad } from "./load.js";
import { href, navigate } from "./route.js";
import { Duration, ErrorBox, Link, Loading, Moment, Money, Status, Text, Title, Tokens } from "./ui.js";
import { visible } from "./untrusted.js";

/** @import { Compared, ComparedCall, ComparedStep, ComparedText, Comparison, Content, Params } from "./types.d.ts" */

const SHOWN = 200; // steps at first
const DEEPEST = 6;
const NAME_LENGTH = 120;
/** @type {["a", "b"]} */
const SIDES = ["a", "b"];

/** @param {{params: Params}} props */
export function Compare({ params }) {
  const { of, a, b } = params;
  if (!a) {
    return html`<${Title} text="Compare two runs" />
      <p>Choose two runs in the <${Link} to="/traces">list of traces<//>: tick their boxes, or press <kbd>x</kbd> on their rows.</p>`;
  }
  return b ? html`<${Two} key=${`${of} ${a} ${b}`} a=${a} b=${b} params=${params} />` : html`<${ChooseRun} a=${a} params=${params} />`;
}

/** @param {{a: string, b: string, params: Params}} props */
function Two({ a, b, params }) {
  const of = params.of === "sessions" ? "sessions" : "traces";
  const { data, error, reload } = useLoad(
    (signal) => get(/** @type {const} */ (`/${of}/${encodeURIComponent(a)}/compare`), { with: b }, { signal }),
    [a, b],
  );
  /** @param {number} by */
  const go = (by) => stepRows(by, document.querySelectorAll("main .differs > [data-row]"));
  useKeys({ n: () => go(1), p: () => go(-1) });
  useAgain(reload, data, !!data && !(data.a.interpreted && data.b.interpreted));
  return html`
    <div class="heading"><${Title} text=${of === "traces" ? "Compare two runs" : "Compare two sessions"} />
      <a href=${href("/compare", { of: params.of, a: b, b: a, only: params.only })}>Swap</a>
      ${of === "traces" && html`<a href=${href("/compare", { a })}>Compare A with another</a>`}</div>
    <${ErrorBox} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} what="both runs" />`}
    ${data && html`<${Sums} told=${data} of=${of} /><${Steps} told=${data} params=${params} />`}`;
}

/** @type {[string, (run: Compared) => number, (value: number, run: Compared) => Content, (value: number) => string][]} */
const NUMBERS = [
  ["Duration", ({ duration_ns }) => duration_ns, (ns) => html`<${Duration} ns=${ns} />`, duration],
  ["Traces", ({ trace_count }) => trace_count ?? 0, number, number],
  ["Model calls", ({ calls }) => calls, number, number],
  ["Tool calls", ({ tools }) => tools, number, number],
  ["Errors", ({ error_count }) => error_count, number, number],
  ["Tokens in", ({ input_tokens }) => input_tokens, number, number],
  ["Tokens out", ({ output_tokens }) => output_tokens, number, number],
  ["Cost", ({ cost_usd }) => cost_usd, (usd, { calls, unpriced_calls }) => html`${usd ? html`<${Money} usd=${usd} />` : "0"}${
    unpriced_calls > 0 && html` <span class="muted">${calls - unpriced_calls} of ${count(calls, "call")} priced</span>`}`, money],
];

/** @type {[string, (run: Compared) => string | null][]} */
const WORDS = [
  ["Asked", ({ first_question }) => first_question],
  ["Answered", ({ last_answer }) => last_answer],
  ["First error", ({ first_error }) => first_error],
  ["Models", ({ models }) => models.join(", ")],
];

/** What both came to. @param {{told: Comparison, of: string}} props */
function Sums({ told: { a, b }, of }) {
  const both = [a, b];
  /** @param {Compared} run */
  const name = (run) => (of === "sessions" ? run.id : run.name || run.agent_id || "Trace");
  return html`<table class="compare-sums">
    <caption class="heard">What both runs came to</caption>
    <thead><tr><td></td>${both.map((trace, place) => html`<th scope="col" key=${trace.id}><b class="side-${SIDES[place]}">${"AB"[place]}</b>
        ${" "}<${Link} to=${[of, trace.id]}><${Text} value=${name(trace).slice(0, NAME_LENGTH)} /><//></th>`)}
      <th scope="col" class="number">B against A</th></tr></thead>
    <tbody>
      ${a.status && html`<tr><th scope="row">Status</th>
        ${both.map(({ id, status }) => html`<td key=${id}><${Status} status=${status ?? ""} /></td>`)}<td></td></tr>`}
      <tr><th scope="row">Started</th>${both.map((run) => html`<td key=${run.id}><${Moment} at=${began(run)} /></td>`)}
        <td class="number">${apart(a, b)}</td></tr>
      ${NUMBERS.filter(([, of]) => both.some(of)).map(([label, of, shown, plain]) => html`<tr key=${label}>
        <th scope="row">${label}</th>${both.map((trace) => html`<td key=${trace.id} class="number">${shown(of(trace), trace) || "0"}</td>`)}
        <td class="number">${change(of(a), of(b), plain)}</td></tr>`)}
      ${WORDS.filter(([, of]) => of(a) || of(b)).map(([label, of]) => html`<tr key=${label}><th scope="row">${label}</th>
        ${
          of(a) === of(b)
            ? html`<td colspan="2"><${Text} value=${of(a)} limit=${300} /></td><td class="muted">the same</td>`
            : html`${both.map((trace) => html`<td key=${trace.id}><${Text} value=${of(trace) ?? "–"} limit=${300} /></td>`)}<td></td>`
        }</tr>`)}
    </tbody></table>
    ${both.map(({ id, interpreted }, place) => !interpreted && html`<p class="notice" key=${id}>
      Some events of ${"AB"[place]} are still being read: it may get further steps.</p>`)}`;
}

/** @param {Compared} run */
const began = ({ start_time, first_event_at }) => start_time ?? first_event_at ?? "";

/** @param {Compared} a @param {Compared} b */
function apart(a, b) {
  const ns = between(began(a), began(b));
  return ns && `${duration(Math.abs(ns))} ${ns > 0 ? "later" : "earlier"}`;
}

/** By how much a number is another, and by what part. @param {number} a @param {number} b @param {(value: number) => string} shown */
function change(a, b, shown) {
  if (a === b) return html`<span class="muted">the same</span>`;
  const by = `${b > a ? "+" : "−"}${shown(Math.abs(b - a))}`;
  return a ? `${by} (${ratio(a, b)})` : by;
}

/** @param {number} a @param {number} b */
function ratio(a, b) {
  const times = b / a;
  return times >= 2 ? `${number(Number(times.toFixed(times < 10 ? 1 : 0)))}×` : `${times > 1 ? "+" : "−"}${Math.round(Math.abs(times - 1) * 100)}%`;
}

/** A step's name among those that are open. @param {ComparedStep} step */
const idOf = ({ a, b }) => (a ?? b)?.id ?? "";
/** @param {ComparedStep} step */
const isOther = ({ a, b, differs }) => !a || !b || differs.length > 0;

/** @param {{told: Comparison, params: Params}} props */
function Steps({ told, params }) {
  const { steps, truncated } = told;
  const [most, setMost] = useState(SHOWN);
  const open = new Set((params.open ?? "").split(",").filter(Boolean));
  const only = params.only === "differing";
  const others = steps.filter(isOther);
  const listed = only ? others : steps;
  /** @param {string} id */
  const toggle = (id) => {
    if (!open.delete(id)) open.add(id);
    navigate("/compare", { ...params, open: [...open].join(",") }, { replace: true });
  };
  const lonely = SIDES.map((side, place) => steps.filter((step) => step[side] && !step[SIDES[1 - place]]).length);
  const differing = others.length - lonely[0] - lonely[1];
  return html`
    <div class="heading"><h2>Steps</h2>
      <span class="muted">${count(steps.length, "step")}: ${number(steps.length - others.length)} alike, ${number(differing)} that
        differ${lonely.map((many, place) => many > 0 && `, ${number(many)} only in ${"AB"[place]}`)}</span>
      ${others.length > 0 && others.length < steps.length && html`<a href=${href("/compare", { ...params, only: only ? undefined : "differing" })}>
        ${only ? "Show all" : "Show only what differs"}</a>`}</div>
    ${SIDES.map((side, place) => !steps.some((step) => step[side]) && html`<p class="notice" key=${side}>
      ${"AB"[place]} has no calls of models, tools or agents.</p>`)}
    ${truncated && html`<p class="notice">There are more calls than are compared: these are the first.</p>`}
    ${steps.length > 0 && !others.length && html`<p class="good"><span aria-hidden="true">✓</span> Nothing differs.</p>`}
    ${listed.length > 0 && html`<div class="compared-head" aria-hidden="true"><span></span><b class="side-a">A</b><b class="side-b">B</b></div>`}
    <ol class="compared">${listed.slice(0, most).map((step) => html`
      <${Step} key=${idOf(step)} step=${step} open=${open.has(idOf(step))} toggle=${toggle} />`)}</ol>
    ${listed.length > most && html`<button onClick=${() => setMost(most * 3)}>${number(listed.length - most)} more steps</button>`}`;
}

/** What a step's sign says. @type {Record<string, string>} */
const SIGNS = { "=": "alike", "≠": "differs", "?": "not compared: too much was said", A: "only in A", B: "only in B" };

/** @param {{step: ComparedStep, open: boolean, toggle: (id: string) => void}} props */
function Step({ step, open, toggle }) {
  const { kind, a, b, differs, said } = step;
  const sign = !b ? "A" : !a ? "B" : differs.length ? "≠" : said ? "=" : "?";
  return html`<li class=${isOther(step) ? "differs" : ""}>
    <button type="button" class="plain compared-step" data-row="" aria-expanded=${open} onClick=${() => toggle(idOf(step))}>
      <span class="sign ${a && b ? "" : `side-${sign.toLowerCase()}`}" title=${SIGNS[sign]}>
        <span aria-hidden="true">${sign}</span><span class="heard">${SIGNS[sign]}:</span></span>
      ${[a, b].map((call, place) => html`<${Side} key=${place} call=${call} other=${place ? a : b} kind=${kind} side=${SIDES[place]}
        named=${differs.includes("agent")} />`)}
      ${differs.length > 0 && html`<span class="differences">
        ${differs.map((word) => html`<span class="difference" key=${word}>${word}</span>`)}</span>`}
    </button>
    ${open && html`<div class="compared-texts"><p>
        ${[a, b].map((call, place) => call && html`<${Link} key=${place} to=${["traces", call.trace_id]} params=${{ event: call.id }}>
          Open in run ${"AB"[place]}<//> `)}</p>
      <${Texts} a=${a} b=${b} /></div>`}
  </li>`;
}

/**
 * A run's call in a step. Its agent is the one around it, and is not `named` where it is the same in both.
 *
 * @param {{call: ComparedCall | null, other: ComparedCall | null, kind: string, side: "a" | "b", named: boolean}} props
 */
function Side({ call, other, kind, side, named }) {
  if (!call) return html`<span class="compared-call nothing">–</span>`;
  const { name, agent_id, depth, duration_ns, input_tokens, output_tokens, cost_usd, error, status } = call;
  const times = other && other.duration_ns > 0 ? duration_ns / other.duration_ns : 1;
  return html`<span class="compared-call within-${Math.min(depth, DEEPEST)}">
    <b class="side-${side} narrow">${side.toUpperCase()} </b><span class="kind-${kind}">${kind}</span>
    ${" "}<b><${Text} value=${(name ?? "–").slice(0, NAME_LENGTH)} /></b>
    ${" "}<span class="muted">${agent_id && agent_id !== name && (named || depth === 0) && html`
        <${Text} value=${agent_id.slice(0, NAME_LENGTH)} /> · `}<${Duration} ns=${duration_ns} />
      ${side === "b" && (times >= 1.25 || times <= 0.8) && html` <b>(${ratio(1, times)})</b>`}
      ${Boolean(input_tokens || output_tokens) && html` · <${Tokens} input=${input_tokens ?? 0} output=${output_tokens ?? 0} />`}
      ${Boolean(cost_usd) && html` · <${Money} usd=${cost_usd} />`}</span>
    ${status === "error" && html`<span class="line line-error">✕ <${Text} value=${error?.slice(0, 200) ?? "failed"} /></span>`}
  </span>`;
}

/** What was said in a step; of one that only one run has, with itself. @param {{a: ComparedCall | null, b: ComparedCall | null}} props */
function Texts({ a, b }) {
  const [first, second] = [(a ?? b)?.id ?? "", (b ?? a)?.id ?? ""];
  const { data, error, reload } = useLoad(
    (signal) => get(`/calls/${encodeURIComponent(first)}/compare`, { with: second }, { signal }),
    [first, second],
  );
  if (!data) return error ? html`<${ErrorBox} error=${error} retry=${reload} />` : html`<${Loading} what="what was said" />`;
  if (!data.texts.length) return html`<p class="muted">Nothing was said or passed in it.</p>`;
  const sides = SIDES.filter((side) => (side === "a" ? a : b));
  return data.texts.map((text) => html`<${Said} key=${text.field} text=${text} sides=${sides} />`);
}

/** @param {{text: ComparedText, sides: ("a" | "b")[]}} props */
function Said({ text: { field, differs, changes, truncated }, sides }) {
  const [open, setOpen] = useState(differs || sides.length === 1);
  return html`<details class="fold" open=${open} onToggle=${(/** @type {{target: HTMLDetailsElement}} */ event) => setOpen(event.target.open)}>
    <summary><b>${field}</b>${!differs && sides.length > 1 && html` <span class="muted">the same in both</span>`}</summary>
    ${open && html`<div class="sides ${differs ? "" : "one"}">${(differs ? sides : sides.slice(0, 1)).map((side) => html`
      <div key=${side} class="side"><b class="side-${side}">${differs || sides.length === 1 ? side.toUpperCase() : "A, B"}</b>
        ${changes.every(({ whose }) => whose !== "both" && whose !== side) && html`<span class="muted">nothing</span>`}
        <bdi class="text block">${changes.map(({ whose, text, left_out }) => html`${piece(whose, side, visible(text))}${
          left_out > 0 && html`<span class="muted"> ⋯ ${count(left_out, "character")} alike ⋯ </span>`}`)}</bdi></div>`)}</div>`}
    ${truncated && html`<p class="muted">It is longer than what is compared: this is its beginning.</p>`}
  </details>`;
}

/** @param {"both" | "a" | "b"} whose @param {"a" | "b"} side @param {string} text @returns {Content} */
function piece(whose, side, text) {
  if (whose === "both") return text;
  if (whose !== side) return null;
  return side === "a" ? html`<del>${text}</del>` : html`<ins>${text}</ins>`;
}
