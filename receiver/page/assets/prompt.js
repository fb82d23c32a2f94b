// What a model was sent and answered; of its prompt first what is new since the call before.

import { html, useMemo, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { count } from "./format.js";
import { useLoad } from "./load.js";
import { Fold, Parts } from "./parts.js";
import { promptDiff } from "./prompt_diff.js";
import { RawSwitch, Words } from "./rendered.js";
import { markdownOf, textOf } from "./turns.js";
import { Copy, ErrorBox, Text } from "./ui.js";

/** @import { Call, Content, Message } from "./types.d.ts" */
/** @import { Change } from "./prompt_diff.js" */

/** What was said, as far as an event or a call knows it. @typedef {Pick<Call, "system" | "sent" | "answered">} Said */

const LAST = 3; // of many messages, those that are shown at first
/** The signs of lines and messages that came or went, and what they are called. @type {Record<string, [string, string]>} */
const SIGNS = { added: ["+", "new"], removed: ["−", "no longer sent"] };

/** `before` is the id of the model call before, if there is one. @param {{said: Said, eventId: string, before?: string, at: string}} props */
export function Prompt({ said, eventId, before, at }) {
  const { system, sent, answered } = said;
  const [diff, setDiff] = useState(true);
  if (!system.length && !sent.length && !answered.length) return null;
  const compared = diff && before !== undefined && sent.length > 0;
  const whole = () => markdownOf("Prompt and answer", [
    ...(system.length ? [{ role: "system", parts: system }] : []), ...sent, ...answered,
  ].map((message) => ({ ...message, event_id: eventId, depth: 0, timestamp: at, status: /** @type {const} */ ("unset") })));
  return html`
    <div class="said-tools">
      ${before !== undefined && sent.length > 0 && html`<span class="views" role="group" aria-label="Prompt">
        <button type="button" class="small" aria-pressed=${diff} onClick=${() => setDiff(true)}>New since the call before</button>
        <button type="button" class="small" aria-pressed=${!diff} onClick=${() => setDiff(false)}>Whole prompt</button></span>`}
      <${RawSwitch} /><${Copy} text=${whole} label="Copy all" what="the prompt and the answer as Markdown" />
    </div>
    ${compared
      ? html`<${Since} said=${said} before=${before} eventId=${eventId} />`
      : html`${system.length > 0 && html`<section class="said"><h3>System prompt</h3>
          <div class="value-tools alone"><${Copy} text=${() => textOf(system)} what="the system prompt" /></div>
          <${Parts} parts=${system} eventId=${eventId} /></section>`}
        <${Sent} messages=${sent} eventId=${eventId} />`}
    ${answered.length > 0 && html`<section class="said"><h3>Answer</h3>
      <${Messages} messages=${answered} eventId=${eventId} /></section>`}
  `;
}

/** @param {{messages: Message[], eventId: string}} props */
function Sent({ messages, eventId }) {
  if (!messages.length) return null;
  const earlier = messages.slice(0, -LAST);
  return html`<section class="said"><h3>Sent</h3>
    ${earlier.length > 0 && html`<${Fold} title=${`${earlier.length} earlier`}>
      ${() => html`<${Messages} messages=${earlier} eventId=${eventId} />`}<//>`}
    <${Messages} messages=${messages.slice(-LAST)} eventId=${eventId} />
  </section>`;
}

/** @param {{messages: Message[], eventId: string, kind?: string}} props @returns {Content} */
function Messages({ messages, eventId, kind = "" }) {
  const [sign, word] = SIGNS[kind] ?? [];
  return messages.map((message, index) => html`<div class="message ${kind}" key=${index}>
    <div class="message-head">${sign && html`<span class="sign"><span aria-hidden="true">${sign}</span> ${word}</span> `}
      <b class="role"><${Text} value=${message.role} limit=${50} /></b>
      <${Copy} text=${() => textOf(message.parts)} what="this message" /></div>
    <${Parts} parts=${message.parts} eventId=${eventId} />
  </div>`);
}

/** @param {{said: Said, before: string, eventId: string}} props */
function Since({ said, before, eventId }) {
  const { data, error, reload } = useLoad((signal) => get(`/calls/${encodeURIComponent(before)}`, {}, { signal }), [before]);
  const diff = useMemo(() => data && promptDiff(data, said), [data, said]);
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!diff) return html`<p class="muted">Comparing…</p>`;
  const { messages, system } = diff;
  /** @param {string} title @param {() => Content} inner */
  const folded = (title, inner) => html`<${Fold} title=${`${title} as before`}>${inner}<//>`;
  return html`<section class="said since"><h3>Sent, compared with the call before</h3>
    ${system ? html`<div class="message"><b class="role">System prompt changed</b><${Lines} changes=${system} /></div>`
      : said.system.length > 0 && folded("System prompt", () => html`<${Parts} parts=${said.system} eventId=${eventId} />`)}
    ${messages.map(({ kind, items }, place) => kind === "same"
      ? folded(count(items.length, "message"), () => html`<${Messages} messages=${items} eventId=${eventId} />`)
      : html`<${Messages} key=${place} messages=${items} eventId=${eventId} kind=${kind} />`)}
    ${!system && messages.every(({ kind }) => kind === "same") && html`<p class="muted">The same prompt as in the call before.</p>`}
  </section>`;
}

/** Lines that came or went. @param {{changes: Change<string>[]}} props */
export function Lines({ changes }) {
  return html`<div class="lines">${changes.map(({ kind, items }, place) => {
    const text = items.join("\n");
    if (kind === "added") return html`<ins key=${place}><span class="heard">added:</span><${Text} value=${text} block /></ins>`;
    if (kind === "removed") return html`<del key=${place}><span class="heard">removed:</span><${Text} value=${text} block /></del>`;
    if (items.length <= LAST) return html`<${Text} key=${place} value=${text} block />`;
    return html`<${Fold} key=${place} title=${`${count(items.length, "line")} as before`}>${() => html`<${Words} text=${text} />`}<//>`;
  })}</div>`;
}
