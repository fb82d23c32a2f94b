// The events of what a page shows, as a file that `import` takes. The receiver writes it: numbers beyond 2^53 are lost here.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { addressOf, currentKey, download } from "./api.js";
import { announce } from "./copy.js";
import { troubleOf } from "./load.js";
import { ErrorBox, asked } from "./ui.js";

/** @import { Params, Trouble } from "./types.d.ts" */

const FORMS = [["jsonl", "JSON lines"], ["otlp", "OTLP"]];
const MB = 1e6;

/**
 * `of` is what the API exports, `what` names it.
 *
 * @param {{of: "events" | "traces" | "sessions" | "calls" | "search", what: string, params?: Params}} props
 */
export function Export({ of, what, params = {} }) {
  const [bytes, setBytes] = useState(/** @type {number | null} */ (null));
  const [error, setError] = useState(/** @type {Trouble | null} */ (null));
  const [open, setOpen] = useState(false);
  const control = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => control.current?.abort(), []);
  const { sort: _, ...filters } = params;
  const path = `/export/${of}`;
  /** @param {string} format */
  const query = (format) => ({ ...asked(filters), format });
  /** With a key the page itself has to ask, and keeps the file until it is whole. @param {string} format */
  const fetched = async (format) => {
    control.current = new AbortController();
    setError(null);
    setBytes(0);
    try {
      await download(path, query(format), control.current.signal, setBytes);
      announce("Exported");
    } catch (thrown) {
      if (!control.current.signal.aborted) setError(troubleOf(thrown));
    }
    setBytes(null);
  };
  return html`<details class="export" onToggle=${(/** @type {{target: HTMLDetailsElement}} */ { target }) => setOpen(target.open)}>
    <summary>Export</summary>
    ${open && html`<p>${what}, as a file that <code>vectadb-receiver import</code> takes:
      ${FORMS.map(([format, label]) => html` ${
        currentKey() === null
          ? html`<a class="button" key=${format} href=${addressOf(path, query(format))} download>${label}</a>`
          : html`<button type="button" class="small" key=${format} disabled=${bytes !== null} onClick=${() => fetched(format)}>${label}</button>`
      }`)}</p>`}
    <p role="status">${bytes !== null && html`${(bytes / MB).toFixed(1)} MB so far
      ${" "}<button type="button" class="small" onClick=${() => control.current?.abort()}>Stop</button>`}</p>
    <${ErrorBox} error=${error} />
  </details>`;
}
