"""Traces, events, sessions and search out (contract, section 3)."""

from __future__ import annotations

from aiohttp import web

from mapping import ids
from mapping.errors import Code, Problem
from receiver.http.context import json_answer, stores
from receiver.http.parameters import (
    EVENT_FILTERS,
    GROUP_BY,
    LIMIT,
    MODE,
    PAGE,
    PARTS,
    QUERY,
    SEARCH_FILTERS,
    TRACE_FILTERS,
    read_query,
)
from receiver.http.reindex import index_state
from receiver.version import VERSION
from storage.facets import facets
from storage.index.base import Filter, IndexUnavailable, IndexUnusable, VectorIndex
from storage.reader import TraceFilter
from storage.similar import similar


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/traces", _traces),
        web.get("/api/v1/traces/{id}", _trace),
        web.get("/api/v1/events", _events),
        web.get("/api/v1/events/{id}", _event),
        web.get("/api/v1/events/{id}/similar", _similar),
        web.get("/api/v1/sessions", _sessions),
        web.get("/api/v1/sessions/{id}", _session),
        web.get("/api/v1/search", _search),
        web.get("/api/v1/facets", _facets),
        web.get("/api/v1/stats", _stats),
    ]


async def _traces(request: web.Request) -> web.Response:
    given = read_query(request, *TRACE_FILTERS, *PAGE)
    limit, cursor = given.pop("limit"), given.pop("cursor")
    traces, next_cursor = await stores(request).reader.traces(TraceFilter(**given), limit, cursor)
    return json_answer({"traces": traces, "next_cursor": next_cursor})


async def _trace(request: web.Request) -> web.Response:
    page = read_query(request, *PAGE)
    trace_id = ids.trace_id(request.match_info["id"])
    reader = stores(request).reader
    trace = await reader.trace(trace_id)
    if trace is None:
        raise missing("trace", trace_id)
    events, next_cursor = await reader.trace_events(trace_id, page["limit"], page["cursor"])
    return json_answer({**trace, "events": events, "next_cursor": next_cursor})


async def _events(request: web.Request) -> web.Response:
    given = read_query(request, *EVENT_FILTERS, *PAGE)
    limit, cursor = given.pop("limit"), given.pop("cursor")
    events, next_cursor = await stores(request).reader.events(Filter(**given), limit, cursor)
    return json_answer({"events": events, "next_cursor": next_cursor})


async def _event(request: web.Request) -> web.Response:
    read_query(request)
    given = request.match_info["id"]
    event = await stores(request).reader.event(ids.event_id(given))
    if event is None:
        raise missing("event", given)
    return json_answer(event)


async def _similar(request: web.Request) -> web.Response:
    given = read_query(request, GROUP_BY, *SEARCH_FILTERS, LIMIT)
    group_by, limit = given.pop("group_by"), given.pop("limit")
    event_id, storage = request.match_info["id"], stores(request)
    told = await similar(storage.reader, storage.indexer, ids.event_id(event_id), Filter(**given), limit, group_by)
    if told is None:
        raise missing("event", event_id)
    return json_answer(told)


async def _sessions(request: web.Request) -> web.Response:
    page = read_query(request, *PAGE)
    sessions, next_cursor = await stores(request).reader.sessions(page["limit"], page["cursor"])
    return json_answer({"sessions": sessions, "next_cursor": next_cursor})


async def _session(request: web.Request) -> web.Response:
    read_query(request)
    session_id = request.match_info["id"]
    session = await stores(request).reader.session(session_id)
    if session is None:
        raise missing("session", session_id)
    return json_answer(session)


async def _search(request: web.Request) -> web.Response:
    given = read_query(request, QUERY, MODE, GROUP_BY, PARTS, *SEARCH_FILTERS, LIMIT)
    query, mode, group_by, parts, limit = (given.pop(name) for name in ("q", "mode", "group_by", "parts", "limit"))
    return json_answer(await stores(request).search.search(query, mode, Filter(**given), limit, group_by, parts=parts))


async def _facets(request: web.Request) -> web.Response:
    given = read_query(request, *SEARCH_FILTERS, LIMIT)
    limit = given.pop("limit")
    return json_answer(await facets(stores(request).indexer, Filter(**given), limit))


async def _stats(request: web.Request) -> web.Response:
    read_query(request)
    storage = stores(request)
    return json_answer(
        {
            **await storage.reader.counts(),
            "indexed": await _indexed(storage.indexer.index),
            **index_state(storage.indexer),
            "version": VERSION,
        }
    )


async def _indexed(index: VectorIndex | None) -> int:
    """Count the points that can be found now: none while there is no index to ask."""
    try:
        return 0 if index is None else await index.count()
    except (IndexUnavailable, IndexUnusable):
        return 0


def missing(kind: str, given: str) -> Problem:
    return Problem(Code.NOT_FOUND, f"no {kind} has the id {given[:200]!r}")
