// Filters live in the address: a link to what one sees can be passed on, and the step back undoes a filter.

import { html, useEffect, useState } from "./vendor/preact.js";
import { here, navigate } from "./route.js";

const UNITS = { m: 60, h: 3600, d: 86400 };
const RELATIVE = /^(\d{1,6})([mhd])$/;
const PERIODS = [["", "any time"], ["15m", "last 15 minutes"], ["1h", "last hour"], ["1d", "last day"], ["7d", "last 7 days"]];
const BETWEEN = "between";

/** The params to ask the API with: of `since=1h` the moment that is meant. */
export function asked(params, now = Date.now()) {
  const times = ["since", "until"].flatMap((name) => {
    const [, amount, unit] = RELATIVE.exec(params[name] ?? "") ?? [];
    return unit ? [[name, new Date(now - amount * UNITS[unit] * 1000).toISOString()]] : [];
  });
  return { ...params, ...Object.fromEntries(times) };
}

/**
 * Fields that filter, from `params` to the address: `[{name, label, type, options, placeholder}]`.
 *
 * `type` is "text" (the default; `options` are suggestions), "select" (`options` are values or [value, label]; the first
 * choice is any) or "period" (since and until).
 */
export function FilterBar({ fields, params, fold = "Filters", children }) {
  const names = fields.flatMap(({ name, type }) => (type === "period" ? ["since", "until"] : [name]));
  const used = names.filter((name) => params[name]);
  const change = (changed) => navigate(here(), { ...params, ...changed });
  const clear = () => change(Object.fromEntries(names.map((name) => [name, undefined])));
  const [open, setOpen] = useState(false); // Only a phone folds them, under the word `fold`.
  return html`<form class="filters ${open ? "open" : ""}" role="search" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
    <button type="button" class="fold" aria-expanded=${open} onClick=${() => setOpen(!open)}>${fold}${used.length > 0 && ` (${used.length})`}</button>
    ${fields.map((field) => html`<${KINDS[field.type ?? "text"]} key=${field.name} field=${field} params=${params} change=${change} />`)}
    ${children}
    ${used.length > 0 && html`<button type="button" class="clear" onClick=${clear}>Clear filters</button>`}
  </form>`;
}

function TextFilter({ field: { name, label, placeholder, options = [] }, params, change }) {
  const value = params[name] ?? "";
  const list = `choices-${name}`;
  // What is being typed stays, whatever is drawn anew meanwhile, until the address says something else.
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const take = () => typed.trim() !== value && change({ [name]: typed.trim() });
  return html`<label class="filter ${value ? "used" : ""}"><span>${label}</span>
    <input type="text" name=${name} value=${typed} placeholder=${placeholder ?? "any"} list=${options.length ? list : undefined}
      autocomplete="off" spellcheck=${false} onInput=${(event) => setTyped(event.target.value)} onChange=${take} onKeyDown=${(event) => event.key === "Enter" && take()} />
    ${options.length > 0 && html`<datalist id=${list}>${options.map((option) => html`<option value=${option} />`)}</datalist>`}
  </label>`;
}

function SelectFilter({ field: { name, label, options }, params, change }) {
  const value = params[name] ?? "";
  const choices = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  // What the address says is shown, also where it is no choice: the receiver's answer says what is allowed.
  if (value && !choices.some(([choice]) => choice === value)) choices.push([value, value]);
  return html`<label class="filter ${value ? "used" : ""}"><span>${label}</span>
    <select name=${name} value=${value} onChange=${(event) => change({ [name]: event.target.value })}>
      <option value="">any</option>
      ${choices.map(([choice, text]) => html`<option value=${choice}>${text}</option>`)}
    </select>
  </label>`;
}

function PeriodFilter({ field: { label = "Time" }, params, change }) {
  const [choosing, setChoosing] = useState(false);
  const { since = "", until = "" } = params;
  const quick = !until && PERIODS.some(([choice]) => choice === since);
  const between = choosing || !quick;
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
    ${between && ["since", "until"].map((name) => html`<label class="filter"><span>${name === "since" ? "From" : "Until"}</span>
      <input type="datetime-local" name=${name} step="1" value=${local(asked(params)[name])}
        onChange=${(event) => change({ [name]: utc(event.target.value) })} />
    </label>`)}`;
}

function local(text) {
  const at = new Date(text ?? "");
  return Number.isNaN(at.getTime()) ? "" : new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

function utc(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString().replace(".000Z", "Z");
}

const KINDS = { text: TextFilter, select: SelectFilter, period: PeriodFilter };
