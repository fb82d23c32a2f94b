"""The routes that take JSON events: `/api/v1/events` and `/api/v1/events/batch`."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, NamedTuple
from uuid import uuid4

from aiohttp import web

from mapping.errors import Problem
from mapping.export.from_json import EventAsRead, event_as_read
from mapping.json.events import BatchRequest, EventRequest, Options, decode_batch, decode_event, map_event
from mapping.model import Event
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits
from mapping.semantics.projects import ProjectRule
from mapping.times import format_rfc3339
from receiver.http import event_answers
from receiver.http.bodies import decoded, read_body
from receiver.http.context import CLEANING, KEY, LIMITS, METRICS, json_answer, rule_of, stores
from receiver.http.ingest import store
from receiver.http.operation import operation
from receiver.http.parameters import IDEMPOTENCY_KEY
from storage.write.writer import Writer

_SIGNAL = "events"
_NO_TIMESTAMP = "timestamp: there is none; the time of its arrival was taken"

_EXAMPLE = {
    "timestamp": "2026-01-07T19:00:00Z",
    "event_type": "tool_call",
    "agent_id": "researcher",
    "session_id": "session-12345",
    "properties": {"tool_name": "web_search", "input": "latest AI news", "output": "Found 10 articles"},
}


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v1/events", _send_event), web.post("/api/v1/events/batch", _send_batch)]


@operation(
    "Store an event",
    event_answers.EventAccepted,
    query=None,
    headers=(IDEMPOTENCY_KEY,),
    bodies=(EventRequest,),
    examples={"a tool call": _EXAMPLE},
)
async def _send_event(request: web.Request, _given: dict[str, Any]) -> web.Response:
    writer, body = await _read_json(request)
    sanitizer, idempotency_key = request.app[CLEANING], request.headers.get(IDEMPOTENCY_KEY.name)
    key = request.get(KEY)
    arrived, projects = time.time_ns(), rule_of(request.app, key)

    def read(body: bytes) -> tuple[EventRequest, Event, Changes]:
        changes = Changes()
        sent = decode_event(body, changes)
        event = map_event(sent, Options(), str(uuid4()), idempotency_key, arrived=arrived, projects=projects)
        return sent, event, sanitizer.clean([event], changes)

    metrics = request.app[METRICS]
    try:
        sent, event, changes = await decoded(body, read)
    except Problem:
        metrics.failed(1, _SIGNAL)
        raise
    metrics.changed(changes, _SIGNAL)
    (outcome,) = await store(metrics, writer, _SIGNAL, [event], 1, key)
    if isinstance(outcome, Problem):
        metrics.failed(1, _SIGNAL)
        raise outcome
    metrics.accepted(1, _SIGNAL)
    metrics.duplicates(int(outcome.duplicate), _SIGNAL)
    return json_answer(
        {
            "event_id": outcome.event_id,
            "trace_id": outcome.trace_id,
            "created_at": sent.timestamp or format_rfc3339(arrived),
            "status": "accepted",
        }
        | ({} if sent.timestamp else {"warning": _NO_TIMESTAMP})
    )


@operation(
    "Store a batch of events",
    event_answers.BatchAccepted,
    query=None,
    bodies=(BatchRequest[EventRequest], BatchRequest[EventAsRead]),  # the second with options.as_read
    examples={"a tool call": {"events": [_EXAMPLE]}},
)
async def _send_batch(request: web.Request, _given: dict[str, Any]) -> web.Response:
    writer, body = await _read_json(request)
    limits, sanitizer = request.app[LIMITS], request.app[CLEANING]
    key = request.get(KEY)
    arrived, projects = time.time_ns(), rule_of(request.app, key)

    def read(body: bytes) -> tuple[_Batch, Changes]:
        changes = Changes()
        batch = _map_batch(body, limits, changes, arrived, projects)
        return batch, sanitizer.clean(batch.events.values(), changes)

    (total, events, problems, undated), changes = await decoded(body, read)
    metrics = request.app[METRICS]
    metrics.changed(changes, _SIGNAL)
    event_ids: list[str | None] = [None] * total
    trace_ids: dict[str, None] = {}
    duplicates = 0
    outcomes = await store(metrics, writer, _SIGNAL, list(events.values()), total, key)
    for index, outcome in zip(events, outcomes, strict=True):
        if isinstance(outcome, Problem):
            problems[index] = outcome
            continue
        event_ids[index] = outcome.event_id
        trace_ids[outcome.trace_id] = None
        duplicates += outcome.duplicate
    ingested, failed = total - len(problems), len(problems)
    metrics.accepted(ingested, _SIGNAL)
    metrics.failed(failed, _SIGNAL)
    metrics.duplicates(duplicates, _SIGNAL)
    return json_answer(
        {
            "ingested": ingested,
            "failed": failed,
            "trace_ids": list(trace_ids),
            "errors": [{"index": index, "error": problems[index].message} for index in sorted(problems)],
            "event_ids": event_ids,
            "ingested_count": ingested,
            "failed_count": failed,
            "duplicates": duplicates,
        }
        | ({"warnings": [{"index": index, "warning": _NO_TIMESTAMP} for index in undated]} if undated else {})
    )


class _Batch(NamedTuple):
    """The number of events, those that could be mapped, and the errors of the others, by index.

    `undated` are the indexes of those that were mapped and say no time.
    """

    total: int
    events: dict[int, Event]
    problems: dict[int, Problem]
    undated: list[int]


def _map_batch(body: bytes, limits: Limits, changes: Changes, arrived: int, projects: ProjectRule) -> _Batch:
    batch = decode_batch(body, limits, changes)
    options = batch.options or Options()
    problems: dict[int, Problem] = {}
    events: dict[int, Event] = {}
    undated: list[int] = []
    of_moment: Counter[int] = Counter()
    for index, raw in enumerate(batch.events):
        try:
            if options.as_read:
                indexed = options.generate_embeddings
                events[index] = event_as_read(raw, changes, indexed=indexed, projects=projects)
                continue
            sent = decode_event(raw, changes)
            # Those that say no time are read in their order, a nanosecond apart; those of one moment by theirs.
            event = map_event(sent, options, str(uuid4()), arrived=arrived + index, projects=projects)
            event.order = of_moment[event.timestamp] or None
            of_moment[event.timestamp] += 1
            events[index] = event
        except Problem as problem:
            problems[index] = problem
        else:
            undated += [] if sent.timestamp else [index]
    return _Batch(len(batch.events), events, problems, undated)


async def _read_json(request: web.Request) -> tuple[Writer, bytes]:
    writer = stores(request).writer  # before the body is read in vain
    return writer, await read_body(request)
