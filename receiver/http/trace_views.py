"""Views of traces: outline and conversation, an event's messages, and how many traces began when."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from mapping import ids
from mapping.calls.conversation import failure_line
from mapping.calls.reading import tell
from mapping.messages.flattened import missing_messages
from receiver.http import message_answers, shown, trace_answers
from receiver.http.context import event_id_of, json_answer, stores
from receiver.http.operation import missing, operation
from receiver.http.parameters import AT, BUCKETS, CURSOR, FROM, PROJECT, SESSION, TRACE_FILTERS
from storage.filters import TraceFilter
from storage.read import conversation
from storage.read.outline import outline
from storage.read.paging import Cursor, read_cursor
from storage.surreal.rows import EventRow


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/activity", _activity),
        web.get("/api/v1/events/{id}/messages", _messages),
        web.get("/api/v1/sessions/{id}/conversation", _session_conversation),
        web.get("/api/v1/traces/{id}/conversation", _conversation),
        web.get("/api/v1/traces/{id}/outline", _outline),
    ]


@operation(
    "How many traces began in each of equal spans of time", trace_answers.Activity, query=(*TRACE_FILTERS, BUCKETS)
)
async def _activity(request: web.Request, given: dict[str, Any]) -> web.Response:
    buckets = given.pop("buckets")
    return json_answer(shown.activity(await stores(request).activity.get(TraceFilter(**given), buckets)))


@operation("What an event says: a model's messages, a tool's call, what went wrong", message_answers.Messages)
async def _messages(request: web.Request, _given: dict[str, Any]) -> web.Response:
    event = await stores(request).reader.event(event_id_of(request))
    if event is None:
        raise missing("event", request.match_info["id"])
    return json_answer(await asyncio.to_thread(_told, event))  # a conversation may be megabytes


def _told(event: EventRow) -> dict[str, Any]:
    told = tell(event)
    error = failure_line(told.failure) if told.failed else None
    tool = {"name": told.name, "arguments": told.arguments, "result": told.result, "error": error}
    return {
        "system": told.system,
        "sent": told.sent,
        "answered": told.answered,
        "missing": missing_messages(event["properties"]),
        "tool": tool if told.kind == "tool" else None,
        "error": None if told.kind == "tool" else error,
    }


@operation("A trace with all of its events as a waterfall shows them", trace_answers.Outline)
async def _outline(request: web.Request, _given: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    outlined = await outline(stores(request).reader, trace_id)
    if outlined is None:
        raise missing("trace", trace_id)
    return json_answer(await asyncio.to_thread(shown.outline, outlined))


@operation(
    "A trace as one conversation, each message once, from its beginning or its end",
    message_answers.Conversation,
    query=(SESSION, FROM, AT, CURSOR),
)
async def _conversation(request: web.Request, given: dict[str, Any]) -> web.Response:
    trace_id = ids.trace_id(request.match_info["id"])
    reader, side = stores(request).reader, given["from"]
    of = f"trace conversation {side}"
    told = await conversation.of_trace(reader, trace_id, side, _cursor(given, of), given["session_id"])
    if told is None:
        raise missing("trace", trace_id)
    return json_answer(shown.conversation(told, of))


@operation(
    "A session as one conversation, each message once, from its beginning or its end",
    message_answers.Conversation,
    query=(PROJECT, FROM, AT, CURSOR),
)
async def _session_conversation(request: web.Request, given: dict[str, Any]) -> web.Response:
    session_id = request.match_info["id"]
    reader, side, project = stores(request).reader, given["from"], given["project"]
    of = f"session conversation {side}"
    told = await conversation.of_session(reader, session_id, side, _cursor(given, of), project=project)
    if told is None:
        raise missing("session", session_id)
    return json_answer(shown.conversation(told, of))


def _cursor(given: dict[str, Any], of: str) -> Cursor | None:
    """Return the place that the page follows. Raises Problem."""
    if given["cursor"] is not None:
        return read_cursor(given["cursor"], of)
    return None if given["at"] is None else conversation.place_at(given["at"], given["from"])
