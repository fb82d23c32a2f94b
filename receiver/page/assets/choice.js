// The two rows of a list that are chosen to be compared.

import { html, useState } from "./vendor/preact.js";
import { Link } from "./ui.js";

/** @import { Choice } from "./types.d.ts" */

/** Of three that are chosen the last two stay. @returns {Choice} */
export function useChoice() {
  const [chosen, choose] = useState(/** @type {string[]} */ ([]));
  return {
    chosen,
    toggle: (id) => choose(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2)),
    clear: () => choose([]),
  };
}

/** What is chosen, and the way to compare it; `of` is "sessions", or nothing. @param {{choice: Choice, what: string, of?: string}} props */
export function Chosen({ choice: { chosen: [a, b], clear }, what, of }) {
  return a && html`<p class="chosen" role="status">
    ${b
      ? html`Two ${what}s are chosen. <${Link} class="button" to="/compare" params=${{ of, a, b }}>Compare them<//>`
      : `One ${what} is chosen: choose another one to compare it with.`}
    ${" "}<button type="button" class="small" onClick=${clear}>Choose none</button></p>`;
}
