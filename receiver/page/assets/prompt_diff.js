// What is new in a prompt since the call before: messages that came or went, and lines of the system prompt. Pure.

import { textOf } from "./turns.js";

/** @import { Call, Message, TreeNode } from "./types.d.ts" */

/**
 * Messages or lines that follow one another: the same in both, only in the later, only in the earlier.
 *
 * @template Item
 * @typedef {{kind: "same" | "added" | "removed", items: Item[]}} Change
 */

const MOST_LINES = 600; // lines that are compared with each other

/**
 * Returns the id of the model call before an event's, of the same agent; undefined if there is none.
 *
 * @param {TreeNode[]} nodes
 * @param {TreeNode | undefined} node
 */
export function callBefore(nodes, node) {
  const now = node?.event;
  if (!now?.call_id) return undefined;
  const own = nodes.filter(({ event }) => event.call_id === now.call_id).map(({ event }) => event.timestamp).sort()[0];
  let latest = "";
  let found;
  for (const { event } of nodes) {
    if (event.event_type !== "model_call" || !event.call_id || event.call_id === now.call_id) continue;
    if (event.agent_id !== now.agent_id || event.timestamp >= own || event.timestamp < latest) continue;
    latest = event.timestamp;
    found = event.call_id;
  }
  return found;
}

/**
 * Returns what changed from one call's prompt to the next: its messages, and its system prompt, null if that is the same.
 *
 * @param {Pick<Call, "system" | "sent">} before
 * @param {Pick<Call, "system" | "sent">} now
 * @returns {{messages: Change<Message>[], system: Change<string>[] | null}}
 */
export function promptDiff(before, now) {
  const [first, second] = [textOf(before.system), textOf(now.system)];
  return {
    messages: changes(before.sent, now.sent, keyOf),
    system: first === second ? null : lineDiff(first, second),
  };
}

/** What makes two messages the same: not the ids that a sender makes anew. @param {Message} message */
const keyOf = ({ role, parts }) => JSON.stringify([role, parts.map(({ id: _, ...part }) => part)]);

/** @param {string} before @param {string} now @returns {Change<string>[]} */
export function lineDiff(before, now) {
  const [first, second] = [before.split("\n"), now.split("\n")];
  return changes(first, second, (line) => line);
}

/**
 * Returns two lists as one, in the order of both. What is the same at their beginnings and ends is found first; what is between
 * is compared item by item, or is all new where it is very long.
 *
 * @template Item
 * @param {Item[]} before
 * @param {Item[]} now
 * @param {(item: Item) => string} key
 * @returns {Change<Item>[]}
 */
function changes(before, now, key) {
  const [old, fresh] = [before.map(key), now.map(key)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  /** @type {Change<Item>[]} */
  const all = [];
  /** @param {"same" | "added" | "removed"} kind @param {Item} item */
  const add = (kind, item) => {
    const last = all.at(-1);
    if (last?.kind === kind) last.items.push(item);
    else all.push({ kind, items: [item] });
  };
  for (const item of now.slice(0, head)) add("same", item);
  const [from, to] = [before.length - tail, now.length - tail];
  let [left, right] = [head, head];
  for (const [one, other] of common(old.slice(head, from), fresh.slice(head, to))) {
    while (left < head + one) add("removed", before[left++]);
    while (right < head + other) add("added", now[right++]);
    add("same", now[right++]);
    left += 1;
  }
  while (left < from) add("removed", before[left++]);
  while (right < to) add("added", now[right++]);
  for (const item of now.slice(to)) add("same", item);
  return all;
}

/** The places of the longest common subsequence, in both lists. @param {string[]} old @param {string[]} fresh @returns {[number, number][]} */
function common(old, fresh) {
  if (!old.length || !fresh.length || old.length > MOST_LINES || fresh.length > MOST_LINES) return [];
  const width = fresh.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  for (let one = old.length - 1; one >= 0; one--) {
    for (let other = fresh.length - 1; other >= 0; other--) {
      longest[one * width + other] = old[one] === fresh[other] ? longest[(one + 1) * width + other + 1] + 1
        : Math.max(longest[(one + 1) * width + other], longest[one * width + other + 1]);
    }
  }
  /** @type {[number, number][]} */
  const places = [];
  for (let one = 0, other = 0; one < old.length && other < fresh.length; ) {
    if (old[one] === fresh[other]) places.push([one++, other++]);
    else if (longest[(one + 1) * width + other] >= longest[one * width + other + 1]) one += 1;
    else other += 1;
  }
  return places;
}
