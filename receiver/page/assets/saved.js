// Filters under a name, kept in this browser: each is a link, as the address has it.

import { html, useEffect, useState } from "./vendor/preact.js";
import { announce } from "./copy.js";
import { keep, keptJson } from "./kept.js";
import { given } from "./route.js";
import { Link, Text } from "./ui.js";

/** @import { Params } from "./types.d.ts" */

/** @typedef {{name: string, params: Record<string, string>}} View */

const MOST = 100;
const NAME_LENGTH = 80;

/** @param {{page: string, params: Params}} props */
export function Saved({ page, params }) {
  const key = `saved ${page}`;
  const [views, setViews] = useState(() => viewsOf(key));
  const [name, setName] = useState("");
  const [lasts, setLasts] = useState(true);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const changed = () => setViews(viewsOf(key)); // in another tab
    window.addEventListener("storage", changed);
    return () => window.removeEventListener("storage", changed);
  }, [key]);
  const now = given(params);
  const filtered = Object.keys(now).length > 0;
  /** @param {(views: View[]) => View[]} change */
  const write = (change) => {
    const next = change(viewsOf(key));
    setLasts(keep(key, next.length ? JSON.stringify(next) : null));
    setViews(next);
  };
  /** @param {SubmitEvent} event */
  const save = (event) => {
    event.preventDefault();
    const said = name.trim();
    if (!said || !filtered) return;
    write((all) => [...all.filter((view) => view.name !== said), { name: said, params: now }].slice(-MOST));
    setName("");
    announce(`Saved: ${said}`);
  };
  /** @param {string} said */
  const remove = (said) => {
    write((all) => all.filter((view) => view.name !== said));
    announce(`Deleted: ${said}`);
  };
  return html`<details class="saved" onToggle=${(/** @type {{target: HTMLDetailsElement}} */ { target }) => setOpen(target.open)}>
    <summary>Saved filters${views.length > 0 && ` (${views.length})`}</summary>
    ${open && views.length > 0 && html`<ul>${views.map((view) => html`<li key=${view.name}>
      <${Link} to=${[page]} params=${view.params} aria-current=${same(view.params, now) ? "true" : undefined}><${Text} value=${view.name} /><//>
      ${" "}<button type="button" class="small" aria-label=${`Delete ${view.name}`} title="Delete"
        onClick=${() => remove(view.name)}>✕</button></li>`)}</ul>`}
    ${
      open && (filtered
        ? html`<form onSubmit=${save}><label>Save what is filtered now as
            ${" "}<input type="text" name="view" value=${name} maxlength=${NAME_LENGTH} required autocomplete="off"
              onInput=${(/** @type {{target: HTMLInputElement}} */ event) => setName(event.target.value)} /></label>
            ${" "}<button>Save</button></form>`
        : html`<p class="muted">Filter something, and you can save it here, in this browser.</p>`)
    }
    ${!lasts && html`<p class="notice">This browser keeps nothing: it is saved until the page is closed.</p>`}
  </details>`;
}

/** @param {string} key @returns {View[]} */
function viewsOf(key) {
  const read = keptJson(key);
  return Array.isArray(read) ? read.filter(isView).slice(-MOST) : [];
}

/** @param {any} view @returns {view is View} */
function isView(view) {
  return typeof view?.name === "string" && typeof view.params === "object" && view.params !== null
    && Object.values(view.params).every((value) => typeof value === "string");
}

/** @param {Record<string, string>} one @param {Record<string, string>} other */
function same(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
