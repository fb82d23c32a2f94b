// The head of a trace or session: its name, and what is known of it as a whole.

import { html } from "./vendor/preact.js";
import { number } from "./format.js";
import { Link, Money, Text, Title, Tokens } from "./ui.js";

/** @import { Content, Fact, Path, Query, Sums } from "./types.d.ts" */

/**
 * `heading` is what the page is called; `children` stand beside the heading.
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
export function sums({ event_count, error_count, input_tokens, output_tokens, cost_usd }) {
  return [
    ["Events", number(event_count)],
    ["Errors", html`<${Errors} count=${error_count} />`],
    ["Tokens", input_tokens + output_tokens > 0 && html`<${Tokens} input=${input_tokens} output=${output_tokens} />`],
    ["Cost", cost_usd > 0 && html`<${Money} usd=${cost_usd} />`],
  ];
}

/** @param {{count: number}} props */
export function Errors({ count }) {
  return count ? html`<span class="bad"><span aria-hidden="true">✕</span> ${number(count)}</span>` : "0";
}

/**
 * A fact that leads to the traces, or wherever `to` says, with the same value.
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
