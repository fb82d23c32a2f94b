// Page Overview: the runs of a span of time, over time, the latest alerts, and tables by agent, model, tool, error and score;
// each figure leads to what it counts.

import { html, useEffect, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { HEIGHT, OverTime, bars } from "./charts.js";
import { count, number, shortMoment } from "./format.js";
import { Facts } from "./head.js";
import { useLoad } from "./load.js";
import { told as scoreTold } from "./scores.js";
import { Duration, Empty, ErrorBox, FilterBar, Link, Loading, Moment, Money, Text, Title, Tokens, asked } from "./ui.js";

/** @import { Alert, Breakdown, Content, Field, Figures, Overview as Told, Params, Query } from "./types.d.ts" */

const ROWS = 10; // that are shown at first
const MOST = 200; // that a breakdown gives
const ALERTS = 5;
const STATES = { waiting: "waits for", delivered: "sent to", failed: "not sent to" };
const LOOK_EVERY = { none: 3000, some: 10_000 };
const POINTED_AT = "main .table:hover, main .chart:hover, main .table :focus-visible, main .chart :focus-visible";
const NAME_LENGTH = 120;
/** @type {Field[]} */
const FIELDS = [{ name: "period", label: "Runs started", type: "period" }, { name: "project", label: "Project" }];
const OTHERS = "(others)"; // Names of a trace that has very many: no filter finds what is counted under it.

/** The period of the answer, and the project, for links to what it counts. @typedef {{since?: string, until?: string, project?: string}} Period */

/**
 * The tables: what a row leads to, and what its failures do.
 *
 * @type {Record<"agent" | "model" | "tool", {title: string, counted: string, to: string, which: (name: string, failed: boolean) => Query}>}
 */
const TABLES = {
  agent: {
    title: "Agents", counted: "Runs", to: "/traces",
    which: (name, failed) => ({ filter: `agent:${quoted(name)}${failed ? " status:failed" : ""}` }),
  },
  model: {
    title: "Models", counted: "Calls", to: "/calls",
    which: (name, failed) => ({ kind: "model", name, status: failed ? "error" : "" }),
  },
  tool: {
    title: "Tools", counted: "Calls", to: "/calls",
    which: (name, failed) => ({ kind: "tool", name, status: failed ? "error" : "" }),
  },
};

/** A name as a term of the filter has it. @param {string} name */
const quoted = (name) => `"${name.replace(/[\\"]/g, "\\$&")}"`;

/** @param {{params: Params}} props */
export function Overview({ params }) {
  const key = JSON.stringify(params);
  const { data, error, reload } = useLoad((signal) => get("/overview", asked(params), { signal }), [key]);
  // What is sent is seen without a click, but nothing moves where somebody points. A span of time that is over stays as it is.
  const isEmpty = data?.count === 0;
  useEffect(() => {
    const look = () => !document.hidden && !document.querySelector(POINTED_AT) && reload();
    const timer = params.until ? undefined : setInterval(look, isEmpty ? LOOK_EVERY.none : LOOK_EVERY.some);
    return () => clearInterval(timer);
  }, [key, reload, isEmpty]);
  const period = data && { since: data.since ?? undefined, until: data.until ?? undefined, project: params.project };
  return html`
    <${Title} text="Overview" />
    <${FilterBar} fields=${FIELDS} params=${params} />
    <${ErrorBox} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} what="figures" />`}
    ${data?.count === 0 && html`<${Empty} what="runs" filtered=${Boolean(params.since || params.until || params.project)} />`}
    ${data && period && data.count > 0 && html`
      <${Totals} told=${data} period=${period} />
      <${OverTime} told=${data} period=${period} />
      <${Alerts} told=${data} project=${params.project} />
      <${Errors} told=${data} period=${period} key=${`errors ${key}`} />
      ${/** @type {("agent" | "model" | "tool")[]} */ (["agent", "tool", "model"]).map((by) => html`
        <${ByName} by=${by} told=${data} period=${period} key=${`${by} ${key}`} />`)}
      <${ScoresByName} told=${data} period=${period} key=${`scores ${key}`} />
      <p class="muted">From ${shortMoment(data.since ?? "")} to ${shortMoment(data.until ?? "")}, in whole hours${
        strays(data.earlier, "before", { until: period.since, project: params.project })}${
        strays(data.later, "after", { since: period.until, project: params.project })}. Percentiles are
        within 2%. Runs count when they began, calls when they did.</p>`}`;
}

/** Runs with a date that is years away, and the way to them. @param {number} runs @param {string} where @param {Query} params */
function strays(runs, where, params) {
  return runs > 0 && html`; <${Link} to="/traces" params=${params}>${count(runs, "run")} began years ${where}<//>, in no figure`;
}

