"""Views of traces: outline and conversation, an event's messages, and how many traces began when."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from mapping import ids
from mapping.messages.event_messages import said_of
from receiver.http import answers, message_answers, shown
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from receiver.http.parameters import BUCKETS, TRACE_FILTERS
from receiver.http.reads import missing
from storage.filters import TraceFilter
from storage.read.conversation import conversation
from storage.read.outline import outline
from storage.surreal.rows import EventRow


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/activity", _activity),
        web.get("/api/v1/events/{id}/messages", _messages),
        web.get("/api/v1/traces/{id}/conversation", _conversation),
        web.get("/api/v1/traces/{id}/outline", _outline),
    ]


@operation("How many traces began in each of equal spans of time", answers.Activity, query=(*TRACE_FILTERS, BUCKETS))
async def _activity(request: web.Request, given: dict[str, Any]) -> web.Response:
    buckets = given.pop("buckets")
    return json_answer(shown.activity(await stores(request).activity.get(TraceFilter(**given), buckets)))


@operation("What an event says: a model's messages, a tool's call, what went wrong", message_answers.Messages)
async def _messages(request: web.Request, _given: dict[str, Any]) -> web.Response:
    event_id = request.match_info["id"]
    event = await stores(request).reader.event(ids.event_id(event_id))
    if event is None:
        raise missing("event", event_id)
    return json_answer(await asyncio.to_thread(_told, event))  # a conversation may be megabytes


def _told(event: EventRow) -> dict[str, Any]:
    said = said_of(event)
    return {"system": said.system, "sent": said.sent, "answered": said.answered, "tool": said.tool, "error": said.error}


@operation("A trace with all of its events as a waterfall shows them", answers.Outline)
async def _outline(request: web.Request, _given: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    outlined = await outline(stores(request).reader, trace_id)
    if outlined is None:
        raise missing("trace", trace_id)
    return json_answer(await asyncio.to_thread(shown.outline, outlined))


@operation("A trace as one conversation, each message once", message_answers.Conversation)
async def _conversation(request: web.Request, _given: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    told = await conversation(stores(request).reader, trace_id)
    if told is None:
        raise missing("trace", trace_id)
    return json_answer({"turns": [shown.turn(turn) for turn in told.turns], "truncated": told.truncated})
