// How many traces began when, as bars; those that failed in front, in red.

import { html, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { count, number, shortMoment } from "./format.js";
import { useLoad } from "./load.js";
import { here, navigate } from "./route.js";
import { ErrorBox, asked } from "./ui.js";

const NARROW = 600;
const BARS = { narrow: 30, wide: 60 };
const FULL = 100; // Height of the drawing in its own units; its width is one for each bar.
const GAP = 0.14;

/** The chart for the filters of `params`, loaded anew with `turn`. A bar that is clicked, or bars that are marked, become the filter. */
export function Activity({ params, turn }) {
  const [marked, setMarked] = useState(null);
  const { data, error } = useLoad(
    (signal) => get("/activity", { ...asked(params), buckets: innerWidth < NARROW ? BARS.narrow : BARS.wide }, { signal }),
    [JSON.stringify(params), turn],
    { keep: true },
  );
  // What is wrong with the filters, or with the receiver, the list says already.
  if (error && !error.passing && error.status !== 400 && error.status !== 401) return html`<${ErrorBox} error=${error} />`;
  if (error || data?.buckets.every(({ traces }) => !traces)) return null;
  if (!data) return html`<div class="activity"></div>`; // Its room, so that the list stays where it is.
  const { buckets, since, until } = data;
  const most = Math.max(...buckets.map(({ traces }) => traces));
  const spans = marked && [Math.min(...marked), Math.max(...marked)];
  const middle = buckets[Math.floor(buckets.length / 2)].start;
  return html`<figure class="activity">
    <div class="activity-most" aria-hidden="true">${number(most)}</div>
    <${Bars} buckets=${buckets} most=${most} spans=${spans} mark=${setMarked} zoom=${(from, to) => zoom(params, data, from, to)} />
    <div class="activity-times" aria-hidden="true"><span>${shortMoment(since)}</span><span>${shortMoment(middle)}</span><span>${shortMoment(until)}</span></div>
    <figcaption>${spans ? saidSpans(data, spans) : said(data, most)}</figcaption>
  </figure>`;
}

/** `mark` is told the bars under the pointer: `[first, last]`, or null; `zoom` those that were chosen. */
function Bars({ buckets, most, spans, mark, zoom }) {
  const from = useRef(null);
  const at = ({ currentTarget, clientX }) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(buckets.length - 1, Math.floor(((clientX - left) / width) * buckets.length)));
  };
  const move = (event) => mark([from.current ?? at(event), at(event)]);
  const press = (event) => {
    if (event.button !== 0) return;
    from.current = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const release = (event) => {
    if (from.current === null) return;
    const ends = [from.current, at(event)];
    from.current = null;
    mark(null);
    zoom(Math.min(...ends), Math.max(...ends));
  };
  const stop = () => {
    from.current = null;
    mark(null);
  };
  const bars = (field) => buckets.map((bucket, index) => {
    // At least a line: one trace beside thousands is there, too.
    const height = bucket[field] && Math.max((bucket[field] / most) * FULL, 2);
    return height > 0 && html`<rect key=${index} x=${index + GAP / 2} width=${1 - GAP} y=${FULL - height} height=${height} />`;
  });
  return html`<svg viewBox="0 0 ${buckets.length} ${FULL}" preserveAspectRatio="none" aria-hidden="true"
      onPointerMove=${move} onPointerDown=${press} onPointerUp=${release} onPointerLeave=${() => from.current === null && mark(null)} onPointerCancel=${stop}>
    ${spans && html`<rect class="marked" x=${spans[0]} width=${spans[1] - spans[0] + 1} y="0" height=${FULL} />`}
    <g class="began">${bars("traces")}</g><g class="failed">${bars("failed")}</g>
  </svg>`;
}

function said({ buckets, since, until, complete }, most) {
  const peak = buckets.find(({ traces }) => traces === most);
  return html`${complete ? "" : "The newest "}${summed(buckets)}<span class="heard">, from ${shortMoment(since)} to
    ${" "}${shortMoment(until)}; most of them about ${shortMoment(peak.start)}: ${number(most)}</span>`;
}

function saidSpans({ buckets, until }, [from, to]) {
  return html`${shortMoment(buckets[from].start)} to ${shortMoment(buckets[to + 1]?.start ?? until)}: ${summed(buckets.slice(from, to + 1))}`;
}

function summed(buckets) {
  const sum = (field) => buckets.reduce((total, bucket) => total + bucket[field], 0);
  const failed = sum("failed");
  return html`${count(sum("traces"), "trace")}, <span class=${failed ? "bad" : ""}>${number(failed)} failed</span>`;
}

function zoom(params, { buckets, until }, from, to) {
  navigate(here(), { ...params, since: buckets[from].start, until: buckets[to + 1]?.start ?? until });
}
