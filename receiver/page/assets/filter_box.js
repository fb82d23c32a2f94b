// The filter language in one field: in the address, explained, and with what is wrong shown at its place.

import { html, useEffect, useState } from "./vendor/preact.js";
import { here, navigate } from "./route.js";
import { visible } from "./untrusted.js";

/** @import { Params, Trouble } from "./types.d.ts" */

const FAULT = /^filter: column (\d+): (.*)$/s;
const EXAMPLE = "agent:research* status:failed cost>0.1 tool:web_search";
const HELP = [
  ["agent:research*", "a name as it is written, * for any characters; also session, user, service, project, status, name, model, tool"],
  ["error:timeout", "a text with this in it; also question, answer"],
  ["cost>0.1", "a number: duration>5s, tokens>=10k, events, errors, calls, tools, repeats"],
  ["score:helpfulness<0.5", "a score by its number, or its label: score:verdict=fail"],
  ["customer.tier=gold", "an attribute of an event, * for any value"],
  ['"part of a name"', "words in a name or the question"],
  ["-status:failed", "not this"],
];

/** What is wrong with the filter, if it is that. @param {Trouble | null} error @returns {{column: number, message: string} | null} */
export function faultOf(error) {
  const [, column, message] = (error?.status === 400 && FAULT.exec(error.message)) || [];
  return column ? { column: Number(column), message } : null;
}

/** @param {{params: Params, error: Trouble | null, example?: string, help?: string[][]}} props */
export function FilterBox({ params, error, example = EXAMPLE, help = HELP }) {
  const value = params.filter ?? "";
  // The text being typed stays when the page is drawn again, until the address changes.
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    navigate(here(), { ...params, filter: typed.trim() });
  };
  const fault = faultOf(error);
  return html`<form class="filter-box" role="search" aria-label="Filter" onSubmit=${submit}>
    <label class="filter-text"><span>Filter</span>
      <input type="search" name="filter" value=${typed} placeholder=${example} autocomplete="off" spellcheck=${false}
        aria-invalid=${fault !== null} aria-describedby=${fault ? "filter-fault" : undefined}
        onInput=${(/** @type {{target: HTMLInputElement}} */ event) => setTyped(event.target.value)} />
    </label>
    <button>Apply</button>
    ${fault && html`<${Fault} text=${value} fault=${fault} />`}
    <details><summary>What can be filtered</summary>
      <dl class="terms">${help.map(([term, text]) => html`<div class="term" key=${term}><dt><code>${term}</code></dt><dd>${text}</dd></div>`)}</dl>
    </details>
  </form>`;
}

/** @param {{text: string, fault: {column: number, message: string}}} props */
function Fault({ text, fault: { column, message } }) {
  const characters = [...text];
  const from = column - 1;
  const space = characters.findIndex((character, place) => place > from && /\s/.test(character));
  const to = space < 0 ? characters.length : space;
  /** @param {number} begin @param {number} [end] */
  const part = (begin, end) => visible(characters.slice(begin, end).join(""));
  return html`<div class="fault" id="filter-fault" role="alert">
    <code>${part(0, from)}<mark>${part(from, to) || "␣"}</mark>${part(to)}</code>
    <p>At character ${column}: ${message}</p>
  </div>`;
}
