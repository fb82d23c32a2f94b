// Scores: how good something was said to be, and the form by which a person says so.

import { html, useState } from "./vendor/preact.js";
import { get, post } from "./api.js";
import { figure, number } from "./format.js";
import { keep, kept } from "./kept.js";
import { troubleOf } from "./load.js";
import { Fold } from "./parts.js";
import { ErrorBox, Moment, Text, announce } from "./ui.js";

/** @import { Content, Score, ScoreSum, Trouble } from "./types.d.ts" */

const AUTHOR = "score-author";
const LENGTH = 200;
const SHOWN = 3; // names of scores in a cell
// ms between two looks whether a score is shown already, and how often.
const LOOK_EVERY = 250;
const LOOKS = 40;

/**
 * Scores, the latest first; with `onSelect`, one of a call or an event leads there. `onStored` is called once one of a
 * person's was withdrawn.
 *
 * @param {{scores: Score[], onStored: () => void, onSelect?: (id: string) => void}} props
 */
export function Scores({ scores, onStored, onSelect }) {
  if (!scores.length) return null;
  return html`<section class="scores" aria-label="Scores"><h3 class="scores-head">Scores</h3>
    <ul>${scores.map((score) => html`<li key=${score.id}><${One} score=${score} onSelect=${onSelect} />
      ${score.source === "person" && html` <${Withdraw} score=${score} onStored=${onStored} />`}</li>`)}</ul>
  </section>`;
}

/** @param {{score: Score, onSelect?: (id: string) => void}} props */
function One({ score: { name, value, label, explanation, source, author, timestamp, call_id, event_id, about }, onSelect }) {
  const target = call_id ?? event_id;
  return html`<b><${Text} value=${name} limit=${LENGTH} /></b>
    ${value !== null && html` <span class="number">${figure(value)}</span>`}
    ${label && html` <span class="label"><${Text} value=${label} limit=${LENGTH} /></span>`}
    ${explanation && html` <${Text} value=${explanation} limit=${300} />`}
    <span class="muted"> ${author && html`<${Text} value=${author} limit=${LENGTH} />, `}${source && `${source}, `}<${
      Moment} at=${timestamp} /></span>
    ${onSelect && target && html` <button type="button" class="small" onClick=${() => onSelect(target)}>
      of ${about === "call" ? "a call" : "an event"}</button>`}
    ${about === "event" && !target && html` <span class="muted">of an event that has not come</span>`}`;
}

/** Takes back what a person said. @param {{score: Score, onStored: () => void}} props */
function Withdraw({ score, onStored }) {
  const [error, setError] = useState(/** @type {Trouble | null} */ (null));
  const withdraw = async () => {
    const { name, source, author, about, trace_id, session_id, event_id, call_id } = score;
    const of = about === "session" ? { session_id } : { trace_id, event_id: event_id ?? call_id };
    const given = Object.entries({ ...of, name, source, author, withdraw: true }).filter(([, value]) => value !== null);
    try {
      await post("/scores", Object.fromEntries(given));
      await until(trace_id, (scores) => scores.every(({ id }) => id !== score.id));
      announce("The score is withdrawn");
      onStored();
    } catch (thrown) {
      setError(troubleOf(thrown));
    }
  };
  return html`<button type="button" class="small" onClick=${withdraw}>Withdraw</button><${ErrorBox} error=${error} />`;
}

/** What scores come to, by name, in a line. @param {ScoreSum[]} sums @returns {Content} */
export function scoreLine(sums) {
  if (!sums.length) return null;
  return html`${sums.slice(0, SHOWN).map((sum, index) => html`${index > 0 && ", "}<${Text} value=${sum.name} limit=${40} /> ${told(sum)}`)}
    ${sums.length > SHOWN && html` <span class="muted">and ${number(sums.length - SHOWN)} more</span>`}`;
}

/** The mean of the numbers, or how many have which label. @param {ScoreSum} sum @returns {Content} */
export function told({ count, mean, labels }) {
  const words = Object.entries(labels);
  if (mean !== null) return figure(mean);
  if (!words.length) return `×${number(count)}`;
  return words.slice(0, SHOWN).map(([label, times], index) => html`${index > 0 && ", "}<${Text} value=${label} limit=${40} />${
    times > 1 && ` ×${number(times)}`}`);
}

/**
 * A form to score a trace, or an event in it; `onStored` is called once the score is shown.
 *
 * @param {{traceId: string, eventId?: string, names: string[], onStored: () => void}} props
 */
export function ScoreForm({ traceId, eventId, names, onStored }) {
  return html`<${Fold} title=${eventId ? "Score it, or note something" : "Score this trace, or note something"} class="score-form">
    ${() => html`<${Fields} traceId=${traceId} eventId=${eventId} names=${names} onStored=${onStored} />`}
  <//>`;
}

/** @param {{traceId: string, eventId?: string, names: string[], onStored: () => void}} props */
function Fields({ traceId, eventId, names, onStored }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {Trouble | null} */ (null));
  const list = `names-${eventId ?? "trace"}`;
  /** @param {SubmitEvent & {currentTarget: HTMLFormElement}} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = Object.fromEntries([...new FormData(form)].map(([field, text]) => [field, String(text).trim()]));
    keep(AUTHOR, given.author || null);
    setBusy(true);
    setError(null);
    try {
      const { value, ...texts } = Object.fromEntries(Object.entries(given).filter(([, text]) => text));
      const about = eventId ? { event_id: eventId } : {};
      const body = { trace_id: traceId, ...about, source: "person", ...texts, ...(value ? { value: Number(value) } : {}) };
      const { score_id } = await post("/scores", body);
      await until(traceId, (scores) => scores.some(({ id }) => id === score_id));
      announce("The score is stored");
      form.reset();
      onStored();
    } catch (thrown) {
      setError(troubleOf(thrown));
    }
    setBusy(false);
  };
  return html`<form onSubmit=${submit}>
    <label>Name <input name="name" required pattern=".*\\S.*" title="what is judged" maxlength=${LENGTH} list=${list} value="note" /></label>
    <datalist id=${list}>${names.map((name) => html`<option value=${name} />`)}</datalist>
    <label>Value <input name="value" type="number" step="any" /></label>
    <label>Label <input name="label" maxlength=${LENGTH} placeholder="pass" /></label>
    <label>Explanation <textarea name="explanation" rows="2" /></label>
    <label>Your name <input name="author" maxlength=${LENGTH} value=${kept(AUTHOR) ?? ""} /></label>
    <button class="primary small" disabled=${busy}>${busy ? "Storing…" : "Store"}</button>
    <${ErrorBox} error=${error} />
  </form>`;
}

/**
 * Waits until the scores of a trace are as they should be: one is stored at once, and read a moment later.
 *
 * @param {string} traceId
 * @param {(scores: Score[]) => boolean} areRight
 */
async function until(traceId, areRight) {
  for (let look = 0; look < LOOKS; look += 1) {
    const { scores } = await get(`/traces/${encodeURIComponent(traceId)}/outline`);
    if (areRight(scores)) return;
    await new Promise((later) => setTimeout(later, LOOK_EVERY));
  }
}
