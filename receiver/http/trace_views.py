"""Traces as they are looked at: a trace's outline, and how many began when."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from mapping import ids
from receiver.http import answers
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from receiver.http.parameters import BUCKETS, TRACE_FILTERS
from receiver.http.reads import missing
from storage.activity import activity
from storage.outline import outline
from storage.reader import TraceFilter


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/activity", _activity),
        web.get("/api/v1/traces/{id}/outline", _outline),
    ]


@operation("How many traces began in each of equal spans of time", answers.Activity, query=(*TRACE_FILTERS, BUCKETS))
async def _activity(request: web.Request, given: dict[str, Any]) -> web.Response:
    buckets = given.pop("buckets")
    return json_answer(await activity(stores(request).reader, TraceFilter(**given), buckets))


@operation("A trace with all of its events as a waterfall shows them", answers.Outline)
async def _outline(request: web.Request, _given: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    told = await outline(stores(request).reader, trace_id)
    if told is None:
        raise missing("trace", trace_id)
    return json_answer(told)
