// A trace's events as a tree of parents and children, on one time scale. Pure.

import { nanoseconds } from "./format.js";

/** @import { OutlinedEvent, Tree, TreeNode } from "./types.d.ts" */

/**
 * Returns the tree. `nodes` has every event once, parents before their children, siblings in the given order. An event
 * with a missing parent is an orphan at the top level; of a circle, the first event is at the top level.
 *
 * @param {OutlinedEvent[]} events
 * @returns {Tree}
 */
export function treeOf(events) {
  /** @type {TreeNode[]} */
  const made = events.map((event) => ({
    event,
    depth: 0,
    parent: null,
    children: [],
    start: 0,
    end: 0,
    error: event.status === "error",
    orphan: false,
    below: 0,
    errorsBelow: 0,
    place: 0,
  }));
  /** @type {Map<string, TreeNode>} */
  const bySpan = new Map();
  for (const node of made) {
    const span = node.event.span_id;
    if (span && !bySpan.has(span)) bySpan.set(span, node);
  }
  /** @type {Map<TreeNode, TreeNode[]>} */
  const children = new Map();
  /** @type {TreeNode[]} */
  const tops = [];
  for (const node of made) {
    const named = node.event.parent_span_id;
    const parent = named ? bySpan.get(named) : null;
    node.orphan = Boolean(named) && !parent;
    const siblings = parent && parent !== node ? children.get(parent) : tops;
    if (siblings) siblings.push(node);
    else if (parent) children.set(parent, [node]);
  }
  const nodes = inOrder(made, tops, children);
  for (const node of nodes) node.parent?.children.push(node);
  const highest = nodes.filter((node) => !node.parent);
  numbered(highest);
  for (const node of nodes) numbered(node.children);
  for (const node of [...nodes].reverse()) {
    if (!node.parent) continue;
    node.parent.below += node.below + 1;
    node.parent.errorsBelow += node.errorsBelow + (node.error ? 1 : 0);
  }
  const byId = new Map(nodes.map((node) => [node.event.id, node]));
  return { nodes, tops: highest.length, length: timed(nodes), byId };
}

/**
 * Uses a stack instead of recursion, because a chain of 10,000 spans is too deep for recursion.
 *
 * @param {TreeNode[]} made
 * @param {TreeNode[]} tops
 * @param {Map<TreeNode, TreeNode[]>} children
 */
function inOrder(made, tops, children) {
  /** @type {TreeNode[]} */
  const nodes = [];
  const seen = new Set();
  // Events that no top-level event leads to are part of a circle.
  for (const top of [...tops, ...made]) {
    /** @type {[TreeNode, TreeNode | null][]} */
    const waiting = [[top, null]];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [node, parent] = next;
      if (seen.has(node)) continue;
      seen.add(node);
      node.parent = parent;
      node.depth = parent ? parent.depth + 1 : 0;
      nodes.push(node);
      for (const child of (children.get(node) ?? []).toReversed()) waiting.push([child, node]);
    }
  }
  return nodes;
}

/** @param {TreeNode[]} siblings */
function numbered(siblings) {
  siblings.forEach((node, index) => {
    node.place = index + 1;
  });
}

/**
 * Sets when each node starts and ends, and gives the length of all of it. Events whose date is wrong, and what judges the
 * others, may be before the start or after the end: a run is often scored long after it.
 *
 * @param {TreeNode[]} nodes
 */
function timed(nodes) {
  if (!nodes.length) return 0;
  const judging = judgingOf(nodes);
  const judged = nodes.filter((node) => !judging.has(node));
  const scale = new Set(judged.length ? judged : nodes);
  const starts = [...scale].map(({ event }) => event.timestamp).sort();
  const began = nanoseconds(starts[0]);
  const [first, last] = withoutStrays(starts.map((start) => Number(nanoseconds(start) - began)));
  let length = 0;
  for (const node of nodes) {
    const start = Number(nanoseconds(node.event.timestamp) - began);
    node.start = start - first;
    node.end = node.start + (node.event.duration_ns ?? 0);
    if (scale.has(node) && start >= first && start <= last) length = Math.max(length, node.end);
  }
  return length;
}

