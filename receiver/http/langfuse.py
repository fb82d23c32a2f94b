"""Scores as Langfuse's SDKs send them, with `LANGFUSE_HOST` as this receiver's address: to `/api/public/scores` a list
(Python since 5), to `/api/public/ingestion` a batch of `score-create` (JavaScript, and Python before). Their spans are
OTLP and come by `receiver.http.otlp`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from mapping import ids
from mapping.errors import Problem, invalid
from mapping.json.decoding import decode
from mapping.model import Event
from mapping.sanitize.limits import Limits, check_items
from mapping.semantics.projects import ProjectRule
from receiver.http.bodies import decoded, read_body
from receiver.http.context import KEY, LIMITS, json_answer, rule_of, stores
from receiver.http.otlp_codec import expect_json
from receiver.http.scores import ScoreRequest, check, score_event, store_scores
from receiver.http.statuses import STATUSES

_SPAN_ID = re.compile(r"[0-9a-fA-F]{16}")
_SCORE = "score-create"


class _Score(msgspec.Struct, rename="camel", kw_only=True):
    """A score, of which fields that say nothing here are ignored: environment, configId, queueId."""

    name: str
    value: float | str
    id: str | None = None
    trace_id: str | None = None
    session_id: str | None = None
    observation_id: str | None = None
    data_type: str | None = None
    source: str | None = None
    comment: str | None = None
    timestamp: str | None = None


class _Item(msgspec.Struct):
    """A part of a batch."""

    id: str = ""
    type: str = ""
    timestamp: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Batch(msgspec.Struct):
    batch: list[_Item]


_list = msgspec.json.Decoder(list[msgspec.Raw])
_score = msgspec.json.Decoder(_Score)
_batch = msgspec.json.Decoder(_Batch)


def routes() -> list[web.RouteDef]:
    return [web.post("/api/public/scores", _send_scores), web.post("/api/public/ingestion", _send_batch)]


async def _send_scores(request: web.Request) -> web.Response:
    """Store a list of scores, or one."""
    body, limits = await _read(request), request.app[LIMITS]
    is_list, projects = body.lstrip()[:1] == b"[", rule_of(request.app, request.get(KEY))

    def read(body: bytes) -> list[Event | Problem]:
        raw = decode(_list, body, "a list of scores") if is_list else [msgspec.Raw(body)]
        check_items(len(raw), limits)
        return [_read_score(each, None, projects) for each in raw]

    stored = await _store(request, await decoded(body, read))
    problems = [each for each in stored if isinstance(each, Problem)]
    if not is_list:
        if problems:
            raise problems[0]
        return json_answer({"id": stored[0]})
    if not problems:
        return json_answer({"message": "Accepted"}, 202)
    errors = [{"message": problem.message} for problem in problems]
    return json_answer({"accepted": len(stored) - len(errors), "rejected": len(errors), "errors": errors}, 207)


async def _send_batch(request: web.Request) -> web.Response:
    """Store the scores of a batch; what else is in it is refused, each by itself."""
    body, limits = await _read(request), request.app[LIMITS]
    projects = rule_of(request.app, request.get(KEY))
    batch = await decoded(body, lambda body: _read_batch(body, limits, projects))
    stored = await _store(request, [event for _, event in batch])
    answer: dict[str, list[dict[str, Any]]] = {"successes": [], "errors": []}
    for (item, _), each in zip(batch, stored, strict=True):
        if isinstance(each, Problem):
            status = STATUSES[each.code].http.value
            answer["errors"].append({"id": item.id, "status": status, "message": each.message})
        else:
            answer["successes"].append({"id": item.id, "status": 201})
    return json_answer(answer, 207)


async def _read(request: web.Request) -> bytes:
    expect_json(request)
    stores(request).writer  # noqa: B018 - raises until open, before the body is read in vain
    return await read_body(request)


def _read_batch(body: bytes, limits: Limits, projects: ProjectRule) -> list[tuple[_Item, Event | Problem]]:
    items = decode(_batch, body, "a JSON object with a list `batch`").batch
    check_items(len(items), limits)
    return [
        (
            item,
            _read_score(item.body, item.timestamp, projects)
            if item.type == _SCORE
            else invalid(f"type: expected {_SCORE}, what else Langfuse has comes as OTLP; got {item.type[:80]!r}"),
        )
        for item in items
    ]


def _read_score(raw: msgspec.Raw, timestamp: str | None, projects: ProjectRule) -> Event | Problem:
    """Return a score as its event, or why it is none. `timestamp` is that of the batch's item."""
    try:
        sent = decode(_score, raw, "a score as Langfuse has it")
        return _event(sent, timestamp, projects)
    except Problem as problem:
        return problem


def _event(sent: _Score, timestamp: str | None, projects: ProjectRule) -> Event:
    is_text = isinstance(sent.value, str)
    remark = str(sent.value) if sent.data_type in {"TEXT", "CORRECTION"} else None
    asked = ScoreRequest(
        name=sent.name,
        value=None if isinstance(sent.value, str) else sent.value,
        label=str(sent.value) if is_text and remark is None else None,
        explanation=sent.comment or remark,
        source="person" if sent.source == "ANNOTATION" else None,
        trace_id=sent.trace_id or None,
        span_id=sent.observation_id if sent.trace_id and _SPAN_ID.fullmatch(sent.observation_id or "") else None,
        session_id=None if sent.trace_id else sent.session_id or None,
        timestamp=sent.timestamp or timestamp,
        # Who sends an id again with something else changes the score.
        key=sent.id and msgspec.json.encode([sent.id, sent.value, sent.comment]).decode(),
    )
    check(asked)
    trace_id = ids.trace_id(asked.trace_id) if asked.trace_id else None
    return score_event(asked, trace_id, None, time.time_ns(), projects)


async def _store(request: web.Request, read: Sequence[Event | Problem]) -> list[str | Problem]:
    """Store those that are events, and return the id of each, or why it was not stored."""
    outcomes = iter(await store_scores(request, [each for each in read if isinstance(each, Event)]))
    stored = [each if isinstance(each, Problem) else next(outcomes) for each in read]
    return [each if isinstance(each, Problem) else each.event_id for each in stored]
