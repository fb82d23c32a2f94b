// Page Search: search while typing, by meaning and by words; or the events that are similar to one (`like`).

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { useAgain } from "./again.js";
import { ApiError, get } from "./api.js";
import { Export } from "./export.js";
import { FIELDS, Facets } from "./facets.js";
import { said } from "./feed.js";
import { count, number } from "./format.js";
import { pageRows, searchField, stepRows, useKeys } from "./keys.js";
import { useLoad } from "./load.js";
import { given, here, href, navigate } from "./route.js";
import { Saved } from "./saved.js";
import { EventLine, Results } from "./results.js";
import { Empty, ErrorBox, FilterBar, Loading, Title, announce, asked, visible } from "./ui.js";

/** @import { AgentEvent, Field, Found as FoundAnswer, Loaded, Params, Stats } from "./types.d.ts" */

/**
 * A search request.
 *
 * @typedef {{q: string, like: string, mode: string, group_by: string, limit: string, filters: Params}} Wanted
 */
/**
 * Its answer. `event` is the one to which the results are similar; `instead` says why only words were searched.
 *
 * @typedef {FoundAnswer & {like: string, event?: AgentEvent, instead?: string}} SearchAnswer
 */

const FACETS = FIELDS.map(([name]) => name);
const FILTERS = [...FACETS, "trace_id", "session_id", "passage", "since", "until"];
const MODES = [
  ["", "Hybrid", "by meaning and words"],
  ["semantic", "Semantic", "by meaning alone"],
  ["keyword", "Keyword", "by words, ids and codes as they are written"],
];
const GROUPS = [
  ["", "Events", "each by itself"],
  ["trace", "Traces", "the best event of each trace"],
  ["session", "Sessions", "the best event of each session"],
];
const LIMITS = [20, 50, 100, 200];
const EXAMPLES = [
  ["card was refused", "what happened, in words of your own"],
  ["timed out while waiting for a tool", "a symptom: what the events say may be put otherwise"],
  ["rate limit exceeded", "a message, or a part of it"],
  ["web_search", "a tool, an order number, an error code, an id: as it is written"],
];
const TYPING = 200; // ms without a key before it is searched
const FEW = 8; // with fewer re-ranked, the order is not as good as it could be

/** @param {{params: Params}} props */
export function Search({ params }) {
  const filters = given(Object.fromEntries(FILTERS.map((name) => [name, params[name]])));
  const { q = "", like = "", mode = "", group_by = "", limit = String(LIMITS[0]) } = params;
  const wanted = { q, like, mode, group_by, limit, filters };
  const stats = useLoad((signal) => get("/stats", {}, { signal }), []);
  const off = stats.data?.index_state === "off";
  // There is nothing to search without an index.
  const ready = !off && Boolean(stats.data ?? stats.error);
  const found = useLoad(
    async (signal) => (ready ? find(wanted, signal) : null),
    [JSON.stringify(wanted), ready],
    { keep: true },
  );
  // Without words, events are listed as soon as a filter is chosen.
  const asks = Boolean(q || like || Object.keys(filters).length);
  const about = found.data && found.data.like === like && asks ? found.data : null;
  const chosen = FACETS.filter((name) => filters[name]).length;
  useSaid(about, found);
  useKeys({
    ArrowDown: () => inRows() && stepRows(1),
    ArrowUp: () => inRows() && stepBack(),
    Escape: () => inRows() && searchField()?.focus(),
  });
  return html`<${Title} text="Search" />
    <${Words} params=${params} />
    <div class="search-choices">
      ${!like && html`<${Choice} name="mode" label="Find" options=${MODES} params=${params} />`}
      <${Choice} name="group_by" label="Show" options=${GROUPS} params=${params} />
      <${FilterBar} fields=${fieldsOf(params)} params=${params} fold="Time" />
    </div>
    <div class="view-tools"><${Saved} page="search" params=${params} />
      ${about && q && !like && html`<${Export} of="search" what=${`The ${count(about.results.length, "event")} found`}
        params=${{ ...filters, q, mode: about.instead ? "keyword" : mode, group_by, limit }} />`}</div>
    ${
      off
        ? html`<${Off} />`
        : html`<div class="search">
            <details class="beside" open=${!narrow()}>
              <summary>Filters${chosen ? ` (${chosen})` : ""}</summary>
              ${ready && html`<${Facets} q=${like ? "" : q} filters=${filters} params=${params} />`}
            </details>
            <section class="found" aria-label="Results">
              ${about?.event && html`<${Like} event=${about.event} params=${params} />`}
              ${!asks && html`<${Examples} params=${params} stats=${stats.data} />`}
              ${asks && html`<${ErrorBox} error=${found.error} retry=${found.reload} />`}
              ${asks && !about && !found.error && html`<${Loading} what="results" />`}
              ${about && html`<${Found} told=${about} params=${params} filtered=${Object.keys(filters).length > 0}
                busy=${found.loading} reload=${found.reload} stats=${stats.data} />`}
            </section>
          </div>`
    }`;
}

