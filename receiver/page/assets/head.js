// The head of a trace or session: its name and its main facts.

import { html } from "./vendor/preact.js";
import { compact, count, number } from "./format.js";
import { plainOf } from "./markdown.js";
import { scoreLine } from "./scores.js";
import { Link, Money, Text, Title, Tokens } from "./ui.js";

/** @import { Content, Fact, Path, Query, Spent, Sums } from "./types.d.ts" */

/**
 * `heading` is the page's name; `children` are shown beside it.
 *
 * @param {{heading: string, before?: string, facts: Fact[], children?: Content}} props
 */
export function Head({ heading, before = "", facts, children }) {
  return html`
    <header>
      <div class="page-title">
        <${Title} text=${before + heading}>${before}<${Text} value=${heading} limit=${300} /><//>
        ${children}
      </div>
      <${Facts} facts=${facts} />
    </header>
  `;
}

/** Those of the facts that have a value. @param {{facts: Fact[]}} props */
export function Facts({ facts }) {
  return html`<dl class="facts">
    ${facts.map(([name, value]) => value && html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** What a trace and a session add up to, as facts. @param {Sums} sums @returns {Fact[]} */
export function sums({ event_count, error_count, calls, tools, cost_usd, unpriced_calls, models, score_sums, ...spent }) {
  return [
    ["Events", number(event_count)],
    ["Calls", calls + tools > 0 && `${count(calls, "model call")}, ${count(tools, "tool call")}`],
    ["Errors", html`<${Errors} count=${error_count} />`],
    ["Tokens", tokens(spent)],
    ["Cost", calls > 0 && html`<${Money} usd=${cost_usd} />${
      unpriced_calls > 0 && html` <span class="muted">${number(calls - unpriced_calls)} of ${count(calls, "call")} priced</span>`
    }`],
    ["Models", names(models)],
    ["Scores", scoreLine(score_sums)],
  ];
}

/** Tokens in and out, and of these what was read from a cache and what was thought. @param {Spent} spent @returns {Content} */
export function tokens({ input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens }) {
  if (!input_tokens && !output_tokens) return null;
  const apart = [
    cache_read_tokens && `${compact(cache_read_tokens)} from a cache`,
    cache_write_tokens && `${compact(cache_write_tokens)} into a cache`,
    reasoning_tokens && `${compact(reasoning_tokens)} of reasoning`,
  ].filter(Boolean);
  return html`<${Tokens} input=${input_tokens ?? 0} output=${output_tokens ?? 0} />${
    apart.length > 0 && html` <span class="muted">(${apart.join(", ")})</span>`
  }`;
}

const NAMED = 4;

/** Some names, and how many more there are. @param {string[]} all @returns {Content} */
export function names(all) {
  if (!all.length) return null;
  const more = all.length - NAMED;
  return html`${all.slice(0, NAMED).map((name, index) => html`${index > 0 && ", "}<${Text} value=${name} limit=${100} />`)}
    ${more > 0 && html` <span class="muted">and ${number(more)} more</span>`}`;
}

/** What was asked first and answered last, a line each. @param {{told: Sums}} props */
export function Gist({ told: { first_question, last_answer, repeated, interpreted } }) {
  return html`<div class="gist">
    ${first_question && html`<p><b>Asked</b> <${Text} value=${plainOf(first_question)} limit=${300} /></p>`}
    ${last_answer && html`<p><b>Answered</b> <${Text} value=${plainOf(last_answer)} limit=${300} /></p>`}
    ${repeated && html`<p class="busy"><b>Repeats</b> <${Text} value=${repeated.name} limit=${100} /> ×${number(repeated.times)}, same arguments</p>`}
    ${!interpreted && html`<p class="muted">Some events are still being read: the sums may grow.</p>`}
  </div>`;
}

/** @param {{count: number}} props */
export function Errors({ count }) {
  return count ? html`<span class="bad"><span aria-hidden="true">✕</span> ${number(count)}</span>` : "0";
}

/**
 * A fact with a link to the traces, or to `to`, with the same value.
 *
 * @param {string} name
 * @param {string | null} value
 * @param {Path} to
 * @param {Query} params
 * @returns {Fact}
 */
export function linked(name, value, to, params = {}) {
  return [name, value && html`<${Link} to=${to} params=${params}><${Text} value=${value} limit=${200} /><//>`];
}