/** @param {{told: Told, period: Period}} props */
function Totals({ told, period }) {
  /** Leads to the runs that have most of it. @param {string} sort @param {Content} figure */
  const by = (sort, figure) => html`<${Link} to="/traces" params=${{ ...period, sort }}>${figure}<//>`;
  return html`<${Facts} facts=${[
    ["Runs", html`<${Link} to="/traces" params=${period}>${number(told.count)}<//>`],
    ["Failed", html`<${Failed} row=${told} to="/traces" params=${{ ...period, status: "failed" }} />`],
    ["Median", html`<${Duration} ns=${told.p50_duration_ns} />`],
    ["95th percentile", by("duration", html`<${Duration} ns=${told.p95_duration_ns} />`)],
    ["Tokens", by("tokens", html`<${Tokens} input=${told.input_tokens} output=${told.output_tokens} />`)],
    ["Cost", by("cost", html`<${Cost} row=${told} />`)],
  ]} />`;
}

/**
 * How many failed, and what share that is; a link unless `to` is missing.
 *
 * @param {{row: Figures, to?: string, params?: Query}} props @returns {Content}
 */
function Failed({ row, to, params }) {
  if (!row.failed) return "0";
  const share = Math.round((100 * row.failed) / row.count);
  const failed = number(row.failed);
  return html`${to ? html`<${Link} to=${to} params=${params} class="bad">${failed}<//>` : html`<span class="bad">${failed}</span>`} ${
    html`<span class="muted">${share || "under 1"}%</span>`}`;
}

/** The cost of what is priced, and how much is not. @param {{row: Figures}} props @returns {Content} */
function Cost({ row: { cost_usd, calls, unpriced_calls } }) {
  return html`<${Money} usd=${cost_usd} />${unpriced_calls > 0 && html` <span class="muted priced">${
    number(calls - unpriced_calls)} of ${count(calls, "call")} priced</span>`}`;
}

/** What a table is sorted by, the most first. @type {Record<string, (row: Figures) => number | null>} */
const SORTS = {
  count: (row) => row.count,
  Failed: (row) => row.failed,
  Median: (row) => row.p50_duration_ns,
  "95th percentile": (row) => row.p95_duration_ns,
  Tokens: (row) => row.input_tokens + row.output_tokens,
  Cost: (row) => row.cost_usd,
};

/** @param {{by: "agent" | "model" | "tool", told: Told, period: Period}} props */
function ByName({ by, told, period }) {
  const { title, counted, to, which } = TABLES[by];
  const [sort, setSort] = useState("count");
  const [all, setAll] = useState(false);
  const { data, error, reload } = useLoad((signal) => get("/breakdown", { by, limit: MOST, ...period }, { signal }), [told], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data?.rows.length) return null;
  /** Leads to what it counts. @param {string} name @param {boolean} failed */
  const link = (name, failed) => (name === OTHERS ? {} : { to, params: { ...period, ...which(name, failed) } });
  const sorted = data.rows.toSorted((a, b) => (SORTS[sort](b) ?? 0) - (SORTS[sort](a) ?? 0));
  const shown = all ? sorted : sorted.slice(0, ROWS);
  return html`<h2>${title}</h2>
    <table class="table figures"><caption class="heard">${title}</caption>
      <thead><tr><th scope="col">Name</th>${Object.keys(SORTS).map((key) => html`
        <th scope="col" class="number" key=${key} aria-sort=${key === sort ? "descending" : undefined}>
          <button type="button" class="plain" title="Sort by this" onClick=${() => setSort(key)}>${key === "count" ? counted : key}${
            key === sort && html`<span aria-hidden="true"> ▼</span>`}</button></th>`)}</tr></thead>
      <tbody>${shown.map((row) => html`<tr key=${row.name}>
        <td class="cut">${row.name === OTHERS ? OTHERS : html`<${Link} row ...${link(row.name, false)}>
          <${Text} value=${row.name.slice(0, NAME_LENGTH)} /><//>`}</td>
        <td class="number" data-label=${counted.toLowerCase()}>${number(row.count)}</td>
        <td class="number" data-label=${row.failed ? "failed" : undefined}>${row.failed > 0 &&
          html`<${Failed} row=${row} ...${link(row.name, true)} />`}</td>
        <td class="number" data-label="median"><${Duration} ns=${row.p50_duration_ns} /></td>
        <td class="number" data-label="95th"><${Duration} ns=${row.p95_duration_ns} /></td>
        <td class="number"><${Tokens} input=${row.input_tokens} output=${row.output_tokens} /></td>
        <td class="number"><${Cost} row=${row} /></td>
      </tr>`)}</tbody>
    </table>
    <${Others} data=${data} shown=${shown.length} onAll=${() => setAll(true)} />`;
}

/** What webhooks were told last, of whatever time. @param {{told: Told, project?: string}} props */
function Alerts({ told, project }) {
  const { data, error, reload } = useLoad((signal) => get("/alerts", { limit: ALERTS, project }, { signal }), [told], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data?.alerts.length) return null;
  return html`<h2>Latest alerts</h2>
    <table class="table alerts"><caption class="heard">Latest alerts</caption>
      <thead><tr><th scope="col">Alert</th><th scope="col">When</th><th scope="col">Webhook</th></tr></thead>
      <tbody>${data.alerts.map((alert) => html`<tr key=${alert.id}>
        <td class="cut"><${Link} row ...${about(alert)}><${Text} value=${alert.text} /><//></td>
        <td><${Moment} at=${alert.timestamp} past /></td>
        <td class="cut"><span class=${alert.state === "failed" ? "bad" : "muted"}>${STATES[alert.state]} ${alert.webhook}</span>${
          alert.state !== "delivered" && alert.last_error && html`<span class="line"><${Text} value=${alert.last_error} /></span>`}</td>
      </tr>`)}</tbody>
    </table>`;
}

/** Where an alert leads: the run, or the runs of its time. @param {Alert} alert */
const about = ({ trace_id, since, until }) => (trace_id
  ? { to: ["traces", trace_id] }
  : { to: "/traces", params: { since: since ?? undefined, until: until ?? undefined } });

/** Failures that are the same, with how many there were when. @param {{told: Told, period: Period}} props */
function Errors({ told, period }) {
  const [limit, setLimit] = useState(ROWS);
  const { data, error, reload } = useLoad(
    (signal) => get("/breakdown", { by: "error", limit, ...period }, { signal }), [told, limit], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data?.errors.length) return null;
  return html`<h2>Errors</h2>
    <table class="table errors"><caption class="heard">Errors</caption>
      <thead><tr><th scope="col">Error</th><th scope="col" class="number">Count</th><th scope="col">When</th>
        <th scope="col">Agents</th><th scope="col">First seen</th><th scope="col">Last seen</th></tr></thead>
      <tbody>${data.errors.map((row) => html`<tr key=${`${row.where} ${row.name}`}>
        <td class="cut"><${Link} row to="/traces" params=${{ ...period, filter: `error:${loose(row.name)}` }}><${Text} value=${row.name} /><//>
          <span class="line">${row.new && html`<b class="new">new</b> `}in <${Text} value=${row.where.slice(0, NAME_LENGTH)} /></span></td>
        <td class="number bad">${number(row.count)}</td>
        <td><svg class="spark" viewBox="0 0 ${row.counts.length} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${
          bars(row.counts)}</svg></td>
        <td class="cut"><${Text} value=${row.agent_ids.join(", ").slice(0, NAME_LENGTH)} /></td>
        <td data-label="first"><${Moment} at=${row.first_seen} /></td>
        <td data-label="last">${isGoingOn(row.last_seen) ? "this hour" : html`<${Moment} at=${row.last_seen} past />`}</td>
      </tr>`)}</tbody>
    </table>
    <${Others} data=${data} shown=${data.errors.length} onAll=${() => setLimit(MOST)} />`;
}