/** @param {Wanted} wanted @param {AbortSignal} signal @returns {Promise<SearchAnswer | null>} */
async function find({ q, like, mode, group_by, limit, filters }, signal) {
  const which = { ...asked(filters), group_by, limit };
  if (like) {
    const path = /** @type {const} */ (`/events/${encodeURIComponent(like)}`);
    const [event, told] = await Promise.all([get(path, {}, { signal }), get(`${path}/similar`, which, { signal })]);
    return { ...told, like, event };
  }
  if (!q) {
    if (!Object.keys(filters).length) return null;
    return { ...(await get("/search", { ...asked(filters), limit }, { signal })), like };
  }
  /** @param {string} by */
  const ask = (by) => get("/search", { q, mode: by, parts: true, ...which }, { signal });
  try {
    return { ...(await ask(mode)), like };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 503 || mode) throw error;
    // Before its model is ready the index may be searched by words.
    return { ...(await ask("keyword")), like, instead: error.message };
  }
}

/**
 * Shows the number of results, and repeats the search until semantic search, or any search, is possible.
 *
 * @param {SearchAnswer | null} told
 * @param {Loaded<SearchAnswer | null>} found
 */
function useSaid(told, { loading, reload }) {
  useEffect(() => {
    if (told && !loading) announce(told.results.length ? count(told.results.length, "result") : "Nothing found");
  }, [told, loading]);
  const behind = !!told && (told.index.state !== "ready" || told.index.pending > 0);
  useAgain(reload, told, !!told && (!!told.instead || (!told.results.length && behind)));
}

/**
 * The search field. The address follows the typed text, and the text follows other changes of the address.
 *
 * @param {{params: Params}} props
 */
function Words({ params }) {
  const latest = useRef(params);
  latest.current = params;
  const q = params.q ?? "";
  const [typed, setTyped] = useState(q);
  const sent = useRef(q);
  const timer = useRef(0);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    setTyped(q);
  }, [q]);
  useEffect(() => {
    if (!q && !params.like) input.current?.focus();
    return () => clearTimeout(timer.current);
  }, []);
  /** @param {string} text */
  const send = (text) => {
    clearTimeout(timer.current);
    const words = text.trim();
    if (words === sent.current || here()[0] !== "search") return;
    sent.current = words;
    navigate("/search", { ...latest.current, q: words, like: undefined, limit: undefined }, { replace: true });
  };
  /** @param {{target: HTMLInputElement}} event */
  const type = ({ target: { value } }) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(value), TYPING);
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    stepRows(1);
  };
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    send(typed);
  };
  return html`<form class="search-words" role="search" aria-label="Words" onSubmit=${submit}>
    <input type="search" ref=${input} name="q" value=${typed} aria-label="Search for"
      placeholder="What happened? “card was refused”, an error code, a tool, an id"
      autocomplete="off" spellcheck=${false} maxlength="2000" onInput=${type} onKeyDown=${press} onBlur=${() => send(typed)} />
  </form>`;
}

/** @param {{name: string, label: string, options: [string, string, string][], params: Params}} props */
function Choice({ name, label, options, params }) {
  const value = params[name] ?? "";
  /** @param {string} choice */
  const choose = (choice) => navigate(here(), { ...params, [name]: choice });
  return html`<fieldset class="choice"><legend>${label}</legend>
    ${options.map(([choice, text, title]) => html`<label key=${choice} title=${title}>
      <input type="radio" name=${name} value=${choice} checked=${choice === value} onChange=${() => choose(choice)} />
      <span>${text}</span>
    </label>`)}
  </fieldset>`;
}

/** @param {Params} params @returns {Field[]} */
function fieldsOf(params) {
  const within = [
    ["trace_id", "In trace"], ["session_id", "In session"], ["passage", "Saying the same as"],
  ].filter(([name]) => params[name]);
  return [{ name: "period", label: "Time", type: "period" }, ...within.map(([name, label]) => ({ name, label }))];
}

/**
 * @param {{
 *   told: SearchAnswer, params: Params, filtered: boolean, busy: boolean, reload: () => void, stats: Stats | undefined,
 * }} props
 */
