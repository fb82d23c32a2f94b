// Text from senders. It is shown as text; characters that are invisible or rearrange the line are shown as symbols.

import { html, useState } from "./vendor/preact.js";
import { number } from "./format.js";
import { Picture, pictureIn } from "./picture.js";

/** @import { Content } from "./types.d.ts" */

const SHOWN = 20_000;
const MARKED = 500;
const MEMBERS = 100;
const LINE_BREAKS = /\r\n/g;
// Control characters except tab and line break; bidi marks; invisible spaces; interlinear marks; tags (text that people
// cannot see, but models read).
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const ANY = /./gsu;
const NAMES = new Map([
  [0xa0, "NBSP"], [0xad, "SHY"], [0x61c, "ALM"], [0x200b, "ZWSP"], [0x200e, "LRM"], [0x200f, "RLM"], [0x2028, "LS"], [0x2029, "PS"],
  [0x202a, "LRE"], [0x202b, "RLE"], [0x202c, "PDF"], [0x202d, "LRO"], [0x202e, "RLO"], [0x2060, "WJ"],
  [0x2066, "LRI"], [0x2067, "RLI"], [0x2068, "FSI"], [0x2069, "PDI"], [0xfeff, "BOM"],
]);

/** What is hidden in a name or an id: all of it if it is blank. @param {string} text */
export const hiddenIn = (text) => (text.trim() ? HIDDEN : ANY);

/**
 * Text with what is hidden in it as symbols: ␛ for an escape, ⟦RLO⟧ for a right-to-left override.
 *
 * @param {string} text
 * @param {RegExp} hidden
 */
export function visible(text, hidden = HIDDEN) {
  return text.replace(LINE_BREAKS, "\n").replace(hidden, symbol);
}

/** @param {string} character */
function symbol(character) {
  const code = codeOf(character);
  if (code === 0x20) return "␣";
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code > 0xe0020 && code < 0xe007f) return `⟦tag ${String.fromCodePoint(code - 0xe0000)}⟧`;
  return `⟦${NAMES.get(code) ?? codeName(character)}⟧`;
}

/**
 * The same, each symbol as an element that says which character it is; plain where there are very many.
 *
 * @param {string} text
 * @param {RegExp} [characters]
 */
function marked(text, characters = HIDDEN) {
  const hidden = [...text.matchAll(characters)];
  if (hidden.length > MARKED) return visible(text, characters);
  const parts = [];
  let at = 0;
  for (const found of hidden) {
    const [character] = found;
    const marking = html`<span class="hidden-character" title=${codeName(character)}>${symbol(character)}</span>`;
    parts.push(text.slice(at, found.index), marking);
    at = found.index + character.length;
  }
  return at ? [...parts, text.slice(at)] : text;
}

/** The same, as a component, for what is part of a line. @param {{text: string}} props */
export function Marked({ text }) {
  return html`${marked(text)}`;
}

/** @param {string} character */
function codeName(character) {
  return `U+${codeOf(character).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** @param {string} character */
function codeOf(character) {
  return character.codePointAt(0) ?? 0;
}

/** The first `length` UTF-16 units of a text, no character cut in half. @param {string} text @param {number} length */
export function beginning(text, length) {
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** A long text in pieces that are laid out when they come into sight: a megabyte of symbols at once takes 40 s. @param {string} text */
function pieces(text) {
  const all = [];
  for (let at = 0; at < text.length; ) {
    const piece = text.slice(at, at + SHOWN);
    const isLast = at + SHOWN >= text.length;
    const length = isLast ? piece.length : piece.lastIndexOf("\n") + 1 || beginning(piece, SHOWN).length;
    all.push(html`<span class="piece" key=${at}>${visible(piece.slice(0, length))}</span>`);
    at += length;
  }
  return all;
}

/**
 * Text from a sender, with its own direction. `block` keeps its lines; without it, blank text is shown as symbols: an id
 * may be a space.
 *
 * Of a text with more than `limit` characters the first ones are shown, and a button shows the rest.
 *
 * @param {{value: unknown, block?: boolean, limit?: number, class?: string}} props
 */
export function Text({ value, block = false, limit = SHOWN, class: name = "" }) {
  const [all, setAll] = useState(false);
  const text = typeof value === "string" ? value.replace(LINE_BREAKS, "\n") : String(value ?? "");
  const long = text.length > limit;
  const hidden = block ? HIDDEN : hiddenIn(text);
  const shown = long && all ? pieces(text) : marked(long ? beginning(text, limit) : text, hidden);
  const body = html`<bdi class="text ${block ? "block" : ""} ${name}">${shown}</bdi>`;
  if (!long) return body;
  return html`${body}${!all && "…"} <button class="small" onClick=${() => setAll(!all)}>
      ${all ? "show less" : `show all ${number(text.length)} characters`}
    </button>`;
}

/**
 * A JSON value as a tree that can be opened and closed. `open` is the number of levels that are open at first.
 *
 * @param {{value: unknown, open?: number, name?: string}} props
 */
export function Json({ value, open = 1, name }) {
  const label = name === undefined ? null : html`<span class="json-name"><${Text} value=${name} /></span>`;
  if (value === null || typeof value !== "object") {
    return html`<div class="json-leaf">${label}<${Scalar} value=${value} /></div>`;
  }
  return html`<${Branch} value=${value} open=${open} label=${label} />`;
}

/** @param {{value: Record<string, unknown> | unknown[], open: number, label: Content}} props */
function Branch({ value, open, label }) {
  const [isOpen, setOpen] = useState(open > 0);
  const [shown, setShown] = useState(MEMBERS);
  const list = Array.isArray(value);
  const { length } = list ? value : Object.keys(value);
  const brackets = list ? `[${length}]` : `{${length}}`;
  if (!length) return html`<div class="json-leaf">${label}<span class="muted">${list ? "[]" : "{}"}</span></div>`;
  /** @param {{target: HTMLDetailsElement, currentTarget: HTMLDetailsElement}} event */
  const toggled = ({ target, currentTarget }) => target === currentTarget && setOpen(target.open);
  return html`<details class="json" open=${isOpen} onToggle=${toggled}>
    <summary>${label}<span class="muted">${brackets}</span></summary>
    ${isOpen && html`<div class="json-members">
      ${members(value, shown).map(
        ([key, member]) => html`<${Json} key=${key} name=${key} value=${member} open=${open - 1} />`,
      )}
      ${length > shown && html`<button class="small" onClick=${() => setShown(shown + MEMBERS * 10)}>
        ${number(length - shown)} more
      </button>`}
    </div>`}
  </details>`;
}

/**
 * Returns the first members of a value, with their keys.
 *
 * @param {Record<string, unknown> | unknown[]} value
 * @param {number} most
 * @returns {[string, unknown][]}
 */
function members(value, most) {
  if (Array.isArray(value)) return value.slice(0, most).map((member, index) => [String(index), member]);
  const keys = Object.keys(value).slice(0, most);
  return keys.map((key) => [key, value[key]]);
}

/** @param {{value: unknown}} props */
function Scalar({ value }) {
  if (typeof value !== "string") {
    return html`<span class="json-${value === null ? "null" : typeof value}">${String(value)}</span>`;
  }
  const picture = pictureIn(value);
  if (picture) return html`<${Picture} base64=${picture} words="Picture that was sent" />`;
  return html`<span class="json-string"><${Text} value=${value} block=${value.includes("\n")} limit=${2000} /></span>`;
}
