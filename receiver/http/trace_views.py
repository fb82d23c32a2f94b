"""Traces as they are looked at: a trace's outline, and how many began when."""

from __future__ import annotations

from aiohttp import web

from mapping import ids
from receiver.http.context import json_answer, stores
from receiver.http.parameters import BUCKETS, TRACE_FILTERS, read_query
from receiver.http.reads import missing
from storage.activity import activity
from storage.outline import outline
from storage.reader import TraceFilter


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/activity", _activity),
        web.get("/api/v1/traces/{id}/outline", _outline),
    ]


async def _activity(request: web.Request) -> web.Response:
    given = read_query(request, *TRACE_FILTERS, BUCKETS)
    buckets = given.pop("buckets")
    return json_answer(await activity(stores(request).reader, TraceFilter(**given), buckets))


async def _outline(request: web.Request) -> web.Response:
    read_query(request)
    trace_id = ids.trace_id(request.match_info["id"])
    told = await outline(stores(request).reader, trace_id)
    if told is None:
        raise missing("trace", trace_id)
    return json_answer(told)
