// A trace's events as the tree of who caused whom, on one scale of time. Pure: values in, values out.

import { nanoseconds } from "./format.js";

/**
 * Give {nodes, tops, length, byId}. `nodes` has every event once, parents before their children, siblings in
 * the order given. A node is {event, depth, parent, children, start, end, error, orphan, below, errorsBelow, place};
 * start and end are nanoseconds from the trace's first moment, `length` those of all of it; `below` counts what is
 * under a node; `place` is its number among its siblings, from 1. What names a parent that is not there is an orphan
 * and stands at the top; of a circle, the first event does.
 */
export function treeOf(events) {
  const made = events.map((event) => ({
    event,
    depth: 0,
    parent: null,
    children: [],
    error: event.status === "error",
    orphan: false,
    below: 0,
    errorsBelow: 0,
    place: 0,
  }));
  const bySpan = new Map();
  for (const node of made) {
    const span = node.event.span_id;
    if (span && !bySpan.has(span)) bySpan.set(span, node);
  }
  const children = new Map();
  const tops = [];
  for (const node of made) {
    const named = node.event.parent_span_id;
    const parent = named ? bySpan.get(named) : null;
    node.orphan = Boolean(named) && !parent;
    if (!parent || parent === node) tops.push(node);
    else if (children.has(parent)) children.get(parent).push(node);
    else children.set(parent, [node]);
  }
  const nodes = inOrder(made, tops, children);
  for (const node of nodes) if (node.parent) node.parent.children.push(node);
  numbered(nodes.filter((node) => !node.parent));
  for (const node of nodes) numbered(node.children);
  for (const node of [...nodes].reverse()) {
    if (!node.parent) continue;
    node.parent.below += node.below + 1;
    node.parent.errorsBelow += node.errorsBelow + (node.error ? 1 : 0);
  }
  return { nodes, tops: nodes.filter((node) => !node.parent).length, length: timed(nodes), byId: new Map(nodes.map((node) => [node.event.id, node])) };
}

// With a stack of its own: a chain of 10,000 spans is deeper than calls may nest.
function inOrder(made, tops, children) {
  const nodes = [];
  const seen = new Set();
  // Whatever no top leads to is part of a circle.
  for (const top of [...tops, ...made]) {
    const waiting = seen.has(top) ? [] : [[top, null]];
    while (waiting.length) {
      const [node, parent] = waiting.pop();
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

function numbered(siblings) {
  siblings.forEach((node, index) => {
    node.place = index + 1;
  });
}

function timed(nodes) {
  let first = null;
  for (const { event } of nodes) if (first === null || event.timestamp < first) first = event.timestamp;
  const began = first && nanoseconds(first);
  let length = 0;
  for (const node of nodes) {
    node.start = Number(nanoseconds(node.event.timestamp) - began);
    node.end = node.start + (node.event.duration_ns ?? 0);
    length = Math.max(length, node.end);
  }
  return length;
}

/**
 * The errors in the order in which they became known: a span's at its end, the innermost first. What was logged on the
 * way to the first exception comes after it, for the exception says best what happened.
 */
export function errorsOf(nodes) {
  const errors = nodes.filter((node) => node.error).sort((a, b) => a.end - b.end || b.depth - a.depth);
  const thrown = errors.find((node) => isException(node) && node.parent === errors[0].parent);
  return thrown ? [thrown, ...errors.filter((node) => node !== thrown)] : errors;
}

const isException = ({ event }) => event.kind === "span_event" && event.name === "exception";

/**
 * The nodes to show: without what is below `collapsed` (ids); where `matches` is a function, those it holds for and
 * what they are below, whatever is collapsed.
 */
export function shownOf(nodes, collapsed, matches) {
  if (matches) {
    const kept = new Set();
    for (const node of nodes) {
      if (matches(node)) for (let each = node; each && !kept.has(each); each = each.parent) kept.add(each);
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
 * A matcher of type, status and words; null where nothing is asked. Each of the words stands in the name, the type or
 * the agent, or an id begins with it.
 */
export function matcher({ type, status, text }) {
  const words = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!type && !status && !words.length) return null;
  return ({ event }) => {
    if (type && event.event_type !== type) return false;
    if (status && (event.status ?? "unset") !== status) return false;
    if (!words.length) return true;
    const said = [event.name, event.event_type, event.agent_id].join("\n").toLowerCase();
    return words.every((word) => said.includes(word) || (word.length >= SHORTEST_ID && isOf(event, word)));
  };
}

const isOf = (event, word) => [event.id, event.span_id].some((id) => id?.toLowerCase().startsWith(word));
