// Keyboard shortcuts. A page adds its own while it is shown; the table that was added last and has a key handles it.

import { useEffect, useRef } from "./vendor/preact.js";

/** @typedef {Record<string, (event: KeyboardEvent) => unknown>} Keys */

/** @type {{current: Keys}[]} */
const tables = [];
const CHORD_TIME = 1200;
/** @type {string | null} */
let chord = null;

/**
 * Calls `table[key](event)` when the key is pressed outside a field: `{Escape: close, j: next, "g t": toTraces}`.
 *
 * Escape works in fields, too. If a function returns false, an earlier table may handle the key.
 *
 * @param {Keys} table
 */
export function useKeys(table) {
  const current = useRef(table);
  current.current = table;
  useEffect(() => {
    tables.push(current);
    return () => void tables.splice(tables.indexOf(current), 1);
  }, []);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key !== "Escape" && inField(event.target)) return;
  if (document.querySelector("dialog:modal")) return; // A dialog has its own keys.
  const names = chord ? [`${chord} ${event.key}`, event.key] : [event.key];
  clearChord();
  for (const name of names) {
    for (const { current } of [...tables].reverse()) {
      if (current[name] && current[name](event) !== false) {
        event.preventDefault();
        return;
      }
    }
  }
  if (tables.some(({ current }) => Object.keys(current).some((name) => name.startsWith(`${event.key} `)))) {
    chord = event.key;
    timer = setTimeout(clearChord, CHORD_TIME);
  }
}

/** @type {number | undefined} */
let timer;
function clearChord() {
  clearTimeout(timer);
  chord = null;
}

/** @param {EventTarget | null} target */
function inField(target) {
  return target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
}

/** The page's rows: what carries `data-row` (a link or a button). @returns {NodeListOf<HTMLElement>} */
export function pageRows() {
  return document.querySelectorAll("main [data-row]");
}

/** The field of the page that searches, if it has one. @returns {HTMLInputElement | null} */
export function searchField() {
  return document.querySelector("main input[type=search][name=q]");
}

/** Moves the focus by `step` among the page's rows, or some of them. @param {number} step */
export function stepRows(step, among = pageRows()) {
  const rows = [...among].filter((row) => row.getClientRects().length);
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", pressed);
