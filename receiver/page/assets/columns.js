// A list as a table: its columns can be chosen, and those that the receiver sorts by have a link in their head.

import { html, useState } from "./vendor/preact.js";
import { keep, keptJson } from "./kept.js";
import { useKeys } from "./keys.js";
import { plainOf } from "./markdown.js";
import { here } from "./route.js";
import { Link, Text } from "./ui.js";

/**
 * @template Item
 * @typedef {import("./types.d.ts").Column<Item>} Column
 */
/** @import { Choice, Content, Params, Sums } from "./types.d.ts" */

const LINE_LENGTH = 200;
const DEFAULT_SORT = "start";

/** A line of a row; the sign stands before it. @typedef {{id: string, label: string, sign: string, of: (told: Sums) => string | null}} Told */

/** What a run came to. @type {Told[]} */
const LINES = [
  { id: "question", label: "First question", sign: "?", of: ({ first_question }) => first_question && plainOf(first_question) },
  { id: "answer", label: "Last answer", sign: "→", of: ({ last_answer }) => last_answer && plainOf(last_answer) },
  { id: "error", label: "First error", sign: "✕", of: ({ first_error }) => first_error },
  { id: "repeated", label: "Repeats", sign: "↻", of: ({ repeated }) => repeated && `${repeated.name} ×${repeated.times}, same arguments` },
];

/**
 * The table of `items`, and the choice of its columns above it. The first column is always shown, with the lines in it.
 * With `choice`, rows can be chosen: by a box, or by the key x.
 *
 * @template {Sums & {id: string}} Item
 * @param {{name: string, caption: string, columns: Column<Item>[], items: Item[], params: Params, choice?: Choice}} props
 */
export function Table({ name, caption, columns, items, params, choice }) {
  const [chosen, choose] = useChosen(name);
  const [open, setOpen] = useState(false);
  /** @param {{id: string, off?: boolean}} column @param {boolean} [holds] */
  const isShown = ({ id, off }, holds = true) => chosen[id] ?? (!off && holds);
  const shown = columns.filter((column, place) => place === 0 || isShown(column, column.when?.(items)));
  const lines = LINES.filter((line) => isShown(line));
  const sort = params.sort ?? DEFAULT_SORT;
  useKeys({ x: () => document.activeElement?.closest("tr")?.querySelector("input")?.click() ?? false });
  return html`<details class="columns" onToggle=${(/** @type {{target: HTMLDetailsElement}} */ event) => setOpen(event.target.open)}>
      <summary>Columns</summary>
      ${open && html`<fieldset><legend class="heard">Columns</legend>
        ${[...LINES, ...columns.slice(1)].map((column) => html`<label key=${column.id}><input type="checkbox" name=${column.id}
          checked=${isShown(column, /** @type {Partial<Column<Item>>} */ (column).when?.(items))}
          onChange=${(/** @type {{target: HTMLInputElement}} */ event) => choose(column.id, event.target.checked)} />
          ${" "}${column.label}</label>`)}
      </fieldset>`}
    </details>
    <div class="table-box"><table class="table many ${name}">
      <caption class="heard">${caption}</caption>
      <thead><tr>${shown.map((column) => html`<${Head} key=${column.id} column=${column} sort=${sort} params=${params} />`)}</tr></thead>
      <tbody>${items.map((item) => html`<tr key=${item.id}>
        ${shown.map((column, place) => html`<td key=${column.id} class=${column.kind} data-label=${place > 0 ? column.phone?.(item) : undefined}>
          ${place === 0 && choice && html`<input type="checkbox" class="choose" title="Compare (x)" aria-label="Compare this one"
            checked=${choice.chosen.includes(item.id)} onChange=${() => choice.toggle(item.id)} />`}
          ${column.cell(item)}${place === 0 && lines.map((line) => html`<${Line} key=${line.id} line=${line} text=${line.of(item)} />`)}
        </td>`)}
      </tr>`)}</tbody>
    </table></div>`;
}

/** @param {{column: Column<never>, sort: string, params: Params}} props */
function Head({ column: { label, kind, sort: by }, sort, params }) {
  if (!by) return html`<th scope="col" class=${kind}>${label}</th>`;
  const isSorted = by === sort;
  const to = { ...params, sort: by === DEFAULT_SORT ? undefined : by };
  return html`<th scope="col" class=${kind} aria-sort=${isSorted ? "descending" : undefined}>
    <${Link} to=${here()} params=${to} title="Sort by this">${label}${isSorted && html`<span aria-hidden="true"> ▼</span>`}<//>
  </th>`;
}

/** @param {{line: Told, text: string | null}} props @returns {Content} */
function Line({ line: { id, label, sign }, text }) {
  return text && html`<span class="line line-${id}">
    <span aria-hidden="true">${sign}</span><span class="heard">${label}:</span>${" "}<${Text} value=${text.slice(0, LINE_LENGTH)} />
  </span>`;
}

/**
 * The columns that were switched on or off in this browser, by id, and the way to do so.
 *
 * @param {string} name
 * @returns {[Record<string, boolean>, (id: string, on: boolean) => void]}
 */
function useChosen(name) {
  const key = `columns of ${name}`;
  const [chosen, setChosen] = useState(() => stored(key));
  return [
    chosen,
    (id, on) => {
      const next = { ...chosen, [id]: on };
      keep(key, JSON.stringify(next));
      setChosen(next);
    },
  ];
}

/** @param {string} key @returns {Record<string, boolean>} */
function stored(key) {
  const read = keptJson(key);
  return typeof read === "object" && read !== null ? /** @type {Record<string, boolean>} */ (read) : {};
}

/** The choice of the order, for where a table has no head: on a phone. */
export const SORT_FIELD = {
  name: "sort",
  label: "Sorted by",
  type: /** @type {const} */ ("select"),
  none: "newest",
  keeps: true,
  options: /** @type {[string, string][]} */ ([
    ["duration", "longest"], ["tokens", "most tokens"], ["cost", "highest cost"], ["events", "most events"], ["errors", "most errors"],
  ]),
};
