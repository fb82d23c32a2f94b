// Types for the checker only (tsc, by `make lint`): the API's answers, as far as the page reads them, and types that
// several of the page's modules share. No browser loads this file.

import type { ComponentChildren } from "preact";
import type { ApiError } from "./api.js";

/** What can stand in a template. */
export type Content = ComponentChildren;

/** A component's function. */
export type Component = (props: never) => Content;

/** The parameters of an address, after its `?`. */
export type Params = Record<string, string | undefined>;

/** Values for the parameters of an address or a request; empty ones are left out. */
export type Query = Record<string, string | number | boolean | null | undefined>;

/** A page's path: text of our own, or parts that may come from senders. */
export type Path = string | string[];

// What the API answers. receiver/http/*answers.py describe it.

export type Status = "unset" | "ok" | "error";

interface Page {
  next_cursor: string | null;
}

export interface AgentEvent {
  id: string;
  trace_id: string | null;
  timestamp: string;
  event_type: string | null;
  agent_id: string | null;
  session_id: string | null;
  name: string | null;
  status: Status;
  properties: Record<string, unknown>;
  source: Record<string, unknown> | null;
  resource: Record<string, unknown> | null;
  scope: Record<string, unknown> | null;
  span_id: string | null;
  parent_span_id: string | null;
  kind: string;
  severity: string | null;
  duration_ns: number | null;
  flags: number | null;
  observed_timestamp: string | null;
  order: number | null;
  created_at: string;
  correlation: string;
}

/** What was said of how good something was. */
export interface Score {
  id: string;
  name: string;
  value: number | null;
  label: string | null;
  explanation: string | null;
  source: "person" | "code" | "model" | null;
  author: string | null;
  timestamp: string;
  about: "trace" | "session" | "call" | "event";
  trace_id: string;
  session_id: string | null;
  call_id: string | null;
  event_id: string | null;
}

/** What the scores of a name come to. */
export interface ScoreSum {
  name: string;
  count: number;
  mean: number | null;
  labels: Record<string, number>;
}

/** An event of a trace's outline; fields that are null or 0 are left out. */
export interface OutlinedEvent {
  id: string;
  timestamp: string;
  status: Status;
  kind: string;
  correlation: string;
  duration_ns?: number;
  name?: string;
  event_type?: string;
  severity?: string;
  span_id?: string;
  parent_span_id?: string;
  agent_id?: string;
  input_tokens?: number;
  output_tokens?: number;
  /** The call that it reports. */
  call_id?: string;
  /** That of the call, of an event without a name. */
  call_name?: string;
}

/** The sums of a trace or a session. */
export interface Sums {
  event_count: number;
  error_count: number;
  calls: number;
  tools: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  reasoning_tokens: number;
  cost_usd: number;
  unpriced_calls: number;
  models: string[];
  tool_names: string[];
  agent_ids: string[];
  user_ids: string[];
  first_question: string | null;
  last_answer: string | null;
  first_error: string | null;
  /** The call of a model or a tool that took longest. */
  slowest: { name: string; duration_ns: number } | null;
  /** What came most often with the same arguments, three times at least. */
  repeated: { name: string; times: number } | null;
  score_sums: ScoreSum[];
  interpreted: boolean;
}

export interface Trace extends Sums {
  id: string;
  session_id: string | null;
  agent_id: string | null;
  status: "running" | "completed" | "failed";
  name: string | null;
  service: string | null;
  project: string | null;
  origin: "given" | "inferred";
  start_time: string;
  end_time: string | null;
  duration_ns: number;
  last_event_at: string;
  updated_at: string;
}

export interface Outline extends Trace {
  /** The id of the event that tells of `first_error`. */
  first_error_event: string | null;
  scores: Score[];
  events: OutlinedEvent[];
  truncated: boolean;
}

export interface Session extends Sums {
  id: string;
  trace_count: number;
  first_event_at: string;
  last_event_at: string;
  duration_ns: number;
}

/** A trace of a session; `part` is the session's own part, if it shares the trace with other sessions. */
export interface SessionTrace extends Trace {
  part: (Sums & { first_event_at: string; last_event_at: string }) | null;
}

/** Tokens of a call, of a trace or of a session; null if unknown. */
export interface Spent {
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
}

/** A call of a model, a tool or an agent. */
export interface ListedCall extends Spent {
  id: string;
  trace_id: string;
  start_time: string;
  kind: "model" | "tool" | "agent";
  name: string | null;
  agent_id: string | null;
  status: Status;
  error: string | null;
  duration_ns: number;
  cost_usd: number | null;
  cost_from: "given" | "priced" | null;
  price: string | null;
  told_by: string[];
}

/** A call of a run that is compared. */
export type ComparedCall = Pick<
  ListedCall,
  "id" | "trace_id" | "name" | "agent_id" | "start_time" | "duration_ns" | "status" | "error" | "input_tokens" | "output_tokens" | "cost_usd"
> & { depth: number };

