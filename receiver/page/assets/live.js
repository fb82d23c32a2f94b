// Page Live: events as they are stored, newest first. While the user scrolls down or pauses, new ones are only counted.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { MOST } from "./feed.js";
import { useFollowing } from "./following.js";
import { count, duration, number } from "./format.js";
import { useKeys } from "./keys.js";
import { kindName } from "./results.js";
import { given } from "./route.js";
import { useRows } from "./rows.js";
import { ENDS, Empty, ErrorBox, FilterBar, Link, Moment, Status, Title, TypeBadge, visible } from "./ui.js";
import { useNarrow } from "./waterfall.js";

/** @import { Content, Field, FeedRow, Params } from "./types.d.ts" */
/** @import { Following } from "./following.js" */

const ROW = { wide: 30, narrow: 50 }; // pixels, as in search.css
const TYPES = ["agent", "model_call", "tool_call", "retrieval", "message", "decision", "workflow", "log", "error"];
/** @type {Field[]} */
const FIELDS = [
  { name: "event_type", label: "Type", options: TYPES },
  { name: "agent_id", label: "Agent" },
  { name: "session_id", label: "Session" },
  { name: "trace_id", label: "Trace" },
  { name: "project", label: "Project" },
  { name: "status", label: "Status", type: "select", options: ENDS },
];
const NAMES = FIELDS.map(({ name }) => name);

/** @param {{params: Params}} props */
export function Live({ params }) {
  const filters = given(Object.fromEntries(NAMES.map((name) => [name, params[name]])));
  const filtered = Object.keys(filters).length > 0;
  const key = JSON.stringify(filters);
  const [paused, setPaused] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
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
  useKeys({ " ": ({ target }) => (target instanceof Element && target.closest("button, summary") ? false : toggle()) });
  return html`<${Title} text="Live" />
    <${FilterBar} fields=${FIELDS} params=${params} />
    <div class="live-bar">
      <button type="button" class=${paused ? "primary" : ""} aria-pressed=${paused} onClick=${toggle} title="Space">
        ${paused ? "▶ Resume" : "❚❚ Pause"}
      </button>
      <p role="status"><${State} feed=${feed} paused=${paused} /></p>
      ${held && feed.waiting > 0 && html`<button type="button" class="small" onClick=${paused ? toggle : toTop}>
        Show ${count(feed.waiting, "new event")}</button>`}
    </div>
    ${feed.dropped > 0 && html`<p class="notice">
      ${count(feed.dropped, "event")} came too fast to be shown here. ${feed.dropped === 1 ? "It is" : "They are"} stored
      all the same; a filter shows more of what is left.
    </p>`}
    ${feed.state === "refused" && html`<${ErrorBox} error=${feed.reason} retry=${feed.again} />`}
    ${feed.rows.length > 0 && html`<${Rows} key=${key} rows=${feed.rows} list=${list} onScrolled=${setScrolled} />`}
    ${feed.state === "live" && feed.came === 0 && (
      filtered ? html`<p class="empty">Nothing yet that matches these filters.</p>` : html`<${Empty} what="events" />`
    )}
    ${feed.came > MOST && html`<p class="muted">The newest ${number(MOST)} events are kept here.</p>`}`;
}

/** @type {Record<Following["state"], (feed: Following) => Content>} */
const STATES = {
  connecting: () => html`<span class="muted">◌ connecting…</span>`,
  live: () => html`<span class="good">● live</span>`,
  away: ({ reason }) => html`<span class="bad">✕ not connected</span> ${reason?.message} Trying again.`,
  hidden: () => html`<span class="muted">◌ not connected while this tab is hidden</span>`,
  refused: () => html`<span class="bad">✕ not connected</span>`,
};

/** @param {{feed: Following, paused: boolean}} props */
function State({ feed, paused }) {
  if (!paused || feed.state !== "live") return STATES[feed.state](feed);
  const kept = feed.waiting > MOST && ` (of what comes, the newest ${number(MOST)} are kept)`;
  return html`<span class="busy">❚❚ paused</span>${kept}`;
}

/** @param {{rows: FeedRow[], list: {current: HTMLElement | null}, onScrolled: (scrolled: boolean) => void}} props */
function Rows({ rows, list, onScrolled }) {
  const narrow = useNarrow();
  const height = narrow ? ROW.narrow : ROW.wide;
  const virtual = useRows(rows.length, height, list);
  useEffect(() => () => onScrolled(false), []);
  /** @param {{target: HTMLElement}} event */
  const scrolled = ({ target }) => onScrolled(target.scrollTop > height);
  return html`<div class="live" ref=${list} tabindex="0" role="region" aria-label="Events, the newest first"
      onScroll=${scrolled}>
    <ul style=${{ height: `${virtual.getTotalSize()}px` }}>
      ${virtual.getVirtualItems().map(({ index, start }) => {
        const row = rows.at(index);
        if (!row) return null;
        const style = { transform: `translateY(${start}px)` };
        if (row.remark !== undefined) {
          return html`<li key=${row.id} class="remark" style=${style}><span title=${row.remark}>${row.remark}</span></li>`;
        }
        return html`<li key=${row.id} class=${row.status === "error" ? "failed" : ""} style=${style}>
          <${Row} row=${row} />
        </li>`;
      })}
    </ul>
  </div>`;
}

/** @param {{row: Exclude<FeedRow, {remark: string}>}} props */
function Row({ row }) {
  const { trace_id, id, name, kind, words } = row;
  const named = visible(name || (words ? "" : kindName({ kind })));
  const what = html`<bdi>${named}</bdi>${words && html` <bdi class=${name ? "muted" : ""}>${visible(words)}</bdi>`}`;
  return html`<${Moment} at=${row.timestamp} />
    <${TypeBadge} type=${row.event_type} />
    <bdi class="live-agent">${visible(row.agent_id ?? "").slice(0, 60)}</bdi>
    ${
      trace_id
        ? html`<${Link} row class="live-what" to=${["traces", trace_id]} params=${{ event: id }}>${what}<//>`
        : html`<span class="live-what">${what}</span>`
    }
    <span class="live-took number">${row.duration_ns ? duration(row.duration_ns) : ""}</span>
    <span class="live-status">${row.status === "error" && html`<${Status} status="error" />`}</span>`;
}
