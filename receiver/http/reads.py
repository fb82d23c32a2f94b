"""The routes that read: traces, events, sessions, search and facets."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from mapping import ids
from mapping.errors import invalid
from mapping.model import STATUSES
from receiver.http import answers, event_answers, search_answers, shown, trace_answers
from receiver.http.context import event_id_of, json_answer, stores
from receiver.http.interpretation import interpretation_state
from receiver.http.operation import missing, operation
from receiver.http.parameters import (
    EVENT_FILTERS,
    GROUP_BY,
    LIMIT,
    MODE,
    PAGE,
    PARTS,
    PROJECT,
    QUERY,
    SEARCH_FILTERS,
    SESSION_FILTERS,
    SORT,
    TRACE_FILTERS,
    WORDS,
)
from receiver.http.reindex import index_state
from receiver.version import VERSION
from storage.errors import IndexUnavailable, IndexUnusable
from storage.filters import EventFilter, SearchFilter, SessionFilter, TraceFilter
from storage.qdrant.base import VectorIndex
from storage.read.links import linked_by
from storage.read.projects import counts_of
from storage.read.scores import scores_about
from storage.search.facets import facets
from storage.search.listing import Listed, listed
from storage.search.similar import similar


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/traces", _traces),
        web.get("/api/v1/traces/{id}", _trace),
        web.get("/api/v1/events", _events),
        web.get("/api/v1/events/{id}", _event),
        web.get("/api/v1/events/{id}/similar", _similar),
        web.get("/api/v1/events/{id}/links", _links),
        web.get("/api/v1/sessions", _sessions),
        web.get("/api/v1/sessions/{id}", _session),
        web.get("/api/v1/search", _search),
        web.get("/api/v1/facets", _facets),
        web.get("/api/v1/stats", _stats),
    ]


@operation("Traces, newest first or sorted", trace_answers.Traces, query=(*TRACE_FILTERS, SORT, *PAGE))
async def _traces(request: web.Request, given: dict[str, Any]) -> web.Response:
    sort, limit, cursor = (given.pop(name) for name in ("sort", "limit", "cursor"))
    traces, next_cursor, left_out = await stores(request).reader.traces(TraceFilter(**given), limit, cursor, sort)
    return json_answer(trace_answers.Traces([shown.trace(each) for each in traces], left_out, next_cursor))


@operation("A trace with its events, in the order of time", trace_answers.TraceWithEvents, query=PAGE)
async def _trace(request: web.Request, page: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    reader = stores(request).reader
    trace = await reader.trace(trace_id)
    if trace is None:
        raise missing("trace", trace_id)
    events, next_cursor = await reader.trace_events(trace_id, page["limit"], page["cursor"])
    return json_answer(shown.trace_with_events(trace, events, next_cursor))


@operation("Events, newest first", event_answers.Events, query=(*EVENT_FILTERS, *PAGE))
async def _events(request: web.Request, given: dict[str, Any]) -> web.Response:
    limit, cursor = given.pop("limit"), given.pop("cursor")
    events, next_cursor = await stores(request).reader.events(EventFilter(**given), limit, cursor)
    return json_answer(event_answers.Events([shown.event(each) for each in events], next_cursor))


@operation("An event, and the scores that are about it", event_answers.EventWithScores)
async def _event(request: web.Request, _given: dict[str, Any]) -> web.Response:
    reader = stores(request).reader
    event = await reader.event(event_id_of(request))
    if event is None:
        raise missing("event", request.match_info["id"])
    return json_answer(shown.event_with_scores(event, await scores_about(reader, event)))


@operation("The events nearest to it in meaning", search_answers.Similar, query=(GROUP_BY, *SEARCH_FILTERS, LIMIT))
async def _similar(request: web.Request, given: dict[str, Any]) -> web.Response:
    group_by, limit = given.pop("group_by"), given.pop("limit")
    storage = stores(request)
    started, wanted = time.perf_counter(), event_id_of(request)
    await storage.count_pending()
    found = await similar(storage.reader, storage.indexer, wanted, SearchFilter(**given), limit, group_by)
    if found is None:
        raise missing("event", request.match_info["id"])
    index = shown.index_state(storage.indexer)
    return json_answer(search_answers.Similar(wanted, shown.took_ms(started), index, shown.results(found)))


@operation("The spans that a span links to, and those that link to it", event_answers.Links, query=(PROJECT,))
async def _links(request: web.Request, given: dict[str, Any]) -> web.Response:
    reader = stores(request).reader
    event = await reader.event(event_id_of(request))
    if event is None:
        raise missing("event", request.match_info["id"])
    found, truncated = (
        await linked_by(reader.database, event["trace_id"], event["span_id"], given["project"])
        if event["span_id"]
        else ([], False)
    )
    return json_answer(shown.links(event, found, truncated=truncated))


@operation(
    "Sessions, the one whose latest trace started last first, or sorted",
    trace_answers.Sessions,
    query=(*SESSION_FILTERS, SORT, *PAGE),
)
async def _sessions(request: web.Request, given: dict[str, Any]) -> web.Response:
    sort, limit, cursor = (given.pop(name) for name in ("sort", "limit", "cursor"))
    sessions, next_cursor = await stores(request).reader.sessions(limit, cursor, SessionFilter(**given), sort)
    return json_answer(trace_answers.Sessions([shown.session(each) for each in sessions], next_cursor))


@operation("A session with its traces, newest first", trace_answers.SessionWithTraces, query=(PROJECT,))
async def _session(request: web.Request, given: dict[str, Any]) -> web.Response:
    session_id = request.match_info["id"]
    session = await stores(request).reader.session(session_id, given["project"])
    if session is None:
        raise missing("session", session_id)
    return json_answer(shown.session_with_traces(session))


@operation(
    "Events by meaning and words, best first",
    search_answers.SearchResults,
    query=(QUERY, MODE, GROUP_BY, PARTS, *SEARCH_FILTERS, *PAGE),
)
async def _search(request: web.Request, given: dict[str, Any]) -> web.Response:
    query, mode, group_by, parts = (given.pop(name) for name in ("q", "mode", "group_by", "parts"))
    limit, cursor = given.pop("limit"), given.pop("cursor")
    storage, started, which = stores(request), time.perf_counter(), SearchFilter(**given)
    if query is not None and cursor is not None:
        raise invalid("cursor: only a list without q has pages; of a search, limit says how many results it has")
    if query is None and group_by is not None:
        raise invalid("group_by: only the results of a search are grouped, and q has no words")
    await storage.count_pending()
    if query is None:
        found, page = None, await listed(storage.reader, storage.indexer, which, limit, cursor)
    else:
        found = await storage.search.search(query, mode, which, limit, group_by, parts=parts)
        page = Listed(found.results, None)
    return json_answer(
        search_answers.SearchResults(
            query=query,
            mode=found.mode if found else None,
            took_ms=shown.took_ms(started),
            index=shown.index_state(storage.indexer),
            reranked=found.reranked if found else 0,
            candidates=found.candidates if found else 0,
            results=shown.results(page.results),
            next_cursor=page.next_cursor,
        )
    )


@operation(
    "How many events there are of each type, agent, service, project and status",
    search_answers.Facets,
    query=(WORDS, *SEARCH_FILTERS, LIMIT),
)
async def _facets(request: web.Request, given: dict[str, Any]) -> web.Response:
    limit, words, indexer = given.pop("limit"), given.pop("q"), stores(request).indexer
    started = time.perf_counter()
    await stores(request).count_pending()
    counted = await facets(indexer, SearchFilter(**given), limit, words)
    index = shown.index_state(indexer)
    facet_counts = shown.facets(counted)
    return json_answer(
        search_answers.Facets(shown.took_ms(started), index, counted.events, counted.complete, facet_counts)
    )


@operation("How much is stored, and how far the search index is", answers.Stats, query=(PROJECT,))
async def _stats(request: web.Request, given: dict[str, Any]) -> web.Response:
    storage, project = stores(request), given["project"]
    await storage.count_pending()
    reader = storage.reader
    return json_answer(
        {
            **await (reader.counts() if project is None else counts_of(reader.database, project)),
            "indexed": await _indexed(storage.indexer.index, project),
            **index_state(storage.indexer),
            **interpretation_state(storage.interpreter),
            "version": VERSION,
        }
    )


async def _indexed(index: VectorIndex | None, project: str | None) -> int:
    """Return the number of points, of a project or of all, that can be found now; 0 while there is no index."""
    try:
        if index is None or project is None:
            return 0 if index is None else await index.count()
        counted = await index.facets(SearchFilter(project=project), ("status",), len(STATUSES))
        return sum(count for _, count in counted.values["status"])
    except (IndexUnavailable, IndexUnusable):
        return 0
