// Page Trace: one trace as a waterfall and as a conversation.

import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { Conversation } from "./conversation.js";
import { EventPanel } from "./event.js";
import { Export } from "./export.js";
import { FirstError } from "./first_error.js";
import { count, number } from "./format.js";
import { Gist, Head, linked, names, sums } from "./head.js";
import { InferredTrace } from "./inferred.js";
import { useLoad } from "./load.js";
import { callBefore } from "./prompt_diff.js";
import { href, navigate, parse } from "./route.js";
import { ScoreForm, Scores } from "./scores.js";
import { errorsOf, matcher, shownOf, treeOf } from "./tree.js";
import { Copy, Duration, ENDS, ErrorBox, FilterBar, Link, Loading, Moment, Status, Title, announce } from "./ui.js";
import { Waterfall, useNarrow } from "./waterfall.js";

/** @import { Content, Fact, Field, Outline, Params, Tree } from "./types.d.ts" */

const FIRST_LOOK = 2000; // ms until a running trace is looked at again; longer each time that nothing is new
const LAST_LOOK = 20_000;
const TYPED = 150; // ms after the last letter until the rows are filtered

/** @param {{id: string, params: Params}} props */
export function Trace({ id, params }) {
  const { data: trace, error, reload } = useLoad(
    (signal) => get(`/traces/${encodeURIComponent(id)}/outline`, {}, { signal }),
    [id],
  );
  const tree = useMemo(() => treeOf(trace?.events ?? []), [trace]);
  const [collapsed, setCollapsed] = useState(() => /** @type {Set<string>} */ (new Set()));
  const sheet = useNarrow();
  useGrowth(trace, reload);
  const { type, status, q } = params;
  const shown = useMemo(
    () => shownOf(tree.nodes, collapsed, matcher({ type, status, text: q })),
    [tree, collapsed, type, status, q],
  );

  if (!trace) {
    const instead = error ? html`<${ErrorBox} error=${error} retry=${reload} />` : html`<${Loading} what="the trace" />`;
    return html`<${Title} text="Trace" />${instead}`;
  }
  const filtered = Boolean(type || status || q);
  // A link names a span by its own id.
  const linkedTo = params.span && tree.nodes.find(({ event }) => event.span_id === params.span)?.event.id;
  const selected = params.event ?? linkedTo ?? null;
  const told = params.view === "conversation";
  const heading = trace.name || trace.agent_id || "Trace";
  const errors = errorsOf(tree.nodes, trace.first_error_event);
  const scoreNames = trace.score_sums.map(({ name }) => name);
  /** @param {string} place */
  const jumped = (place) => navigate(["traces", id], { ...parse(location.hash).params, at: place }, { replace: true });
  /** @param {string} eventId */
  const select = (eventId) => {
    const opened = new Set(collapsed);
    for (let node = tree.byId.get(eventId)?.parent; node; node = node.parent) opened.delete(node.event.id);
    if (opened.size !== collapsed.size) setCollapsed(opened);
    // A first look at an event is a step that the browser's "back" undoes; going from one to the next is not.
    navigate(["traces", id], { ...params, event: eventId, span: undefined }, { replace: selected !== null });
  };
  const close = () => {
    navigate(["traces", id], { ...params, event: undefined, span: undefined }, { replace: true });
    /** @type {HTMLElement | null} */
    const waterfall = document.querySelector(".waterfall");
    waterfall?.focus({ preventScroll: true });
  };
  /** @param {import("./types.d.ts").TreeNode} node */
  const toggle = (node) => {
    const next = new Set(collapsed);
    if (!next.delete(node.event.id)) next.add(node.event.id);
    setCollapsed(next);
  };
  const collapseAll = () => {
    const inner = tree.nodes.filter((node) => node.parent && node.children.length);
    setCollapsed(new Set(inner.map((node) => node.event.id)));
  };
  const expandAll = () => setCollapsed(new Set());

  return html`
    <${Head} heading=${heading} facts=${factsOf(trace, tree.length)}>
      <${Status} status=${trace.status} /><${Copy} text=${trace.id} label="Copy trace id" />
      <${Link} class="button" to="/compare" params=${{ a: trace.id }}>Compare with…<//>
    <//>
    <${Gist} told=${trace} />
    <${Export} of="events" what="Its events" params=${{ trace_id: id }} />
    <${ErrorBox} error=${error} retry=${reload} />
    <${InferredTrace} trace=${trace} events=${trace.events} />
    <${Scores} scores=${trace.scores} onStored=${reload} onSelect=${select} />
    <${ScoreForm} traceId=${id} names=${scoreNames} onStored=${reload} />
    <${FirstError} errors=${errors} trace=${trace} selected=${selected} onSelect=${select} />
    <nav class="views" aria-label="Ways to see the trace">
      <a href=${href(["traces", id], { ...params, view: undefined })} aria-current=${told ? undefined : "page"}>Timeline</a>
      <a href=${href(["traces", id], { ...params, view: "conversation" })} aria-current=${told ? "page" : undefined}>Conversation</a>
    </nav>
    <div class=${`trace-body ${selected && !sheet ? "with-panel" : ""}`}>
      <div class="trace-view">
        ${
          told
            ? html`<${Conversation} traceId=${id} title=${heading} events=${trace.events} selected=${selected} version=${trace.updated_at}
                firstError=${errors[0]?.event.id} at=${params.at} onJump=${jumped} />`
            : html`
              <${Filters} tree=${tree} params=${params} id=${id}>
                ${collapsed.size > 0 && html`<button type="button" class="small" onClick=${expandAll}>Expand all</button>`}
                ${
                  !filtered &&
                  tree.nodes.length > 20 &&
                  html`<button type="button" class="small" onClick=${collapseAll}>Collapse all</button>`
                }
              <//>
              ${trace.truncated && html`<p class="muted">The trace has ${count(trace.event_count, "event")}:
                ${" "}the newest ${number(tree.nodes.length)} are shown.</p>`}
              ${
                shown.length
                  ? html`<${Waterfall} tree=${tree} shown=${shown} traceId=${id} selected=${selected} hasEnded=${trace.status !== "running"}
                      collapsed=${filtered ? NONE : collapsed} onToggle=${toggle} onSelect=${select} />`
                  : html`<p class="muted">No event matches.</p>`
              }
            `
        }
      </div>
      ${selected && html`<${EventPanel} id=${selected} node=${tree.byId.get(selected)}
        before=${callBefore(tree.nodes, tree.byId.get(selected))} traceId=${id} scoreNames=${scoreNames} onScored=${reload}
        sheet=${sheet} onClose=${close} onSelect=${select} />`}
    </div>
  `;
}