/** A step of both runs, or of one; `said` is false where what was said was not compared. */
export interface ComparedStep {
  kind: ListedCall["kind"];
  a: ComparedCall | null;
  b: ComparedCall | null;
  differs: string[];
  said: boolean;
}

/** A trace or a session that is compared. */
export type Compared = Sums & Pick<Trace, "id" | "duration_ns"> & Partial<Pick<Trace, "name" | "agent_id" | "status" | "start_time">> &
  Partial<Pick<Session, "first_event_at" | "trace_count">>;

export interface Comparison {
  a: Compared;
  b: Compared;
  steps: ComparedStep[];
  truncated: boolean;
}

export interface ComparedText {
  field: string;
  differs: boolean;
  changes: { whose: "both" | "a" | "b"; text: string; left_out: number }[];
  truncated: boolean;
}

/** A call with its messages. */
export interface Call extends ListedCall {
  system: Part[];
  sent: Message[];
  answered: Message[];
  missing: number;
  arguments: unknown;
  result: unknown;
}

export interface CallExplanation {
  told_by: { event_id: string; rule: string }[];
}

export interface Bucket {
  start: string;
  traces: number;
  failed: number;
}

export interface Activity {
  since: string;
  until: string;
  complete: boolean;
  buckets: Bucket[];
  /** Traces that began years before or after all others. */
  earlier: number;
  later: number;
}

export interface IndexState {
  state: string;
  pending: number;
}

export interface Highlight {
  text: string;
  ranges: [number, number][];
}

export interface Place {
  rank: number;
  score: number;
}

export interface Result {
  score: number;
  event: AgentEvent;
  /** The key of what was said in the event, and how many events say it. */
  passage: string | null;
  occurrences?: { events: number; traces: number };
  /** The event's system prompt was found. */
  prompt: boolean;
  highlights: Highlight[];
  parts?: Record<string, Place>;
  more?: number;
}

/** The answer of a search (`mode`, `reranked` of the `candidates`), or the events that are similar to one. */
export interface Found {
  took_ms: number;
  index: IndexState;
  results: Result[];
  mode?: string | null;
  reranked?: number;
  candidates?: number;
}

export interface FacetValue {
  value: string;
  count: number;
}

export interface Facets {
  index: IndexState;
  events: number;
  complete: boolean;
  facets: Record<"event_type" | "agent_id" | "service" | "project" | "status", FacetValue[]>;
}

export interface Stats {
  events: number;
  index_state: string;
  index_progress: number;
}

/** A value, where it comes from, and the key there. */
export interface ExplainedValue {
  value: string | null;
  from: string;
  key: string | null;
}

export interface Explanation {
  rule: string;
  session_id: ExplainedValue;
  agent_id: ExplainedValue;
  event_type: ExplainedValue;
}

export interface Part {
  type: "text" | "reasoning" | "tool_call" | "tool_result" | "image" | "audio" | "video" | "file" | "other";
  id?: string;
  text?: string;
  name?: string;
  arguments?: unknown;
  result?: unknown;
  media_type?: string;
  size?: number;
  url?: string;
  /** Under which its event has the bytes of a picture. */
  picture?: string;
  failed?: boolean;
}

export interface Message {
  role: string;
  parts: Part[];
}

export interface Tool {
  name: string | null;
  arguments: unknown;
  result: unknown;
  error: string | null;
}

export interface Messages {
  system: Part[];
  sent: Message[];
  answered: Message[];
  /** How many messages before those that were sent the sender dropped. */
  missing: number;
  tool: Tool | null;
}

/** A span that a span links to. */
export interface SpanLink {
  trace_id: string;
  span_id: string;
  trace_state: string | null;
  flags: number | null;
  attributes: Record<string, unknown>;
}

export interface Links {
  links: SpanLink[];
  linked_by: { id: string; trace_id: string; span_id: string; name: string | null; timestamp: string }[];
  truncated: boolean;
}

export interface Turn extends Message {
  event_id: string;
  depth: number;
  timestamp: string;
  status: Status;
  name?: string;
  agent_id?: string;
  call_id?: string;
  /** Which of the loaded turns it is; the page's own. */
  key?: string;
}

export interface Conversation extends Page {
  turns: Turn[];
}

/** Counts and sums of runs or calls. */
export interface Figures {
  count: number;
  failed: number;
  calls: number;
  unpriced_calls: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
  p50_duration_ns: number | null;
  p95_duration_ns: number | null;
}

export interface Overview extends Figures {
  since: string | null;
  until: string | null;
  earlier: number;
  later: number;
  steps: (Figures & { start: string })[];
}

export interface FigureRow extends Figures {
  name: string;
}

/** Failures that are the same but for what differs from one time to the next. */
export interface ErrorRow {
  name: string;
  where: string;
  agent_ids: string[];
  count: number;
  counts: number[];
  first_seen: string;
  last_seen: string;
  new: boolean;
}

export interface Breakdown {
  names: number;
  complete: boolean;
  rows: FigureRow[];
  errors: ErrorRow[];
  scores: ScoreSum[];
}