/** Returns the evaluations and all that is inside them. @param {TreeNode[]} nodes parents before their children */
function judgingOf(nodes) {
  /** @type {Set<TreeNode>} */
  const judging = new Set();
  for (const node of nodes) {
    if (node.event.event_type === "evaluation" || (node.parent && judging.has(node.parent))) judging.add(node);
  }
  return judging;
}

const FEW = 50;
const FAR = 365 * 86_400e9; // nanoseconds: a year

/**
 * Returns the first and the last of sorted moments, but for a few that are far from all others: one in fifty on either
 * side, or one of three or more (as storage/read/activity.py does for traces).
 *
 * @param {number[]} starts
 * @returns {[number, number]}
 */
function withoutStrays(starts) {
  const last = starts.length - 1;
  const few = last < 2 ? 0 : Math.max(1, Math.floor(starts.length / FEW));
  const far = Math.max(FAR, 3 * (starts[last - few] - starts[few]));
  let begin = few;
  while (begin > 0 && starts[begin] - starts[begin - 1] <= far) begin -= 1;
  let end = last - few;
  while (end < last && starts[end + 1] - starts[end] <= far) end += 1;
  return [starts[begin], starts[end]];
}

/**
 * Returns the errors in the order in which they became known, a span's error at its end, the innermost first; before them
 * the first one that the receiver tells of, because others repeat it.
 *
 * @param {TreeNode[]} nodes
 * @param {string | null} firstId
 */
export function errorsOf(nodes, firstId) {
  const errors = nodes.filter((node) => node.error || node.event.id === firstId).sort((a, b) => a.end - b.end || b.depth - a.depth);
  const first = errors.find((node) => node.event.id === firstId);
  return first ? [first, ...errors.filter((node) => node !== first)] : errors;
}

/**
 * Returns the nodes to show: without those below `collapsed` ones (ids); if `matches` is a function, the nodes for
 * which it is true and their ancestors, whatever is collapsed.
 *
 * @param {TreeNode[]} nodes
 * @param {Set<string>} collapsed
 * @param {((node: TreeNode) => boolean) | null} matches
 */
export function shownOf(nodes, collapsed, matches) {
  if (matches) {
    const kept = new Set();
    for (const node of nodes) {
      if (!matches(node)) continue;
      /** @type {TreeNode | null} */
      let each = node;
      for (; each && !kept.has(each); each = each.parent) kept.add(each);
    }
    return nodes.filter((node) => kept.has(node));
  }
  if (!collapsed.size) return nodes;
  const shown = [];
  let hiddenFrom = Infinity;
  for (const node of nodes) {
    if (node.depth > hiddenFrom) continue;
    hiddenFrom = collapsed.has(node.event.id) ? node.depth : Infinity;
    shown.push(node);
  }
  return shown;
}

const SHORTEST_ID = 6; // characters: two hex digits stand in every other id

/**
 * Returns a function that matches type, status and words, or null without any of them. Each word must be in the name,
 * the type or the agent, or be the beginning of an id.
 *
 * @param {{type?: string, status?: string, text?: string}} asked
 * @returns {((node: TreeNode) => boolean) | null}
 */
export function matcher({ type, status, text }) {
  const words = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!type && !status && !words.length) return null;
  return ({ event }) => {
    if (type && event.event_type !== type) return false;
    if (status && (event.status ?? "unset") !== status) return false;
    if (!words.length) return true;
    const said = [event.name ?? event.call_name, event.event_type, event.agent_id].join("\n").toLowerCase();
    return words.every((word) => said.includes(word) || (word.length >= SHORTEST_ID && isOf(event, word)));
  };
}

/** @param {OutlinedEvent} event @param {string} word */
const isOf = (event, word) => [event.id, event.span_id].some((id) => id?.toLowerCase().startsWith(word));
