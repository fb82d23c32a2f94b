// The dialogs of the shell: the list of keys, and the one that asks for the API key.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { onKeyNeeded } from "./api.js";

/** @import { Content } from "./types.d.ts" */

const KEYS = [
  ["/", "search"],
  ["g o, g t, g s, g c, g f, g l", "go to overview, traces, sessions, calls, search (find), live"],
  ["j, k", "next row, row before"],
  ["Enter", "open the row"],
  ["x", "choose the row's run, to compare two"],
  ["n, p", "comparing: next step that differs, the one before"],
  ["Esc", "close"],
  ["?", "this help"],
];

/** @param {{label: string, close: () => void, children?: Content}} props */
function Dialog({ label, close, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`<dialog ref=${dialog} aria-label=${label} onClose=${close}>${children}</dialog>`;
}

/** @param {{close: () => void, hasKey: boolean, forget: () => void}} props */
export function Help({ close, hasKey, forget }) {
  return html`<${Dialog} label="Keys" close=${close}>
    <h2>Keys</h2>
    <dl class="keys">
      ${KEYS.map(([keys, what]) => html`<div>
        <dt>${keys.split(", ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd>
      </div>`)}
    </dl>
    ${hasKey && html`<p class="muted">The API key is kept in this tab until it is closed.
      ${" "}<button class="small" onClick=${forget}>Forget the key</button></p>`}
    <form method="dialog"><button>Close</button></form>
  </${Dialog}>`;
}

/** Asks for the API key when `api.js` needs one. */
export function KeyDialog() {
  /** @typedef {{again: boolean, answer: (key: string | null) => void}} Asked */
  const [asked, setAsked] = useState(/** @type {Asked | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => onKeyNeeded(({ again }) => new Promise((answer) => setAsked({ again, answer }))), []);
  if (!asked) return null;
  /** @param {string | null} key */
  const done = (key) => {
    asked.answer(key);
    setAsked(null);
  };
  // A form of the method "dialog" is not enough, because closing by Esc must answer, too.
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const key = field.current?.value.trim();
    if (key) done(key);
  };
  return html`<${Dialog} label="API key" close=${() => done(null)}>
    <h2>This receiver asks for an API key</h2>
    ${asked.again && html`<p class="bad" role="alert">The receiver does not know the key that was given.</p>`}
    <form onSubmit=${submit}>
      <label>API key <input ref=${field} type="password" name="key" autocomplete="off" required autofocus /></label>
      <p class="muted">One of auth.keys with the scope read, or of auth.api_keys (VECTADB_AUTH_API_KEYS) of the receiver. It
        is kept in this tab until it is closed.</p>
      <div class="buttons">
        <button class="primary">Go on</button>${" "}
        <button type="button" onClick=${() => done(null)}>Not now</button>
      </div>
    </form>
  </${Dialog}>`;
}
