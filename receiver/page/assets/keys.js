// Keys. A page adds its own for as long as it is shown; the latest that knows a key decides.

import { useEffect, useRef } from "./vendor/preact.js";

const tables = [];
const CHORD_TIME = 1200;
let chord = null;

/**
 * Does `table[key](event)` when the key is pressed outside a field: `{Escape: close, j: next, "g t": toTraces}`.
 *
 * Escape works in fields, too. A function that gives false leaves the key to who was there before.
 */
export function useKeys(table) {
  const current = useRef(table);
  current.current = table;
  useEffect(() => {
    tables.push(current);
    return () => void tables.splice(tables.indexOf(current), 1);
  }, []);
}

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

let timer;
function clearChord() {
  clearTimeout(timer);
  chord = null;
}

function inField(element) {
  return element.closest?.("input, select, textarea, [contenteditable]") !== null;
}

/** Moves the focus by `step` among the page's rows: what carries `data-row` (a link or a button). */
export function stepRows(step) {
  const rows = [...document.querySelectorAll("main [data-row]")].filter((row) => row.getClientRects().length);
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", pressed);
