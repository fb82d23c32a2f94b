// The charts of page Overview: figures over time as bars, each of which leads to the runs of its step. A chart is one stop of the
// Tab key; arrows go from bar to bar.

import { html, useState } from "./vendor/preact.js";
import { compact, count, duration, money, number, shortMoment } from "./format.js";
import { href } from "./route.js";

/** @import { Figures, Overview, Query } from "./types.d.ts" */

export const HEIGHT = 40;
const GAP = 0.14;

/** @typedef {Overview["steps"][number]} Step */
/**
 * A chart: its bars, those in front of them, how a value is written, what that says of a step, and the order of its runs.
 *
 * @typedef {{
 *   title: string, all: (step: Figures) => number, front: (step: Figures) => number, written: (value: number) => string,
 *   words: string, told: (step: Figures) => string, sort?: string,
 * }} Chart
 */

/** @type {Chart[]} */
const CHARTS = [
  {
    title: "Runs", all: (step) => step.count, front: ({ failed }) => failed, written: number, words: "failed in red",
    told: (step) => `${count(step.count, "run")}, ${number(step.failed)} failed`,
  },
  {
    title: "Duration", all: (step) => step.p95_duration_ns ?? 0, front: (step) => step.p50_duration_ns ?? 0, written: duration,
    words: "p95, median in front", sort: "duration",
    told: (step) => `95th percentile ${duration(step.p95_duration_ns)}, median ${duration(step.p50_duration_ns)}`,
  },
  {
    title: "Tokens", all: (step) => step.input_tokens + step.output_tokens, front: (step) => step.output_tokens, written: compact,
    words: "output in front", sort: "tokens", told: (step) => `${number(step.input_tokens)} tokens in, ${number(step.output_tokens)} out`,
  },
  {
    title: "Cost", all: ({ cost_usd }) => cost_usd, front: () => 0, written: money, words: "", sort: "cost",
    told: ({ cost_usd }) => money(cost_usd) || "no cost",
  },
];

/** Small charts of the same steps. @param {{told: Overview, period: Query}} props */
export function OverTime({ told, period }) {
  return html`<div class="charts">${CHARTS.map((chart) => html`
    <${OneChart} key=${chart.title} chart=${chart} told=${told} period=${period} />`)}</div>`;
}

/** @param {{chart: Chart, told: Overview, period: Query}} props */
function OneChart({ chart: { title, all, front, written, words, told: said, sort }, told: { steps, since, until }, period }) {
  const [active, setActive] = useState(-1);
  const most = Math.max(...steps.map(all));
  if (!(most > 0)) return null;
  const linked = steps.map((_, index) => index).filter((index) => all(steps[index]) > 0);
  const stop = linked.includes(active) ? active : linked[0];
  /** @param {KeyboardEvent & {currentTarget: SVGSVGElement}} event */
  const pressed = (event) => {
    const at = linked.indexOf(stop);
    /** @type {Record<string, number>} */
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: linked.length - 1 };
    const next = linked[to[event.key]];
    if (next === undefined) return;
    event.preventDefault();
    setActive(next);
    /** @type {SVGAElement | null} */
    const bar = event.currentTarget.querySelector(`[data-step="${next}"]`);
    bar?.focus();
  };
  return html`<figure class="chart chart-${title.toLowerCase()}">
    <figcaption><b>${title}</b> <span class="muted">up to ${written(most)}${words && `, ${words}`}</span></figcaption>
    <svg viewBox="0 0 ${steps.length} ${HEIGHT}" preserveAspectRatio="none" role="group" aria-label="${title} over time" onKeyDown=${pressed}>
      ${linked.map((index) => {
        const step = steps[index];
        const end = steps[index + 1]?.start ?? until;
        const to = href("/traces", { ...period, since: step.start, until: end, sort });
        const label = `${shortMoment(step.start)} to ${shortMoment(end ?? step.start)}: ${said(step)}`;
        return html`<a key=${index} href=${to} data-step=${index} tabindex=${index === stop ? 0 : -1} aria-label=${label}>
          <title>${label}</title><rect class="hit" x=${index} width="1" y="0" height=${HEIGHT} />
          <g class="began">${bar(index, all(step), most)}</g><g class="front">${bar(index, front(step), most)}</g></a>`;
      })}
    </svg>
    <div class="activity-times" aria-hidden="true"><span>${shortMoment(since ?? "")}</span><span>${shortMoment(until ?? "")}</span></div>
  </figure>`;
}

/** @param {number} index @param {number} value @param {number} most */
function bar(index, value, most) {
  const height = value && Math.max((value / most) * HEIGHT, 1);
  return height > 0 && html`<rect key=${index} x=${index + GAP / 2} width=${1 - GAP} y=${HEIGHT - height} height=${height} />`;
}

/** Bars for a row of counts. @param {number[]} counts */
export function bars(counts) {
  const most = Math.max(...counts);
  return counts.map((value, index) => bar(index, value, most));
}
