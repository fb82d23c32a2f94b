// A search within a long text: its lines that hold the words, with their numbers.

import { html, useMemo, useState } from "./vendor/preact.js";
import { count, number } from "./format.js";
import { beginning, visible } from "./untrusted.js";

const MOST = 100; // lines that are shown
const AROUND = 120; // characters before and after the words, in a line that is longer

/** A line that holds the words: its number; what stands before them, the words, and what follows. @typedef {{line: number, parts: string[]}} Hit */

/**
 * Returns the first lines that hold the words, whatever their case, and how many do.
 *
 * @param {string} text
 * @param {string} words
 * @returns {{hits: Hit[], all: number}}
 */
export function hitsOf(text, words) {
  const wanted = words.toLowerCase();
  /** @type {Hit[]} */
  const hits = [];
  let all = 0;
  text.split("\n").forEach((line, place) => {
    const at = line.toLowerCase().indexOf(wanted);
    if (at < 0) return;
    all += 1;
    if (hits.length < MOST) hits.push({ line: place + 1, parts: partsOf(line, at, words.length) });
  });
  return { hits, all };
}

/** @param {string} line @param {number} at @param {number} length */
function partsOf(line, at, length) {
  const from = Math.max(0, at - AROUND);
  const end = at + length;
  const before = `${from ? "…" : ""}${line.slice(from, at)}`;
  const after = `${beginning(line.slice(end), AROUND)}${line.length > end + AROUND ? "…" : ""}`;
  return [before, line.slice(at, end), after];
}

/** The field, and below it what was found. @param {{text: string}} props */
export function FoundIn({ text }) {
  const [words, setWords] = useState("");
  const { hits, all } = useMemo(() => (words.trim() ? hitsOf(text, words) : { hits: [], all: 0 }), [text, words]);
  /** @param {{target: HTMLInputElement}} event */
  const typed = ({ target }) => setWords(target.value);
  return html`<div class="found-in">
    <label><span class="heard">Find in it</span><input type="search" placeholder="find in it" value=${words} onInput=${typed} /></label>
    <span class="muted" role="status">${words.trim() && (all ? count(all, "line") : "not in it")}${all > MOST && `, the first ${MOST}`}</span>
    ${hits.length > 0 && html`<ol class="hits" tabindex="0" aria-label="Lines with it">${hits.map(({ line, parts: [before, hit, after] }) => html`
      <li key=${line}><span class="muted number">${number(line)}</span>
        ${" "}<bdi>${visible(before)}<mark>${visible(hit)}</mark>${visible(after)}</bdi></li>`)}</ol>`}
  </div>`;
}
