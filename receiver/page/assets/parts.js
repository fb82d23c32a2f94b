// The parts of messages, as `/events/{id}/messages` and `/traces/{id}/conversation` return them.

import { html, useMemo, useState } from "./vendor/preact.js";
import { FoundIn } from "./found_in.js";
import { count, number } from "./format.js";
import { Picture, pictureIn } from "./picture.js";
import { Words } from "./rendered.js";
import { copyOf } from "./turns.js";
import { Copy, Json, Text } from "./ui.js";

/** @import { Content, Part as MessagePart } from "./types.d.ts" */

const LONG = 2000; // characters of a result that are shown before one asks for more
const LINES = 20;
const PREVIEW = 90;
const DEEPEST = 100; // levels of JSON
const PARSED = 200_000; // a text of more characters is shown as text, whatever it holds

/**
 * A disclosure whose content is made only once it is opened.
 *
 * @param {{title: Content, open?: boolean, class?: string, children: () => Content}} props
 */
export function Fold({ title, open = false, class: name = "", children }) {
  const [opened, setOpened] = useState(open);
  /** @param {{target: HTMLDetailsElement}} event */
  const toggled = ({ target }) => target.open && setOpened(true);
  return html`
    <details class=${`fold ${name}`} open=${open} onToggle=${toggled}>
      <summary>${title}</summary>
      ${opened && html`<div class="fold-body">${children()}</div>`}
    </details>
  `;
}

/** The parts of a message, and the event that has it. @param {{parts: MessagePart[], eventId: string}} props */
export function Parts({ parts, eventId }) {
  return parts.map((part, index) => html`<${Part} key=${index} part=${part} eventId=${eventId} />`);
}

/** @param {{part: MessagePart, eventId: string}} props */
function Part({ part, eventId }) {
  const known = Object.hasOwn(PARTS, part.type) ? part.type : "other";
  return PARTS[known](part, eventId);
}

/** @type {Record<MessagePart["type"], (part: MessagePart, eventId: string) => Content>} */
const PARTS = {
  text: ({ text = "" }) => typeof parsed(text) === "string" ? html`<${Words} text=${text} />` : html`<${Value} value=${text} />`,
  reasoning: (part) => html`<${Fold} title="Reasoning">${() => html`<${Words} text=${part.text ?? ""} />`}<//>`,
  tool_call: (part) => html`<${Fold} title=${titled("⚙ calls", part.name, part.arguments)}>
    ${() => html`<${Value} value=${part.arguments} what="the arguments" />`}
  <//>`,
  tool_result: (part) => html`<${Fold} title=${titled(part.failed ? "✕ error" : "↩ result", part.name, part.result)}>
    ${() => html`<${Value} value=${part.result} what="the result" />`}
  <//>`,
  image: (part, eventId) => html`${medium("▣ picture", part)}${
    part.picture && html`<${Picture} eventId=${eventId} id=${part.picture} words="Picture that was sent" />`}`,
  audio: (part) => medium("♪ sound", part),
  video: (part) => medium("▶ film", part),
  file: (part) => medium("▤ file", part),
  other: (part) => html`<${Fold} title=${titled("▢", part.name ?? "part of another kind", part.text)}>
    ${() => html`<${Value} value=${part.text} />`}
  <//>`,
};

/**
 * The type and size of an image, audio or file.
 * @param {string} word @param {import("./types").Part} part
 */
function medium(word, part) {
  const facts = [part.name, part.media_type, part.size !== undefined && bytes(part.size), part.url].filter(Boolean);
  return html`<p class="medium">${word} <span class="preview"><${Text} value=${facts.join(", ")} /></span></p>`;
}

/** @param {number} size */
function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** @param {string} words @param {string | undefined} name @param {unknown} value */
function titled(words, name, value) {
  const preview = html`<span class="preview"><${Text} value=${previewOf(value)} /></span>`;
  return html`${words} ${name && html`<b><${Text} value=${name} /></b>`} ${preview}`;
}

/**
 * Arguments or a result: a value as a tree, a text as a text; a text that holds JSON is shown as what it holds. What is long is
 * folded, and can be searched. `what` is what the button copies.
 *
 * @param {{value: unknown, what?: string}} props
 */
export function Value({ value, what = "" }) {
  const meant = useMemo(() => (typeof value === "string" ? parsed(value) : value), [value]);
  const text = useMemo(() => (meant === undefined || meant === null ? "" : copyOf(meant)), [meant]);
  if (!text) return html`<p class="muted">nothing</p>`;
  const picture = pictureIn(meant);
  if (picture) return html`<${Picture} base64=${picture} words="Picture that was sent" />`;
  const lines = text.split("\n").length;
  const isLong = text.length > LONG || lines > LINES;
  return html`<div class="value">
    <div class="value-tools ${isLong ? "" : "alone"}">${isLong && html`<${FoundIn} text=${text} />
        <span class="muted">${lines > 1 ? count(lines, "line") : `${number(text.length)} characters`}</span>`}
      <${Copy} text=${text} what=${what} /></div>
    ${typeof meant === "string" ? html`<${Text} value=${meant} block limit=${shownOf(meant)} />` : html`<${Json} value=${meant} open=${2} />`}
  </div>`;
}

/** How many characters are shown of a text at first. @param {string} text */
const shownOf = (text) => Math.min(LONG, text.split("\n", LINES).join("\n").length);

/** What a text that holds JSON's objects or lists holds; any other text is itself. @param {string} text @returns {unknown} */
export function parsed(text) {
  if (text.length > PARSED || !/^\s*[[{]/.test(text) || isDeep(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether JSON nests so deep that functions that call themselves cannot go through it. @param {string} text */
function isDeep(text) {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** The beginning of a value, on one line. @param {unknown} value @returns {string} */
export function previewOf(value) {
  if (value === undefined || value === null) return "";
  const meant = typeof value === "string" ? parsed(value) : value;
  if (typeof meant !== "object" || meant === null) return cut(String(meant));
  if (Array.isArray(meant)) {
    const first = previewOf(meant[0]);
    return cut(meant.length === 1 ? first : `${meant.length} × ${first}`);
  }
  let said = "";
  for (const [key, inner] of Object.entries(meant)) {
    const word = typeof inner !== "object" || !inner ? cut(String(inner)) : Array.isArray(inner) ? "[…]" : "{…}";
    said += `${said && ", "}${key}: ${word}`;
    if (said.length > PREVIEW) break;
  }
  return cut(said);
}

/** @param {string} text */
function cut(text) {
  const line = text.slice(0, PREVIEW * 2).replace(/\s+/g, " ").trim();
  return line.length > PREVIEW || text.length > PREVIEW * 2 ? `${line.slice(0, PREVIEW)}…` : line;
}
