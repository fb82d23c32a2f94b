// Filters are in the address, so that a link to a view can be shared, and the browser's "back" undoes a filter.

import { html, useEffect, useState } from "./vendor/preact.js";
import { here, navigate } from "./route.js";

/** @import { Component, Content, Field, Params } from "./types.d.ts" */

/** Seconds of a unit of time. @type {Record<string, number>} */
const UNITS = { m: 60, h: 3600, d: 86400 };
const RELATIVE = /^(\d{1,6})([mhd])$/;
const PERIODS = [
  ["", "any time"], ["15m", "last 15 minutes"], ["1h", "last hour"], ["1d", "last day"], ["7d", "last 7 days"],
];
const BETWEEN = "between";

/**
 * Returns the parameters for the API, with `since=1h` converted to a time.
 *
 * @param {Params} params
 * @returns {Params}
 */
export function asked(params, now = Date.now()) {
  const times = ["since", "until"].flatMap((name) => {
    const [, amount, unit] = RELATIVE.exec(params[name] ?? "") ?? [];
    return unit ? [[name, new Date(now - Number(amount) * UNITS[unit] * 1000).toISOString()]] : [];
  });
  return { ...params, ...Object.fromEntries(times) };
}

/**
 * Form fields for filters, which read `params` and write to the address.
 *
 * `type` is "text" (the default; `options` are suggestions), "select" (`options` are values or [value, label]; the
 * first choice means any) or "period" (since and until).
 *
 * Clearing also clears the parameters `also`.
 *
 * @param {{fields: Field[], params: Params, fold?: string, also?: string[], children?: Content}} props
 */
export function FilterBar({ fields, params, fold = "Filters", also = [], children }) {
  const filters = fields.filter(({ keeps }) => !keeps);
  const names = [...also, ...filters.flatMap(({ name, type }) => (type === "period" ? ["since", "until"] : [name]))];
  const used = names.filter((name) => params[name]);
  /** @param {Params} changed */
  const change = (changed) => navigate(here(), { ...params, ...changed });
  const clear = () => change(Object.fromEntries(names.map((name) => [name, undefined])));
  const [open, setOpen] = useState(false); // Only a phone folds them, under the word `fold`.
  /** @param {SubmitEvent} event */
  const submit = (event) => event.preventDefault();
  return html`<form class="filters ${open ? "open" : ""}" role="search" aria-label="Filters" onSubmit=${submit}>
    <button type="button" class="fold" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      ${fold}${used.length > 0 && ` (${used.length})`}</button>
    ${fields.map((field) => html`<${KINDS[field.type ?? "text"]} key=${field.name}
      field=${field} params=${params} change=${change} />`)}
    ${children}
    ${used.length > 0 && html`<button type="button" class="clear" onClick=${clear}>Clear filters</button>`}
  </form>`;
}

/** @typedef {{field: Field, params: Params, change: (changed: Params) => void}} FilterProps */
/** @typedef {{target: HTMLInputElement | HTMLSelectElement}} Changed */

/** @param {FilterProps} props */
function TextFilter({ field: { name, label, placeholder, options = [] }, params, change }) {
  const value = params[name] ?? "";
  const list = `choices-${name}`;
  // The text being typed stays when the page is drawn again, until the address changes.
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const take = () => typed.trim() !== value && change({ [name]: typed.trim() });
  return html`<label class="filter ${value ? "used" : ""}"><span>${label}</span>
    <input type="text" name=${name} value=${typed} placeholder=${placeholder ?? "any"} list=${options.length ? list : undefined}
      autocomplete="off" spellcheck=${false} onChange=${take}
      onInput=${(/** @type {Changed} */ event) => setTyped(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && take()} />
    ${options.length > 0 && html`<datalist id=${list}>
      ${options.map((option) => html`<option value=${option} />`)}
    </datalist>`}
  </label>`;
}

/** @param {FilterProps} props */
function SelectFilter({ field: { name, label, none = "any", options = [] }, params, change }) {
  const value = params[name] ?? "";
  const choices = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  // The address's value is shown even if it is not a choice; the receiver's answer then says what is allowed.
  if (value && !choices.some(([choice]) => choice === value)) choices.push([value, value]);
  return html`<label class="filter ${value ? "used" : ""}"><span>${label}</span>
    <select name=${name} value=${value} onChange=${(/** @type {Changed} */ event) => change({ [name]: event.target.value })}>
      <option value="">${none}</option>
      ${choices.map(([choice, text]) => html`<option value=${choice}>${text}</option>`)}
    </select>
  </label>`;
}

/** @param {FilterProps} props */
function PeriodFilter({ field: { label = "Time" }, params, change }) {
  const [choosing, setChoosing] = useState(false);
  const { since = "", until = "" } = params;
  const quick = !until && PERIODS.some(([choice]) => choice === since);
  const between = choosing || !quick;
  /** @param {Changed} event */
  const choose = (event) => {
    const value = event.target.value;
    setChoosing(value === BETWEEN);
    if (value !== BETWEEN) change({ since: value, until: "" });
  };
  return html`<label class="filter ${since || until ? "used" : ""}"><span>${label}</span>
      <select name="period" value=${between ? BETWEEN : since} onChange=${choose}>
        ${PERIODS.map(([choice, text]) => html`<option value=${choice}>${text}</option>`)}
        <option value=${BETWEEN}>between …</option>
      </select>
    </label>
    ${between && ["since", "until"].map((name) => html`<label class="filter">
      <span>${name === "since" ? "From" : "Until"}</span>
      <input type="datetime-local" name=${name} step="1" value=${local(asked(params)[name])}
        onChange=${(/** @type {Changed} */ event) => change({ [name]: utc(event.target.value) })} />
    </label>`)}`;
}

/** A moment as a field of local time takes it. @param {string | undefined} text */
function local(text) {
  const at = new Date(text ?? "");
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

/** And back. @param {string} text */
function utc(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString().replace(".000Z", "Z");
}

/** @type {Record<string, Component>} */
const KINDS = { text: TextFilter, select: SelectFilter, period: PeriodFilter };
