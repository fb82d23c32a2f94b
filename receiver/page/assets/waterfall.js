// The waterfall: a trace's events as a tree beside their bars; only the visible rows are in the document. It is a
// WAI-ARIA treegrid: the focus stays on the grid, and `aria-activedescendant` names the active row.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { useExcerpts } from "./excerpts.js";
import { duration, number } from "./format.js";
import { Inferred } from "./inferred.js";
import { useKeys } from "./keys.js";
import { href } from "./route.js";
import { useRows } from "./rows.js";
import { Text, TypeBadge, kindOf } from "./ui.js";

/** @import { OutlinedEvent, Tree, TreeNode } from "./types.d.ts" */

const ROW = { wide: 30, narrow: 52 }; // pixels, as in trace.css
const DEEPEST = 14; // levels that are indented; more would leave no room for words
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const FOLLOW = 120; // ms after the last arrow key until the panel follows: held down, it goes through 30 rows a second

/** Returns whether the window is as narrow as a phone's; updates on changes. */
export function useNarrow() {
  const [query] = useState(() => matchMedia("(max-width: 719px)"));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const changed = () => setNarrow(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, [query]);
  return narrow;
}

/**
 * `shown` are the nodes of the tree to show; `selected` is an event's id, as in `collapsed`.
 *
 * @param {{
 *   tree: Tree, shown: TreeNode[], traceId: string, selected: string | null, hasEnded: boolean, collapsed: Set<string>,
 *   onToggle: (node: TreeNode) => void, onSelect: (id: string) => void,
 * }} props
 */
export function Waterfall({ tree, shown, traceId, selected, hasEnded, collapsed, onToggle, onSelect }) {
  const narrow = useNarrow();
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [activeId, setActiveId] = useState(selected ?? null);
  const found = activeId ? shown.findIndex((node) => node.event.id === activeId) : 0;
  const active = Math.max(found, 0);
  const rows = useRows(shown.length, narrow ? ROW.narrow : ROW.wide, scroller, {
    scrollPaddingStart: ROW.wide, // the head stays in sight above the rows
    // The active row is always in the document, because `aria-activedescendant` names it.
    rangeExtractor: ({ startIndex, endIndex, overscan }) => {
      const inSight = [];
      const last = Math.min(endIndex + overscan, shown.length - 1);
      for (let index = Math.max(startIndex - overscan, 0); index <= last; index++) inSight.push(index);
      if (active < inSight[0]) inSight.unshift(active);
      else if (active > last) inSight.push(active);
      return inSight;
    },
  });
  const inSight = rows.getVirtualItems().filter(({ index }) => index < shown.length);
  const excerpts = useExcerpts(inSight.map(({ index }) => shown[index]));
  const following = useRef(0);

  useEffect(() => {
    if (!selected) return;
    setActiveId(selected);
    const index = shown.findIndex((node) => node.event.id === selected);
    if (index >= 0) rows.scrollToIndex(index, { align: "auto" });
  }, [selected]);
  useEffect(() => () => clearTimeout(following.current), []);

  /** @param {number} index */
  const go = (index) => {
    const node = shown[Math.min(Math.max(index, 0), shown.length - 1)];
    setActiveId(node.event.id);
    rows.scrollToIndex(shown.indexOf(node), { align: "auto" });
    clearTimeout(following.current);
    if (selected) following.current = setTimeout(() => onSelect(node.event.id), FOLLOW);
  };
  /** @param {TreeNode} node */
  const open = (node) => {
    clearTimeout(following.current);
    onSelect(node.event.id);
  };
  /** @param {MouseEvent & {target: Element}} click */
  const onClick = (click) => {
    /** @type {HTMLElement | null} */
    const row = click.target.closest("[role=row][data-index]");
    const node = row && shown[Number(row.dataset.index)];
    if (!node || click.ctrlKey || click.metaKey || click.shiftKey) return; // a tab or window of its own
    click.preventDefault();
    if (click.target.closest("button")) onToggle(node);
    else open(node);
  };
  const page = () => Math.max(Math.floor((scroller.current?.clientHeight ?? 300) / ROW.wide) - 2, 1);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const node = shown.at(active);
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = node.children.length > 0 && !collapsed.has(node.event.id);
    /** @type {Record<string, () => unknown>} */
    const keys = {
      ArrowDown: () => go(active + 1),
      ArrowUp: () => go(active - 1),
      j: () => go(active + 1),
      k: () => go(active - 1),
      PageDown: () => go(active + page()),
      PageUp: () => go(active - page()),
      Home: () => go(0),
      End: () => go(shown.length - 1),
      ArrowRight: () => (isOpen ? go(active + 1) : node.children.length && onToggle(node)),
      ArrowLeft: () => (isOpen ? onToggle(node) : node.parent && go(shown.indexOf(node.parent))),
      Enter: () => open(node),
      " ": () => open(node),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  };

  /** @param {number} by */
  const focused = (by) => {
    scroller.current?.focus();
    go(active + by);
  };
  useKeys({ j: () => focused(1), k: () => focused(-1) });
  const ticks = TICKS.slice(0, tree.length ? TICKS.length : 1);

  return html`
    <div
      class="waterfall"
      role="treegrid"
      aria-label="Events of the trace"
      aria-rowcount=${shown.length + 1}
      aria-colcount="3"
      aria-activedescendant=${shown.length ? rowId(shown[active]) : undefined}
      tabindex="0"
      ref=${scroller}
      onKeyDown=${onKeyDown}
    >
      <div role="rowgroup" class="waterfall-head">
        <div role="row" class="waterfall-row" aria-rowindex="1">
          <div role="columnheader">Event</div>
          <div role="columnheader" class="took">Duration</div>
          <div role="columnheader" class="scale" aria-label="Time since the trace began">
            ${ticks.map((tick) => html`<span style=${{ left: `${tick * 100}%` }}>${duration(tick * tree.length)}</span>`)}
          </div>
        </div>
      </div>
      <div role="rowgroup" class="waterfall-rows" style=${{ height: `${rows.getTotalSize()}px` }} onClick=${onClick}>
        ${inSight.map(({ index, start }) => html`<${Row}
          key=${shown[index].event.id}
          node=${shown[index]}
          excerpt=${excerpts.get(shown[index].event.id)}
          index=${index}
          top=${start}
          length=${tree.length}
          tops=${tree.tops}
          traceId=${traceId}
          hasEnded=${hasEnded}
          isOpen=${!collapsed.has(shown[index].event.id)}
          isActive=${index === active}
          isSelected=${shown[index].event.id === selected}
        />`)}
      </div>
    </div>
  `;
}

