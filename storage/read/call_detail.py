"""One call with its messages, and why its events are one call; both are read from the events that report it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mapping.calls.detail import call_with_messages
from mapping.calls.explain import explain_call
from mapping.calls.interpret import interpret
from mapping.calls.model import Call
from mapping.calls.reading import tell
from mapping.messages.flattened import missing_messages
from storage.read.finding_calls import call_of, models_around
from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.surreal import rows
from storage.surreal.rows import EventRow

# Events that are read of a call. A stream's may be thousands, and the last of them have everything.
_MOST_TELLERS = 200
# How many levels of parent spans are read to explain a call.
_MOST_LEVELS = 32
# Events of a trace among which these are looked for: a span's id alone does not give its event's.
_MOST_SPANS = 10_000


class CallDetail(NamedTuple):
    """A call's row, and the call with its messages, None if its events have just been deleted.

    `missing` messages at the beginning were dropped by the sender.
    """

    row: Row
    call: Call | None
    missing: int


async def call_detail(reader: Reader, event_id: str) -> CallDetail | None:
    """Return the call with this id, or the one that this event reports. Raises Problem (UNAVAILABLE)."""
    row = await call_of(reader.database, event_id)
    if row is None:
        return None
    events = await reader.as_sent(told_by(row))
    call = await asyncio.to_thread(_read, row, events.values())
    if row["kind"] == "tool" and call is not None and lacks_something(call):
        models = await models_around(reader.database, row)
        more = await reader.as_sent(event_id for model in models for event_id in told_by(model))
        call = await asyncio.to_thread(_read, row, (more | events).values())
    missing = max((missing_messages(event["properties"]) for event in events.values()), default=0)
    return CallDetail(row, call, missing)


async def explained(reader: Reader, event_id: str) -> dict[str, Any] | None:
    """Explain the call with this id, or the one that this event reports. Raises Problem (UNAVAILABLE)."""
    row = await call_of(reader.database, event_id)
    if row is None:
        return None
    events = await reader.as_sent(told_by(row))
    around = await _around(reader, events)
    return await asyncio.to_thread(_explain, row, events, around)


def lacks_something(tool: Call) -> bool:
    """Return whether the models around a tool's call may know more of it than its own events."""
    return tool.result is None or not isinstance(tool.arguments, dict)


def told_by(row: Row) -> Sequence[str]:
    """Return the events that are read of a call."""
    tellers: list[str] = row["told_by"]
    return tellers if len(tellers) <= _MOST_TELLERS else [tellers[0], *tellers[1 - _MOST_TELLERS :]]


def _read(row: Row, events: Iterable[EventRow]) -> Call | None:
    return call_with_messages(row["kind"], row["told_by"], [tell(event) for event in events])


async def _around(reader: Reader, events: dict[str, EventRow]) -> dict[str, EventRow]:
    """Return the spans above these events, which show whether one is below another."""
    around: set[str] = set()
    for trace_id in {event["trace_id"] for event in events.values()}:
        own = [event for event in events.values() if event["trace_id"] == trace_id]
        spans: dict[str, list[Row]] = {}
        for row in await _spans(reader, trace_id, max(event["timestamp"] for event in own)):
            spans.setdefault(row["span_id"], []).append(row)
        parents = {event["parent_span_id"] for event in own}
        for _ in range(_MOST_LEVELS):
            level = [row for span_id in parents for row in spans.pop(span_id or "", ())]
            around |= {row["id"] for row in level}
            parents = {row.get("parent_span_id") for row in level}
    return await reader.as_sent(around - events.keys())


async def _spans(reader: Reader, trace_id: str, until: int) -> list[Row]:
    """Return a trace's spans that began up to a moment, the latest ones, by their own ids and their parents'."""

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        fields = "id, newest, span_id, parent_span_id"
        return await page(reader.database, rows.EVENT, [branch], limit, cursor=after, until=until + 1, fields=fields)

    return [row for row in await Pieces(rows.EVENT, read).all(_MOST_SPANS) if row.get("span_id")]


def _explain(row: Row, events: dict[str, EventRow], around: dict[str, EventRow]) -> dict[str, Any]:
    run = interpret(tell(event) for event in (events | around).values())
    own = [call for call in run.calls if call.kind == row["kind"] and not set(call.told_by).isdisjoint(events)]
    call = max(own, key=lambda call: (call.id == row["id"], len(call.told_by)), default=None)
    if call is None:
        return {"call_id": row["id"], "told_by": [], "fields": {}}
    return explain_call(call, events) | {"call_id": row["id"]}
