// A bar chart of how many traces began when; failed ones are in front, in red.

import { html, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { count, number, shortMoment } from "./format.js";
import { useLoad } from "./load.js";
import { here, navigate } from "./route.js";
import { ErrorBox, Link, asked } from "./ui.js";

/** @import { Activity as Counts, Bucket, Params } from "./types.d.ts" */

/** The first bar and the last one. @typedef {[number, number]} Span */

const NARROW = 600;
const BARS = { narrow: 30, wide: 60 };
const FULL = 100; // Height of the drawing in its own units; its width is one for each bar.
const GAP = 0.14;

/**
 * The chart for the filters in `params`; a new `turn` loads it again. A clicked bar, or marked bars, become the filter.
 *
 * @param {{params: Params, turn: number}} props
 */
export function Activity({ params, turn }) {
  const [marked, setMarked] = useState(/** @type {Span | null} */ (null));
  const { data, error } = useLoad(
    (signal) => {
      const buckets = innerWidth < NARROW ? BARS.narrow : BARS.wide;
      return get("/activity", { ...asked(params), sort: undefined, buckets }, { signal });
    },
    [JSON.stringify({ ...params, sort: undefined }), turn],
    { keep: true },
  );
  // The list already shows errors of the filters or the receiver.
  const isTold = error?.passing || error?.status === 400 || error?.status === 401;
  if (error && !isTold) return html`<${ErrorBox} error=${error} />`;
  if (error || data?.buckets.every(({ traces }) => !traces)) return null;
  if (!data) return html`<div class="activity"></div>`; // Its room, so that the list stays where it is.
  const { buckets, since, until } = data;
  const most = Math.max(...buckets.map(({ traces }) => traces));
  /** @type {Span | null} */
  const spans = marked && [Math.min(...marked), Math.max(...marked)];
  /** @param {number} from @param {number} to */
  const zoomed = (from, to) => zoom(params, data, from, to);
  const middle = buckets[Math.floor(buckets.length / 2)].start;
  return html`<figure class="activity">
    <div class="activity-most" aria-hidden="true">${number(most)}</div>
    <${Bars} buckets=${buckets} most=${most} spans=${spans} mark=${setMarked} zoom=${zoomed} />
    <div class="activity-times" aria-hidden="true">
      <span>${shortMoment(since)}</span><span>${shortMoment(middle)}</span><span>${shortMoment(until)}</span>
    </div>
    <figcaption>${spans ? saidSpans(data, spans) : said(data, most)}<${Strays} counts=${data} params=${params} /></figcaption>
  </figure>`;
}

/** @typedef {PointerEvent & {currentTarget: SVGSVGElement}} Pointed */

/**
 * `mark` is called with the bars under the pointer, `[first, last]`, or null; `zoom` with those that were chosen.
 *
 * @param {{
 *   buckets: Bucket[], most: number, spans: Span | null,
 *   mark: (span: Span | null) => void, zoom: (from: number, to: number) => void,
 * }} props
 */
function Bars({ buckets, most, spans, mark, zoom }) {
  const from = useRef(/** @type {number | null} */ (null));
  /** The number of the bar under the pointer. @param {Pointed} event */
  const at = ({ currentTarget, clientX }) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(buckets.length - 1, Math.floor(((clientX - left) / width) * buckets.length)));
  };
  /** @param {Pointed} event */
  const move = (event) => mark([from.current ?? at(event), at(event)]);
  /** @param {Pointed} event */
  const press = (event) => {
    if (event.button !== 0) return;
    from.current = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  /** @param {Pointed} event */
  const release = (event) => {
    if (from.current === null) return;
    const ends = [from.current, at(event)];
    from.current = null;
    mark(null);
    zoom(Math.min(...ends), Math.max(...ends));
  };
  const leave = () => from.current === null && mark(null);
  const stop = () => {
    from.current = null;
    mark(null);
  };
  /** @param {"traces" | "failed"} field */
  const bars = (field) => buckets.map((bucket, index) => {
    // At least a line, so that one trace is visible beside thousands.
    const height = bucket[field] && Math.max((bucket[field] / most) * FULL, 2);
    return height > 0 && html`<rect key=${index}
      x=${index + GAP / 2} width=${1 - GAP} y=${FULL - height} height=${height} />`;
  });
  return html`<svg viewBox="0 0 ${buckets.length} ${FULL}" preserveAspectRatio="none" aria-hidden="true"
      onPointerMove=${move} onPointerDown=${press} onPointerUp=${release} onPointerLeave=${leave} onPointerCancel=${stop}>
    ${spans && html`<rect class="marked" x=${spans[0]} width=${spans[1] - spans[0] + 1} y="0" height=${FULL} />`}
    <g class="began">${bars("traces")}</g><g class="failed">${bars("failed")}</g>
  </svg>`;
}

/** @param {Counts} counts @param {number} most */
function said({ buckets, since, until, complete }, most) {
  const peak = buckets.find(({ traces }) => traces === most)?.start ?? since;
  return html`${complete ? "" : "The newest "}${summed(buckets)}<span class="heard">, from ${shortMoment(since)} to
    ${" "}${shortMoment(until)}; most of them about ${shortMoment(peak)}: ${number(most)}</span>`;
}

/** Traces with a date that is years away, and the way to them. @param {{counts: Counts, params: Params}} props */
function Strays({ counts: { since, until, earlier, later }, params }) {
  /** @param {number} strays @param {string} where @param {Params} period */
  const told = (strays, where, period) => strays > 0 && html`; <${Link} to=${here()} params=${{ ...params, ...period }}>
    ${number(strays)} began years ${where}<//>`;
  return html`${told(earlier, "before", { until: since })}${told(later, "after", { since: until })}`;
}

/** @param {Counts} counts @param {Span} span */
function saidSpans({ buckets, until }, [from, to]) {
  const end = buckets[to + 1]?.start ?? until;
  return html`${shortMoment(buckets[from].start)} to ${shortMoment(end)}: ${summed(buckets.slice(from, to + 1))}`;
}

/** @param {Bucket[]} buckets */
function summed(buckets) {
  /** @param {"traces" | "failed"} field */
  const sum = (field) => buckets.reduce((total, bucket) => total + bucket[field], 0);
  const failed = sum("failed");
  return html`${count(sum("traces"), "trace")}, <span class=${failed ? "bad" : ""}>${number(failed)} failed</span>`;
}

/** @param {Params} params @param {Counts} counts @param {number} from @param {number} to */
function zoom(params, { buckets, until }, from, to) {
  navigate(here(), { ...params, since: buckets[from].start, until: buckets[to + 1]?.start ?? until });
}