export interface Alert {
  id: string;
  timestamp: string;
  text: string;
  webhook: string;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  last_error: string | null;
  trace_id: string | null;
  since: string | null;
  until: string | null;
}

/** The answer of `GET /api/v1` + `Path`. */
// biome-ignore format: a table
export type Answer<Path extends string> =
  Path extends "/activity" ? Activity :
  Path extends "/alerts" ? { alerts: Alert[] } & Page :
  Path extends "/breakdown" ? Breakdown :
  Path extends "/calls" ? { calls: ListedCall[] } & Page :
  Path extends `/calls/${string}/compare` ? { texts: ComparedText[] } :
  Path extends `/calls/${string}/explain` ? CallExplanation :
  Path extends `/calls/${string}` ? Call :
  Path extends "/events" ? { events: AgentEvent[] } & Page :
  Path extends `/events/${string}/explain` ? Explanation :
  Path extends `/events/${string}/links` ? Links :
  Path extends `/events/${string}/messages` ? Messages :
  Path extends `/events/${string}/similar` ? Found :
  Path extends `/events/${string}` ? AgentEvent & { scores: Score[] } :
  Path extends "/facets" ? Facets :
  Path extends "/overview" ? Overview :
  Path extends "/search" ? Found :
  Path extends "/sessions" ? { sessions: Session[] } & Page :
  Path extends `/sessions/${string}/conversation` ? Conversation :
  Path extends `/sessions/${string}/compare` ? Comparison :
  Path extends `/sessions/${string}` ? Session & { traces: SessionTrace[] } :
  Path extends "/stats" ? Stats :
  Path extends "/traces" ? { traces: Trace[]; left_out: number } & Page :
  Path extends `/traces/${string}/compare` ? Comparison :
  Path extends `/traces/${string}/conversation` ? Conversation :
  Path extends `/traces/${string}/outline` ? Outline :
  Path extends `/traces/${string}` ? Trace :
  never;

/** The messages of `/live`. */
export type LiveMessage = { event: "event"; data: AgentEvent } | { event: "dropped"; data: { count: number } };

// Types that the page's modules share.

/** An error of a request or of a page; only `message` is always set. */
export type Trouble = Pick<ApiError, "message"> & Partial<ApiError>;

/** The result of `useLoad`. */
export interface Loaded<Data> {
  data: Data | undefined;
  error: Trouble | null;
  loading: boolean;
  reload: () => void;
}

/** A page of a list. */
export interface Listed<Item> {
  items: Item[];
  /** How many others are not listed. */
  left_out?: number;
  next_cursor: string | null;
}

/** The result of `usePages`. */
export interface Pages<Item> {
  items: Item[] | undefined;
  error: Trouble | null;
  loading: boolean;
  leftOut: number;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
}

/** A node of the tree of a trace's events (tree.js). */
export interface TreeNode {
  event: OutlinedEvent;
  depth: number;
  parent: TreeNode | null;
  children: TreeNode[];
  /** Nanoseconds since the start of the trace. */
  start: number;
  end: number;
  error: boolean;
  /** It names a parent that the trace does not have. */
  orphan: boolean;
  /** How many nodes are below it, and how many of them are errors. */
  below: number;
  errorsBelow: number;
  /** Its number among its siblings, from 1. */
  place: number;
}

export interface Tree {
  nodes: TreeNode[];
  tops: number;
  /** Nanoseconds from the start to the end. */
  length: number;
  byId: Map<string, TreeNode>;
}

/** The error of an event; each field is a text or "". */
export interface Failure {
  kind: string;
  message: string;
  stack: string;
}

/** A field of a filter bar (filters.js). */
export interface Field {
  name: string;
  label: string;
  type?: "text" | "select" | "period";
  options?: (string | [string, string])[];
  placeholder?: string;
  /** The first choice of a select: any, if not given. */
  none?: string;
  /** It is no filter: clearing leaves it. */
  keeps?: boolean;
}

/** A column of a list (columns.js). */
export interface Column<Item> {
  id: string;
  label: string;
  /** Its class: number, or cut for text of any length. */
  kind?: "number" | "cut";
  /** The API's name of the order. */
  sort?: string;
  /** Shown only if it was chosen; or only if this holds of the items, unless it was chosen. */
  off?: boolean;
  when?: (items: Item[]) => boolean;
  cell: (item: Item) => Content;
  /** What stands before the value on a phone. */
  phone?: (item: Item) => string | undefined;
}

/** The rows of a list that are chosen, by id, and the way to choose another one, or no longer. */
export interface Choice {
  chosen: string[];
  toggle: (id: string) => void;
  clear: () => void;
}

/** A name and a value; left out if the value is empty. */
export type Fact = [name: string, value: Content];

/** A row of the page Live: the shown fields of an event, or a remark. */
export type FeedRow =
  | { id: string; remark: string }
  | (Pick<AgentEvent, "id" | "trace_id" | "timestamp" | "event_type" | "agent_id" | "status" | "kind" | "duration_ns"> & {
      name: string;
      words: string;
      remark?: undefined;
    });
