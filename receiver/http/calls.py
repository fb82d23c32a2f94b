"""The routes of calls: of models, tools and agents, each once, however many events report it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from mapping.calls.model import Call, Score
from mapping.times import format_rfc3339
from receiver.http import call_answers
from receiver.http.context import event_id_of, json_answer, stores
from receiver.http.operation import missing, operation
from receiver.http.parameters import CALL_FILTERS, CALL_SORT, PAGE
from receiver.http.shown import scores
from storage.filters import CallFilter
from storage.read.call_detail import call_detail, explained

_NANO = 10**9
_SAME = frozenset(call_answers.Call.__struct_fields__) - {"start_time", "end_time", "cost_usd", "scores"}


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/calls", _calls),
        web.get("/api/v1/calls/{id}", _call),
        web.get("/api/v1/calls/{id}/explain", _explain_call),
    ]


@operation("Calls of models, tools and agents", call_answers.Calls, query=(*CALL_FILTERS, CALL_SORT, *PAGE))
async def _calls(request: web.Request, given: dict[str, Any]) -> web.Response:
    sort, limit, cursor = given.pop("sort"), given.pop("limit"), given.pop("cursor")
    given["min_duration_ns"] = given.pop("min_duration")
    storage = stores(request)
    found, next_cursor = await storage.reader.calls(CallFilter(**given), sort, limit, cursor)
    await storage.count_pending()
    pending = storage.interpreter.pending
    return json_answer(call_answers.Calls([shown(row) for row in found], pending, next_cursor))


@operation("A call, by its id or that of an event that tells of it, with what was said", call_answers.CallWithMessages)
async def _call(request: web.Request, _given: dict[str, Any]) -> web.Response:
    found = await call_detail(stores(request).reader, event_id_of(request))
    if found is None:
        raise missing("call", request.match_info["id"])
    return json_answer(call_answers.CallWithMessages(**_fields(found.row), **_said(found.call), missing=found.missing))


@operation(
    "Why these events are one call: which rule joined which event, and which key gave each field",
    call_answers.CallExplanation,
)
async def _explain_call(request: web.Request, _given: dict[str, Any]) -> web.Response:
    told = await explained(stores(request).reader, event_id_of(request))
    if told is None:
        raise missing("call", request.match_info["id"])
    return json_answer(told)


def shown(row: Mapping[str, Any]) -> call_answers.Call:
    return call_answers.Call(**_fields(row))


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    cost = row.get("cost_nano_usd")
    return {
        **{field: row.get(field) for field in _SAME},
        "start_time": format_rfc3339(row["start_time"]),
        "end_time": format_rfc3339(row["end_time"]),
        "cost_usd": None if cost is None else cost / _NANO,
        "scores": scores(msgspec.convert(row.get("scores", []), list[Score])),
    }


def _said(call: Call | None) -> dict[str, Any]:
    said = Call(id="", kind="model", name=None, told_by=[], trace_id="", start=0, end=0) if call is None else call
    return {field: getattr(said, field) for field in ("system", "sent", "answered", "arguments", "result")}