function Found({ told, params, filtered, busy, reload, stats }) {
  const { results, index, took_ms } = told;
  const limit = Number(params.limit) || LIMITS[0];
  const next = LIMITS.find((each) => each > limit);
  /** @param {number} most */
  const show = (most) => navigate(here(), { ...params, limit: String(most) }, { replace: true });
  const { reranked = 0, candidates = 0 } = told;
  const how = told.mode
    ? `${told.mode}${reranked ? `, ${reranked} re-ranked` : ""}`
    : params.like ? "nearest in meaning first" : "newest first";
  return html`
    ${told.instead && html`<p class="notice">
      Found by words alone: ${told.instead.replace(/; try again$/, "")}. It is searched by meaning, too, as soon as that is
      possible.
    </p>`}
    ${!told.instead && told.mode === "keyword" && !params.mode && html`<p class="notice">
      Found by words alone: the index is filled anew for another model.
    </p>`}
    ${reranked < Math.min(FEW, candidates) && html`<p class="notice">
      The receiver is busy: only ${reranked} of ${count(candidates, "candidate")} could be re-ranked.
      <button type="button" class="small" onClick=${reload}>Search again</button></p>`}
    ${(index.state !== "ready" || index.pending > 0) && html`<p class="notice">
      ${index.state === "ready" ? "" : `The index is ${index.state}. `}
      ${index.pending > 0 && `${count(index.pending, "event")} stored and not found yet. `}
      <button type="button" class="small" onClick=${reload}>Search again</button></p>`}
    ${
      results.length
        ? html`<p class="muted">${summary(results.length, limit, params)} · ${how} · ${number(Math.round(took_ms))} ms</p>
            <${Results} results=${results} params=${params} busy=${busy} />
            ${results.length >= limit && next && html`<button type="button" onClick=${() => show(next)}>Show up to ${next}</button>`}`
        : html`<${Nothing} params=${params} filtered=${filtered} stats=${stats} />`
    }`;
}

/** @param {number} found @param {number} limit @param {Params} params */
function summary(found, limit, { q, like, group_by }) {
  const what = count(found, (q || like) && group_by ? group_by : "event");
  return found >= limit ? `The ${q || like ? "best" : "newest"} ${what}` : what;
}

/** @param {{params: Params, filtered: boolean, stats: Stats | undefined}} props */
function Nothing({ params, filtered, stats }) {
  if (stats?.events === 0) return html`<${Empty} what="events" />`;
  const without = Object.fromEntries(FILTERS.map((name) => [name, undefined]));
  return html`<div class="empty">
    <p>Nothing found${filtered ? " under these filters" : ""}.</p>
    <ul>
      ${filtered && html`<li><a href=${href(here(), { ...params, ...without })}>Search without filters</a></li>`}
      ${params.mode === "keyword" && html`<li><a href=${href(here(), { ...params, mode: undefined })}>Search by meaning, too</a></li>`}
      ${!params.like && html`<li>Say what happened, or give an id, a code or a tool's name as it is written.</li>`}
      <li>Events that were sent with <code>generate_embeddings: false</code> are never found.</li>
    </ul>
  </div>`;
}

/** @param {{params: Params, stats: Stats | undefined}} props */
function Examples({ params, stats }) {
  if (stats?.events === 0) return html`<${Empty} what="events" />`;
  return html`<div class="empty">
    <p>Search what agents did${stats ? ` in ${count(stats.events, "event")}` : ""}, for example:</p>
    <ul class="examples">
      ${EXAMPLES.map(([words, why]) => html`<li>
        <a href=${href("/search", { ...params, q: words })}>${words}</a> <span class="muted">${why}</span>
      </li>`)}
    </ul>
    ${stats && stats.index_state !== "ready" && html`<p class="notice">
      The index is ${stats.index_state} (${Math.round(stats.index_progress * 100)}%). Words are found before meaning is.
    </p>`}
  </div>`;
}

/** @param {{event: AgentEvent, params: Params}} props */
function Like({ event, params }) {
  return html`<div class="like"><span class="muted">Events like</span> <${EventLine} event=${event} />
    <span class="like-words muted"><bdi>${visible(said(event))}</bdi></span>
    <a class="away" href=${href("/search", { ...params, like: undefined })}>Back to words</a></div>`;
}

function Off() {
  return html`<div class="empty"><p>Search is off: this receiver runs with <code>embedding.model: off</code>.</p>
    <p>Set it to <code>static</code> and start it again: what is stored is indexed then.
      ${" "}<a href=${href("/traces")}>Traces</a> are there meanwhile.</p></div>`;
}

function inRows() {
  return Boolean(document.activeElement?.closest("[data-row]"));
}

function stepBack() {
  if (document.activeElement === pageRows()[0]) searchField()?.focus();
  else stepRows(-1);
}

const narrow = () => matchMedia("(max-width: 719px)").matches;
