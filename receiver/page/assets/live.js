// Page Live: events as they are stored, the newest on top. Who scrolls down or pauses reads in peace; what comes is counted.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "./vendor/virtual-core/index.js";
import { MOST } from "./feed.js";
import { useFollowing } from "./following.js";
import { count, duration, number } from "./format.js";
import { useKeys } from "./keys.js";
import { kindName } from "./results.js";
import { given } from "./route.js";
import { Empty, ErrorBox, FilterBar, Link, Moment, Status, Title, TypeBadge, visible } from "./ui.js";
import { useNarrow } from "./waterfall.js";

const ROW = { wide: 30, narrow: 50 }; // pixels, as in search.css
const TYPES = ["agent", "model_call", "tool_call", "retrieval", "message", "decision", "workflow", "log", "error"];
const FIELDS = [
  { name: "event_type", label: "Type", options: TYPES },
  { name: "agent_id", label: "Agent" },
  { name: "session_id", label: "Session" },
  { name: "trace_id", label: "Trace" },
  { name: "status", label: "Status", type: "select", options: ["ok", "error", "unset"] },
];
const NAMES = FIELDS.map(({ name }) => name);

export function Live({ params }) {
  const filters = given(Object.fromEntries(NAMES.map((name) => [name, params[name]])));
  const key = JSON.stringify(filters);
  const [paused, setPaused] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const list = useRef(null);
  const held = paused || scrolled;
  const feed = useFollowing(filters, held);
  const toTop = () => list.current?.scrollTo({ top: 0 });
  const toggle = () => {
    // Who goes on wants to see what came.
    if (paused) toTop();
    setPaused(!paused);
  };
  useEffect(() => {
    setPaused(false);
    toTop();
  }, [key]);
  // A button has the space key for itself.
  useKeys({ " ": ({ target }) => (target.closest("button, summary") ? false : toggle()) });
  return html`<${Title} text="Live" />
    <${FilterBar} fields=${FIELDS} params=${params} />
    <div class="live-bar">
      <button type="button" class=${paused ? "primary" : ""} aria-pressed=${paused} onClick=${toggle} title="Space">${paused ? "▶ Resume" : "❚❚ Pause"}</button>
      <p role="status"><${State} feed=${feed} paused=${paused} /></p>
      ${held && feed.waiting > 0 && html`<button type="button" class="small" onClick=${paused ? toggle : toTop}>Show ${count(feed.waiting, "new event")}</button>`}
    </div>
    ${feed.dropped > 0 && html`<p class="notice">${count(feed.dropped, "event")} came too fast to be shown here. ${feed.dropped === 1 ? "It is" : "They are"} stored all the same; a filter shows more of what is left.</p>`}
    ${feed.state === "refused" && html`<${ErrorBox} error=${feed.reason} retry=${feed.again} />`}
    ${feed.rows.length > 0 && html`<${Rows} key=${key} rows=${feed.rows} list=${list} onScrolled=${setScrolled} />`}
    ${feed.state === "live" && feed.came === 0 && (Object.keys(filters).length ? html`<p class="empty">Nothing yet that matches these filters.</p>` : html`<${Empty} what="events" />`)}
    ${feed.came > MOST && html`<p class="muted">The newest ${number(MOST)} events are kept here.</p>`}`;
}

const STATES = {
  connecting: () => html`<span class="muted">◌ connecting…</span>`,
  live: () => html`<span class="good">● live</span>`,
  away: ({ reason }) => html`<span class="bad">✕ not connected</span> ${reason?.message} Trying again.`,
  hidden: () => html`<span class="muted">◌ not connected while this tab is hidden</span>`,
  refused: () => html`<span class="bad">✕ not connected</span>`,
};

function State({ feed, paused }) {
  if (paused && feed.state === "live") return html`<span class="busy">❚❚ paused</span>${feed.waiting > MOST && ` (of what comes, the newest ${number(MOST)} are kept)`}`;
  return STATES[feed.state](feed);
}

function Rows({ rows, list, onScrolled }) {
  const narrow = useNarrow();
  const height = narrow ? ROW.narrow : ROW.wide;
  const virtual = useRows(rows.length, height, list);
  useEffect(() => () => onScrolled(false), []);
  return html`<div class="live" ref=${list} tabindex="0" role="region" aria-label="Events, the newest first" onScroll=${({ target }) => onScrolled(target.scrollTop > height)}>
    <ul style=${{ height: `${virtual.getTotalSize()}px` }}>
      ${virtual.getVirtualItems().map(({ index, start }) => {
        const row = rows[index];
        return row && html`<li key=${row.id} class=${row.remark ? "remark" : row.status === "error" ? "failed" : ""} style=${{ transform: `translateY(${start}px)` }}>
          ${row.remark ? html`<span title=${row.remark}>${row.remark}</span>` : html`<${Row} row=${row} />`}
        </li>`;
      })}
    </ul>
  </div>`;
}

function Row({ row }) {
  const { trace_id, id, name, kind, words } = row;
  const what = html`<bdi>${visible(name || (words ? "" : kindName({ kind })))}</bdi>${words && html` <bdi class=${name ? "muted" : ""}>${visible(words)}</bdi>`}`;
  return html`<${Moment} at=${row.timestamp} />
    <${TypeBadge} type=${row.event_type} />
    <bdi class="live-agent">${visible(row.agent_id ?? "").slice(0, 60)}</bdi>
    ${trace_id ? html`<${Link} row class="live-what" to=${["traces", trace_id]} params=${{ event: id }}>${what}<//>` : html`<span class="live-what">${what}</span>`}
    <span class="live-took number">${row.duration_ns ? duration(row.duration_ns) : ""}</span>
    <span class="live-status">${row.status === "error" && html`<${Status} status="error" />`}</span>`;
}

function useRows(amount, height, list) {
  const [, redraw] = useState(0);
  const options = {
    count: amount,
    estimateSize: () => height,
    getScrollElement: () => list.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 10,
    onChange: () => redraw((times) => times + 1),
  };
  const [rows] = useState(() => new Virtualizer(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  useLayoutEffect(() => rows.measure(), [rows, height]);
  return rows;
}