/** @param {{told: Told, period: Period}} props */
function ScoresByName({ told, period }) {
  const [limit, setLimit] = useState(ROWS);
  const { data, error, reload } = useLoad(
    (signal) => get("/breakdown", { by: "score", limit, ...period }, { signal }), [told, limit], { keep: true });
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`;
  if (!data?.scores.length) return null;
  return html`<h2>Scores</h2>
    <table class="table figures"><caption class="heard">Scores</caption>
      <thead><tr><th scope="col">Name</th><th scope="col" class="number">Count</th><th scope="col">Mean, or labels</th></tr></thead>
      <tbody>${data.scores.map((row) => html`<tr key=${row.name}>
        <td class="cut"><${Link} row to="/traces" params=${{ ...period, filter: `score:${quoted(row.name)}` }}>
          <${Text} value=${row.name.slice(0, NAME_LENGTH)} /><//></td>
        <td class="number" data-label="count">${number(row.count)}</td>
        <td class="cut">${scoreTold(row)}</td>
      </tr>`)}</tbody>
    </table>
    <${Others} data=${data} shown=${data.scores.length} onAll=${() => setLimit(MOST)} />`;
}

/** Whether an hour is not over yet: then it is now that is answered, and else its end. @param {string} end */
const isGoingOn = (end) => Date.parse(end) % 3_600_000 !== 0;

/** An error with * in it, as a term of the filter has it: * stands for spaces, too. @param {string} line */
const loose = (line) => line.replace(/[\s"]+/g, "*");

/** How many are not shown, and the way to show them. @param {{data: Breakdown, shown: number, onAll: () => void}} props */
function Others({ data: { names, complete }, shown, onAll }) {
  const left = names - shown;
  const others = count(left, "other");
  return html`${left > 0 && html`<p>${shown < MOST
      ? html`<button type="button" class="small" onClick=${onAll}>Show ${others}</button>`
      : html`<span class="muted">and ${others}</span>`}</p>`}
    ${!complete && html`<p class="muted">There are more names than can be counted: choose a shorter time.</p>`}`;
}