const NONE = new Set(); // under a filter nothing is collapsed, or what matches might not be seen

/** @param {Outline} trace @param {number} length @returns {Fact[]} */
function factsOf(trace, length) {
  const took = trace.status === "running" ? length : trace.duration_ns;
  return [
    ["Started", html`<${Moment} at=${trace.start_time} long />`],
    [trace.status === "running" ? "So far" : "Duration", html`<${Duration} ns=${took} />`],
    ...sums(trace),
    trace.agent_ids.length > 1
      ? ["Agents", names(trace.agent_ids)]
      : linked("Agent", trace.agent_id, "/traces", { agent_id: trace.agent_id }),
    linked("Session", trace.session_id, ["sessions", trace.session_id ?? ""]),
    linked("Service", trace.service, "/traces", { service: trace.service }),
    linked("Project", trace.project, "/traces", { project: trace.project }),
  ];
}

/** @param {{tree: Tree, params: Params, id: string, children?: Content}} props */
function Filters({ tree, params, id, children }) {
  const [text, setText] = useState(params.q ?? "");
  const types = useMemo(() => {
    const all = tree.nodes.map(({ event }) => event.event_type ?? "");
    return [...new Set(all)].filter(Boolean).sort();
  }, [tree]);
  const asked = useRef(text);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text === asked.current) return;
      asked.current = text;
      navigate(["traces", id], { ...parse(location.hash).params, q: text }, { replace: true });
    }, TYPED);
    return () => clearTimeout(timer);
  }, [text]);
  // If the address was changed elsewhere (by "back"), it replaces the text; otherwise the typed text is newer.
  useEffect(() => {
    const q = params.q ?? "";
    if (q === asked.current) return;
    asked.current = q;
    setText(q);
  }, [params.q]);
  /** @param {{target: HTMLInputElement}} event */
  const type = ({ target }) => setText(target.value);
  /** @type {Field[]} */
  const fields = [
    { name: "type", label: "Type", type: "select", options: types },
    { name: "status", label: "Status", type: "select", options: ENDS },
  ];
  return html`<${FilterBar} fields=${fields} params=${params}>
    <label class="filter"><span>Text</span>
      <input type="search" name="q" value=${text} placeholder="name, agent, id" onInput=${type} />
    </label>
    ${text && html`<${Link} to="/search" params=${{ q: text, trace_id: id }}>Search what its events say<//>`}
    ${children}
  <//>`;
}

/**
 * Checks whether a running trace has grown, or what is stored of a trace is interpreted, and then loads it again.
 *
 * @param {Outline | undefined} trace
 * @param {() => void} reload
 */
function useGrowth(trace, reload) {
  useEffect(() => {
    if (!trace || (trace.status !== "running" && trace.interpreted)) return undefined;
    const control = new AbortController();
    let pause = FIRST_LOOK;
    let timer = 0;
    const look = async () => {
      if (!document.hidden) {
        const now = await get(`/traces/${encodeURIComponent(trace.id)}`, { limit: 1 }, { signal: control.signal }).catch(() => null);
        if (control.signal.aborted) return;
        const hasGrown = now && now.updated_at !== trace.updated_at;
        if (hasGrown) announce(`The trace has ${count(now.event_count, "event")} now`);
        if (hasGrown || (now?.interpreted && !trace.interpreted)) {
          reload();
          return;
        }
        pause = Math.min(pause * 1.5, LAST_LOOK);
      }
      timer = setTimeout(look, pause);
    };
    timer = setTimeout(look, pause);
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [trace, reload]);
}
