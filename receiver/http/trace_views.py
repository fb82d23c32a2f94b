"""Traces as they are looked at: a trace's outline."""

from __future__ import annotations

from aiohttp import web

from mapping import ids
from receiver.http.context import json_answer, stores
from receiver.http.parameters import read_query
from receiver.http.reads import missing
from storage.outline import outline


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/traces/{id}/outline", _outline)]


async def _outline(request: web.Request) -> web.Response:
    read_query(request)
    trace_id = ids.trace_id(request.match_info["id"])
    told = await outline(stores(request).reader, trace_id)
    if told is None:
        raise missing("trace", trace_id)
    return json_answer(told)