/** @param {TreeNode} node */
const rowId = (node) => `row-${node.event.id}`;

/**
 * @typedef {{
 *   node: TreeNode, excerpt: string | undefined, index: number, top: number, length: number, tops: number,
 *   traceId: string, hasEnded: boolean, isOpen: boolean, isActive: boolean, isSelected: boolean,
 * }} RowProps
 */

/** While one scrolls, rows that stay are left alone: a frame takes half the time. @param {RowProps} shown */
function Row(shown) {
  const { node, excerpt, index, top, hasEnded, isOpen, isActive, isSelected } = shown;
  return useMemo(() => drawn(shown), [node, excerpt, index, top, hasEnded, isOpen, isActive, isSelected]);
}

/** @param {RowProps} shown */
function drawn({ node, excerpt, index, top, length, tops, traceId, hasEnded, isOpen, isActive, isSelected }) {
  const { event } = node;
  const parts = node.children.length > 0;
  const begins = `begins ${duration(Math.abs(node.start))} ${node.start < 0 ? "before" : "after"} the start`;
  const classes = ["waterfall-row", isActive && "active", isSelected && "selected", node.error && "failed"];
  return html`
    <div
      role="row"
      id=${rowId(node)}
      data-index=${index}
      class=${classes.filter(Boolean).join(" ")}
      style=${{ transform: `translateY(${top}px)` }}
      aria-rowindex=${index + 2}
      aria-level=${node.depth + 1}
      aria-posinset=${node.place}
      aria-setsize=${node.parent ? node.parent.children.length : tops}
      aria-expanded=${parts ? isOpen : undefined}
      aria-selected=${isSelected}
    >
      <div role="gridcell" class="what" style=${{ "--depth": Math.min(node.depth, DEEPEST) }}>
        ${
          parts
            ? html`<button type="button" class="toggle" tabindex="-1" aria-label=${isOpen ? "Collapse" : "Expand"}>
                ${isOpen ? "▾" : "▸"}
              </button>`
            : html`<span class="toggle"></span>`
        }
        ${node.depth > DEEPEST && html`<span class="hidden-count" title="Levels below the top">${number(node.depth)}</span>`}
        <${TypeBadge} type=${event.event_type} />
        <a class="name" tabindex="-1" href=${href(["traces", traceId], { event: event.id })}>
          <${Text} value=${[excerpt && !event.call_name ? "" : nameOf(event), excerpt].filter(Boolean).join(": ")} limit=${200} />
        </a>
        ${node.error && html`<span class="mark-error">✕ error</span>`}
        <${Inferred} correlation=${event.correlation} />
        ${node.orphan && hasEnded && html`<span class="inferred" title="The span around it was never received: its sender may have dropped it">
          its parent was not received
        </span>`}
        ${parts && !isOpen && html`<span class="hidden-count">
          ${number(node.below)} inside${node.errorsBelow ? `, ${number(node.errorsBelow)} ✕` : ""}
        </span>`}
      </div>
      <div role="gridcell" class="took">${event.duration_ns ? duration(event.duration_ns) : ""}</div>
      <div role="gridcell" class="scale" aria-label=${begins} title=${begins}>
        <${Bar} node=${node} length=${length} />
      </div>
    </div>
  `;
}

/** @param {{node: TreeNode, length: number}} props */
function Bar({ node, length }) {
  /** @param {number} nanoseconds */
  const within = (nanoseconds) => Math.max(0, Math.min(nanoseconds, length));
  /** @param {number} nanoseconds */
  const share = (nanoseconds) => `${length ? (100 * nanoseconds) / length : 0}%`;
  if (!node.event.duration_ns) {
    return html`<span class=${`moment ${node.error ? "error" : ""}`} style=${{ left: share(within(node.start)) }}>
      ${node.error ? "✕" : "◆"}
    </span>`;
  }
  return html`<span
    class=${`bar kind-${kindOf(node.event.event_type)} ${node.error ? "error" : ""}`}
    style=${{ left: share(within(node.start)), width: share(within(node.end) - within(node.start)) }}
  ></span>`;
}

/** What an event is called: its name or its call's, or its type, or what kind of thing it is. @param {OutlinedEvent} event */
export function nameOf(event) {
  return event.name || event.call_name || event.event_type || event.kind || "event";
}
