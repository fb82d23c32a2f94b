// What senders wrote. It is shown as text, and what would be invisible or rearrange the line is shown as a symbol.

import { html, useState } from "./vendor/preact.js";
import { number } from "./format.js";

const SHOWN = 20_000;
const MARKED = 500;
const MEMBERS = 100;
const LINE_BREAKS = /\r\n/g;
// Controls but tab and line break; bidi marks; invisible spaces; interlinear marks; tags (text that people cannot see and models read).
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const NAMES = new Map(
  Object.entries({
    0xad: "SHY", 0x61c: "ALM", 0x200b: "ZWSP", 0x200e: "LRM", 0x200f: "RLM", 0x2028: "LS", 0x2029: "PS",
    0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ",
    0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
  }).map(([code, name]) => [Number(code), name]),
);

/** Text with what is hidden in it as symbols: ␛ for an escape, ⟦RLO⟧ for a right-to-left override. */
export function visible(text) {
  return text.replace(LINE_BREAKS, "\n").replace(HIDDEN, symbol);
}

function symbol(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code > 0xe0020 && code < 0xe007f) return `⟦tag ${String.fromCodePoint(code - 0xe0000)}⟧`;
  return `⟦${NAMES.get(code) ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`}⟧`;
}

/** The same, each symbol as an element that says which character it is; plain where there are very many. */
function marked(text) {
  const hidden = [...text.matchAll(HIDDEN)];
  if (hidden.length > MARKED) return visible(text);
  const parts = [];
  let at = 0;
  for (const found of hidden) {
    parts.push(text.slice(at, found.index), html`<span class="hidden-character" title=${codeName(found[0])}>${symbol(found[0])}</span>`);
    at = found.index + found[0].length;
  }
  return at ? [...parts, text.slice(at)] : text;
}

function codeName(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The first `length` UTF-16 units of a text, no character cut in half. */
export function beginning(text, length) {
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** A long text in pieces that are laid out when they come into sight: a megabyte of symbols at once takes 40 s. */
function pieces(text) {
  const all = [];
  for (let at = 0; at < text.length; ) {
    const piece = text.slice(at, at + SHOWN);
    const length = at + SHOWN < text.length ? piece.lastIndexOf("\n") + 1 || beginning(piece, SHOWN).length : piece.length;
    all.push(html`<span class="piece" key=${at}>${visible(piece.slice(0, length))}</span>`);
    at += length;
  }
  return all;
}

/**
 * Text from a sender, in a direction of its own. `block` keeps its lines.
 *
 * Of more than `limit` characters the first ones are shown, and a button shows the rest.
 */
export function Text({ value, block = false, limit = SHOWN, class: name = "" }) {
  const [all, setAll] = useState(false);
  const text = typeof value === "string" ? value.replace(LINE_BREAKS, "\n") : String(value ?? "");
  const long = text.length > limit;
  const shown = long && all ? pieces(text) : marked(long ? beginning(text, limit) : text);
  const body = html`<bdi class="text ${block ? "block" : ""} ${name}">${shown}</bdi>`;
  if (!long) return body;
  return html`${body}${!all && "…"} <button class="small" onClick=${() => setAll(!all)}>
      ${all ? "show less" : `show all ${number(text.length)} characters`}
    </button>`;
}

/** A value of JSON as a tree that opens and closes. `open` is how many levels are open at first. */
export function Json({ value, open = 1, name }) {
  const label = name === undefined ? null : html`<span class="json-name"><${Text} value=${name} /></span>`;
  if (value === null || typeof value !== "object") {
    return html`<div class="json-leaf">${label}<${Scalar} value=${value} /></div>`;
  }
  return html`<${Branch} value=${value} open=${open} label=${label} />`;
}

function Branch({ value, open, label }) {
  const [isOpen, setOpen] = useState(open > 0);
  const [shown, setShown] = useState(MEMBERS);
  const list = Array.isArray(value);
  const names = list ? null : Object.keys(value);
  const length = list ? value.length : names.length;
  const brackets = list ? `[${length}]` : `{${length}}`;
  if (!length) return html`<div class="json-leaf">${label}<span class="muted">${list ? "[]" : "{}"}</span></div>`;
  const at = (index) => (list ? [String(index), value[index]] : [names[index], value[names[index]]]);
  return html`<details class="json" open=${isOpen} onToggle=${(event) => event.target === event.currentTarget && setOpen(event.target.open)}>
    <summary>${label}<span class="muted">${brackets}</span></summary>
    ${isOpen && html`<div class="json-members">
      ${Array.from({ length: Math.min(shown, length) }, (_, index) => {
        const [key, member] = at(index);
        return html`<${Json} key=${key} name=${key} value=${member} open=${open - 1} />`;
      })}
      ${length > shown && html`<button class="small" onClick=${() => setShown(shown + MEMBERS * 10)}>
        ${number(length - shown)} more
      </button>`}
    </div>`}
  </details>`;
}

function Scalar({ value }) {
  if (typeof value !== "string") return html`<span class="json-${value === null ? "null" : typeof value}">${String(value)}</span>`;
  return html`<span class="json-string"><${Text} value=${value} block=${value.includes("\n")} limit=${2000} /></span>`;
}
