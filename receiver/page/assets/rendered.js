// Text from senders as the Markdown that it mostly is, or as it was sent, whichever the person chose. Nothing in it is loaded,
// and a link shows where it leads.

import { html, useEffect, useMemo, useState } from "./vendor/preact.js";
import { Copy } from "./copy.js";
import { keep, kept } from "./kept.js";
import { blocksOf } from "./markdown.js";
import { Marked, Text, beginning } from "./untrusted.js";

/** @import { Content } from "./types.d.ts" */
/** @import { Block, Span } from "./markdown.js" */

const LONG = 4000; // characters of a text that are shown before one asks for more
const MOST = 200_000; // a longer text is shown as it was sent
const KEPT = "texts";
const RAW = "raw";
const CHANGED = "textschange";
const SAFE = /^(?:https?:\/\/|mailto:)/i;
const SHOWN_TARGET = 150; // characters of an address

/** Whether texts are shown as they were sent; updates when the person changes it. @returns {boolean} */
function useRaw() {
  const [raw, setRaw] = useState(() => kept(KEPT) === RAW);
  useEffect(() => {
    const changed = () => setRaw(kept(KEPT) === RAW);
    window.addEventListener(CHANGED, changed);
    return () => window.removeEventListener(CHANGED, changed);
  }, []);
  return raw;
}

/** The choice between the two. */
export function RawSwitch() {
  const raw = useRaw();
  const change = () => {
    keep(KEPT, raw ? null : RAW);
    window.dispatchEvent(new Event(CHANGED));
  };
  return html`<button type="button" class="small" aria-pressed=${raw} onClick=${change}
    title="Texts as they were sent, instead of Markdown with its headings, lists and tables">Raw text</button>`;
}

/** A text of any length. @param {{text: string}} props */
export function Words({ text }) {
  const raw = useRaw();
  const [all, setAll] = useState(false);
  const isLong = text.length > LONG;
  const shown = isLong && !all ? firstLines(text) : text;
  const blocks = useMemo(() => (raw || text.length > MOST ? null : blocksOf(shown)), [shown, raw]);
  if (!blocks) return html`<div class="words"><${Text} value=${text} block limit=${LONG} /></div>`;
  return html`<div class="words md">${blocks.map(drawn)}</div>
    ${isLong && html`<button type="button" class="small" aria-expanded=${all} onClick=${() => setAll(!all)}>
      ${all ? "show less" : `show all ${text.length.toLocaleString("en")} characters`}</button>`}`;
}

/** The beginning of a text, to the end of a line if there is one. @param {string} text */
function firstLines(text) {
  const cut = beginning(text, LONG);
  const line = cut.lastIndexOf("\n");
  return line > LONG / 2 ? cut.slice(0, line) : `${cut}…`;
}

/** @type {{[Type in Block["type"]]: (block: Extract<Block, {type: Type}>) => Content}} */
const BLOCKS = {
  paragraph: ({ of }) => html`<p dir="auto">${spans(of)}</p>`,
  heading: ({ level, of }) => html`<p class="md-heading level-${level}" role="heading" aria-level=${Math.min(level + 3, 6)} dir="auto">
    ${spans(of)}</p>`,
  rule: () => html`<hr />`,
  code: ({ text, language }) => html`<div class="code">
    <div class="code-head"><span>${beginning(language, 20)}</span><${Copy} text=${text} what="the code" /></div>
    <pre tabindex="0"><code><${Text} value=${text} /></code></pre></div>`,
  quote: ({ of }) => html`<blockquote>${of.map(drawn)}</blockquote>`,
  list: ({ start, items }) => {
    const inside = items.map(({ checked, of }) => html`<li dir="auto" class=${checked === null ? "" : "task"}>
      ${checked !== null && html`<span aria-hidden="true">${checked ? "☑" : "☐"} </span><span class="heard">${checked ? "done:" : "open:"}</span>`}
      ${of.map((block) => (block.type === "paragraph" && of[0] === block ? spans(block.of) : drawn(block)))}</li>`);
    return start === null ? html`<ul>${inside}</ul>` : html`<ol start=${start}>${inside}</ol>`;
  },
  table: ({ sides, head, rows }) => html`<div class="md-table" tabindex="0" role="group" aria-label="Table"><table>
    <thead><tr>${head.map((cell, place) => html`<th scope="col" class=${sides[place]} dir="auto">${spans(cell)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map(
      (cell, place) => html`<td class=${sides[place]} dir="auto">${spans(cell)}</td>`)}</tr>`)}</tbody>
  </table></div>`,
};

/** @param {Block} block @returns {Content} */
const drawn = (block) => /** @type {(block: Block) => Content} */ (BLOCKS[block.type])(block);

/** @param {Span[]} all @param {boolean} linked whether they stand in a link @returns {Content} */
const spans = (all, linked = false) => all.map((span) => {
  switch (span.type) {
    case "text": return html`<${Marked} text=${span.text} />`;
    case "code": return html`<code><bdi><${Marked} text=${span.text} /></bdi></code>`;
    case "link":
    case "image": {
      const inner = spans(span.of, true);
      return linked ? inner : html`<${Leading} span=${span}>${inner}<//>`;
    }
    default: return html`<${span.type}>${spans(span.of, linked)}</${span.type}>`;
  }
});

/** A link, or the word of a picture that lies elsewhere. @param {{span: {type: "link" | "image", to: string}, children: Content}} props */
function Leading({ span: { type, to }, children }) {
  const label = type === "image" ? html`<span aria-hidden="true">▣</span><span class="heard">picture</span> ${children}` : children;
  const address = safe(to);
  if (!address) return html`<bdi>${label}</bdi> <bdi class="target">(<${Marked} text=${beginning(to, SHOWN_TARGET)} />)</bdi>`;
  const isSaid = Array.isArray(children) && children.length === 1 && children[0].props?.text === to;
  const more = address.length > SHOWN_TARGET ? "…" : "";
  return html`<a href=${address} target="_blank" rel="noopener noreferrer"><bdi>${label}</bdi></a>${!isSaid && html`
    ${" "}<bdi class="target">(${address.slice(0, SHOWN_TARGET)}${more})</bdi>`}`;
}

/** Where a link may lead, as a browser reads it; null if it may not. A name before the host may look like a host. @param {string} to */
function safe(to) {
  if (!SAFE.test(to)) return null;
  try {
    const url = new URL(to);
    return url.username || url.password ? null : url.href;
  } catch {
    return null;
  }
}
