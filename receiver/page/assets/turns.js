// The turns of a conversation: who speaks, which belong to an agent within the agent, and the text that a person copies. Pure.

import { moment } from "./format.js";

/** @import { Part, Turn } from "./types.d.ts" */

/** What a role is called, and on which side it stands. @type {Record<string, {name: string, side: string}>} */
const ROLES = {
  system: { name: "System prompt", side: "system" },
  user: { name: "User", side: "user" },
  assistant: { name: "Agent", side: "agent" },
  tool: { name: "Tool", side: "tool" },
  agent: { name: "Task from", side: "system" },
  waiting: { name: "Waits for a person", side: "waiting" },
  error: { name: "Error", side: "other" },
};

/**
 * Returns who speaks: what the role is called, its side, and the agent's, tool's or other name beside it.
 *
 * @param {Turn} turn
 */
export function speakerOf(turn) {
  const role = Object.hasOwn(ROLES, turn.role) ? ROLES[turn.role] : { name: turn.role || "Event", side: "other" };
  const by = role.side === "agent" ? turn.agent_id : role.side === "tool" ? null : turn.name; // a tool's result names it
  const within = turn.depth > 0 && role.side !== "agent" ? turn.agent_id : null;
  return { ...role, by, within };
}

/**
 * Turns of agents within an agent, which follow one another.
 *
 * @typedef {{key: string, agents: string[], of: (Turn | Group)[], turns: Turn[]}} Group
 */

/**
 * Returns turns with those of inner agents in groups, and in these the ones further in.
 *
 * @param {Turn[]} turns
 * @param {number} depth
 * @returns {(Turn | Group)[]}
 */
export function grouped(turns, depth = 0) {
  /** @type {(Turn | Group)[]} */
  const all = [];
  for (let at = 0; at < turns.length; ) {
    let end = at;
    while (end < turns.length && turns[end].depth > depth) end += 1;
    if (end === at) {
      all.push(turns[at]);
      at += 1;
      continue;
    }
    const inner = turns.slice(at, end);
    const agents = [...new Set(inner.map(({ agent_id }) => agent_id ?? "").filter(Boolean))];
    all.push({ key: `group ${inner[0].key}`, agents, of: depth < DEEPEST ? grouped(inner, depth + 1) : inner, turns: inner });
    at = end;
  }
  return all;
}

const DEEPEST = 6; // agents within agents that stand in a group of their own

/**
 * Returns what the system prompt was before, by the key of the turn that changed it.
 *
 * @param {Turn[]} turns
 * @returns {Map<string | undefined, string>}
 */
export function promptsBefore(turns) {
  const before = new Map();
  /** By agent. @type {Map<string, string>} */
  const latest = new Map();
  for (const { role, agent_id, parts, key } of turns) {
    if (role !== "system") continue;
    const known = latest.get(agent_id ?? "");
    if (known !== undefined) before.set(key, known);
    latest.set(agent_id ?? "", textOf(parts));
  }
  return before;
}

/** A value as a person copies it: a text as it is, anything else as JSON in lines. @param {unknown} value @returns {string} */
export function copyOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "";
}

/** What parts of a message say. @param {Part[]} parts */
export function textOf(parts) {
  return parts.map((part) => (part.type === "text" || part.type === "reasoning" ? part.text ?? "" : markdownOfPart(part))).join("\n\n");
}

/** @param {Part} part */
function markdownOfPart(part) {
  const name = part.name ? `\`${part.name.replace(/`/g, "")}\`` : "a tool";
  switch (part.type) {
    case "text": return part.text ?? "";
    case "reasoning": return (part.text ?? "").replace(/^/gm, "> ");
    case "tool_call": return `Calls ${name}:\n\n${fenced(part.arguments)}`;
    case "tool_result": return `${part.failed ? "Error" : "Result"} of ${name}:\n\n${fenced(part.result)}`;
    case "other": return fenced(part.text);
    default: return `(${[part.type, part.name, part.media_type, part.url].filter(Boolean).join(", ")})`;
  }
}

/** A value as a block of code, whatever backticks are in it. @param {unknown} value */
function fenced(value) {
  const text = copyOf(value);
  let longest = 2;
  for (const [run] of text.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}${typeof value === "string" ? "" : "json"}\n${text}\n${fence}`;
}

/** A conversation as Markdown. @param {string} title @param {Turn[]} turns */
export function markdownOf(title, turns) {
  const said = turns.map((turn) => {
    const { name, by, within } = speakerOf(turn);
    const { date, time } = moment(turn.timestamp);
    const who = [by ? `${name} ${by}` : name, within && `(${within})`].filter(Boolean).join(" ");
    return `## ${oneLine(who)}, ${date} ${time}\n\n${turn.parts.map(markdownOfPart).join("\n\n")}`;
  });
  return [`# ${oneLine(title)}`, ...said].join("\n\n").concat("\n");
}

/** @param {string} text */
const oneLine = (text) => text.slice(0, 300).replace(/\s+/g, " ").trim();
