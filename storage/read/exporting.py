"""The events of what a list shows, page by page: of traces, sessions or calls that a filter finds, or events.

Pages hold few events where these are large, so that no page is much more than `_MANY` bytes. Between the pages
of a list comes one without events, so that whoever has stopped waiting is noticed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import msgspec

from storage.filters import CallFilter, EventFilter, SessionFilter, TraceFilter
from storage.read.reader import Reader
from storage.surreal.rows import EventRow

_FIRST, _MOST = 20, 200
# Bytes of a page's events in JSON: with fewer the next page has twice as many events, with many more half as many.
_MANY = 1 << 20
_LISTED = 200

Events = AsyncGenerator[Sequence[EventRow], None]
_encode = msgspec.json.Encoder(enc_hook=str).encode


class _Pace:
    def __init__(self) -> None:
        self.events = _FIRST

    def keep(self, page: Sequence[EventRow]) -> None:
        size = sum(len(_encode(event["properties"])) for event in page)
        self.events = min(self.events * 2, _MOST) if size < _MANY else max(self.events // 2, 1)


async def events(reader: Reader, which: EventFilter, pace: _Pace | None = None) -> Events:
    """Yield pages of events, newest first. Raises Problem (UNAVAILABLE)."""
    pace, cursor = pace or _Pace(), None
    while True:
        page, cursor = await reader.events(which, pace.events, cursor)
        pace.keep(page)
        yield page
        if cursor is None:
            return


async def of_traces(reader: Reader, which: TraceFilter) -> Events:
    """Yield the events of traces, trace by trace. Raises Problem (UNAVAILABLE)."""
    pace, cursor = _Pace(), None
    while True:
        traces, cursor, _ = await reader.traces(which, _LISTED, cursor)
        yield []
        for run in traces:
            async for page in events(reader, EventFilter(trace_id=run.trace.id), pace):
                yield page
        if cursor is None:
            return


async def of_sessions(reader: Reader, which: SessionFilter) -> Events:
    """Yield the events of sessions, session by session. Raises Problem (UNAVAILABLE)."""
    pace, cursor = _Pace(), None
    while True:
        sessions, cursor = await reader.sessions(_LISTED, cursor, which)
        yield []
        for session in sessions:
            async for page in events(reader, EventFilter(session_id=session.id, project=which.project), pace):
                yield page
        if cursor is None:
            return


async def of_calls(reader: Reader, which: CallFilter) -> Events:
    """Yield the events that tell of calls and of their scores, each page's once. Raises Problem (UNAVAILABLE)."""
    pace, cursor = _Pace(), None
    while True:
        calls, cursor = await reader.calls(which, "start", _LISTED, cursor)
        yield []
        told_by = [[*row["told_by"], *(score["told_by"] for score in row.get("scores", ()))] for row in calls]
        waiting = list(dict.fromkeys(event_id for of_call in told_by for event_id in of_call))
        while waiting:
            piece, waiting = waiting[: pace.events], waiting[pace.events :]
            found = await reader.events_by_id(piece)
            page = [found[event_id] for event_id in piece if event_id in found]
            pace.keep(page)
            yield page
        if cursor is None:
            return
