"""Reads what is stored: traces, events, calls, sessions. Times are nanoseconds."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from mapping.errors import Code, Problem
from mapping.model import STATUSES, Trace
from mapping.values import INT64_MAX, INT64_MIN
from storage.filters import CallFilter, CallSort, EventFilter, SessionFilter, Sort, TraceFilter
from storage.read.calls import calls
from storage.read.counts import Counts
from storage.read.next_events import next_events
from storage.read.paging import ROWS_AT_ONCE, Branch, Cursor, Row, page, read_cursor, records, sift, write_cursor
from storage.read.runs import TraceRun, agent_of, runs_of, trace_run
from storage.read.session_list import list_sessions, order_of
from storage.read.sessions import TRACES_AT_ONCE, Session, members_of, session_of
from storage.read.trace_list import list_traces
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.rows import EventRow

# How many traces are searched first for events that inherit their session or agent, and how many at most at a time; the
# number doubles in between. A trace costs 0.5 ms, and a page of events seldom needs more than the first few.
_LOOKS = (8, 128)
# Events that are looked through for a page by several filters, 25 us each; then it ends with what it has.
_MOST_SIFTED = 20_000
# Seconds to look for events that inherit their session or agent, in however many traces: clients wait for 20 or 30.
_WITHIN = 15.0
# Origins never change; so many are cached.
_ORIGINS_CACHED = 1_000
_ALL_SESSIONS = SessionFilter()
# What the cursors of events are of.
_EVENTS, _OF_TRACE = "events", "events of a trace"
_Item = TypeVar("_Item")
# The items of a page, and the cursor of the next page, None if this is the last one.
Page = tuple[list[_Item], str | None]


class Reader:
    """Reads from SurrealDB. Raises Problem: INVALID_ARGUMENT for an invalid cursor, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        *,
        looks: tuple[int, int] = _LOOKS,
        traces_at_once: int = TRACES_AT_ONCE,
        rows_at_once: int = ROWS_AT_ONCE,
        most_sifted: int = _MOST_SIFTED,
        within: float = _WITHIN,
    ) -> None:
        self._database = database
        self._most_sifted, self._within = most_sifted, within
        self._looks, self._traces_at_once, self._rows_at_once = looks, traces_at_once, rows_at_once
        self._counts = Counts(database)
        self._origins: dict[str, Row] = {}

    @property
    def database(self) -> Database:
        """Return the database, for the views that have modules of their own (`outline`, `conversation`, ...)."""
        return self._database

    async def traces(
        self, which: TraceFilter, limit: int, cursor: str | None = None, sort: Sort = "start"
    ) -> tuple[list[TraceRun], str | None, int]:
        """Return traces in this order, the next cursor, and how many traces without a run were left out among them.

        The filter's session or agent is any that took part in the trace. A page may have fewer traces than `limit`, or
        none, and be followed by another one.
        """
        of = f"traces {sort}"
        listed = await list_traces(self._database, which, limit, read_cursor(cursor, of) if cursor else None, sort)
        runs = await runs_of(self._database, (row["id"] for row in listed.rows))
        traces = [trace_run(row, runs.get(row["id"])) for row in listed.rows]
        return traces, _cursor(listed.next, of), listed.left_out

    async def trace(self, trace_id: str) -> TraceRun | None:
        row = await self._one(rows.TRACE, trace_id)
        return None if row is None else trace_run(row, await self._one(rows.RUN, trace_id))

    async def trace_events(self, trace_id: str, limit: int, cursor: str | None = None) -> Page[EventRow]:
        """Return a trace's events in the order of time."""
        after = read_cursor(cursor, _OF_TRACE) if cursor else None
        places, _ = await next_events(self._database, trace_id, after, limit + 1)
        events = await records(self._database, rows.EVENT, (row["id"] for row in places[:limit]))
        return await self._completed(events), _next(places, limit, _OF_TRACE)

    async def events(self, which: EventFilter, limit: int, cursor: str | None = None) -> Page[EventRow]:
        """Return events newest first. A filter also matches the session or agent that an event has from its trace.

        Where few events match, a page may have fewer than `limit`, or none, and a cursor for the next one.
        """
        equal = which.equal()
        after = read_cursor(cursor, _EVENTS) if cursor else None

        async def read(branches: Sequence[Branch]) -> list[Row]:
            return await page(
                self._database,
                rows.EVENT,
                branches,
                limit + 1,
                cursor=after,
                since=which.since,
                until=which.until,
                rows_at_once=self._rows_at_once,
            )

        before = after.place if after else INT64_MIN if which.until is None else cbor.int64(-which.until)
        last = INT64_MAX if which.since is None else cbor.int64(-which.since)

        inherited = [field for field in ("session_id", "agent_id") if field in equal]
        stopped: Cursor | None = None
        if not equal:
            events = await read([Branch({"status": status}) for status in STATUSES])
        elif equal.keys() == {"project"}:
            # No index has it: one more would cost 4% of the rate of storing.
            events, stopped = await self._sifted(
                [{"status": status, **equal} for status in STATUSES], limit + 1, which, after
            )
        elif not inherited and len(equal) > 1:
            events, stopped = await self._sifted([equal], limit + 1, which, after)
        elif not inherited:
            events = await read([Branch(equal)])
        else:
            events = await self._in_time(self._with_inherited(equal, inherited, limit + 1, before, last, read))
        following = _next(events, limit, _EVENTS) or _cursor(stopped, _EVENTS)
        return await self._completed(events[:limit]), following

    async def event(self, event_id: str) -> EventRow | None:
        row = await self._one(rows.EVENT, event_id)
        return None if row is None else (await self._completed([row]))[0]

    async def event_and_trace(self, event_id: str) -> tuple[EventRow, Trace | None] | None:
        """Return an event as it was sent, and its trace."""
        event = await self._one(rows.EVENT, event_id)
        if event is None:
            return None
        await self._add_origins([event])
        event |= event.get("as_sent") or {}
        trace = await self._one(rows.TRACE, event["trace_id"])
        return rows.event_of_row(event), None if trace is None else rows.trace_of_row(trace)

    async def events_by_id(self, event_ids: Iterable[str]) -> dict[str, EventRow]:
        """Return by id those of the events that exist."""
        (events,) = await self._database.query(
            "SELECT * FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        )
        return {event["id"]: event for event in await self._completed(events)}

    async def as_sent(self, event_ids: Iterable[str]) -> dict[str, EventRow]:
        """Return by id those of the events that exist, with the session and agent that they were sent with."""
        (events,) = await self._database.query(
            "SELECT * FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        )
        await self._add_origins(events)
        return {row["id"]: rows.event_of_row(row | row.get("as_sent", {})) for row in events}

    async def calls(self, which: CallFilter, sort: CallSort, limit: int, cursor: str | None = None) -> Page[Row]:
        """Return calls in this order, as rows (`call_pages`). A page may have fewer than `limit`, as of events."""
        listed = await calls(self._database, which, sort, limit, cursor or None)
        return listed.calls, listed.next

    async def sessions(
        self, limit: int, cursor: str | None = None, which: SessionFilter = _ALL_SESSIONS, sort: Sort = "start"
    ) -> Page[Session]:
        """Return sessions in this order: by the start, the one whose latest trace started last is first."""
        of = f"sessions {order_of(which, sort)}"
        listed = await list_sessions(
            self._database,
            which,
            sort,
            limit,
            read_cursor(cursor, of) if cursor else None,
            traces_at_once=self._traces_at_once,
        )
        return listed.sessions, _cursor(listed.next, of)

    async def session(self, session_id: str, project: str | None = None) -> Session | None:
        """Return a session, with a project what of it is in traces of that."""
        members = (await members_of(self._database, [session_id], project))[session_id]
        return session_of(session_id, members) if members else None

    async def counts(self) -> dict[str, int]:
        """Return the number of events, traces and sessions; if there are many, as they were some seconds ago."""
        return await self._counts.get()

    def forget_counts(self) -> None:
        """Drop cached counts, because something was deleted."""
        self._counts.forget()

    async def _one(self, table: str, record_id: str) -> Row | None:
        (records,) = await self._database.query("SELECT * FROM $record", record=[cbor.record(table, record_id)])
        return records[0] if records else None

    async def _completed(self, events: Sequence[Row]) -> list[EventRow]:
        """Return events with their origins and with the session and agent that they have from their traces."""
        await self._add_origins(events)
        lacking = {row["trace_id"] for row in events if row.get("session_id") is None or row.get("agent_id") is None}
        traces: dict[str, Row] = {}
        if lacking:
            traces = await self._owners(lacking)
        return [rows.event_of_row(row, traces.get(row["trace_id"])) for row in events]

    async def _owners(self, trace_ids: Iterable[str]) -> dict[str, Row]:
        """Return by trace the session and agent of its events that name none."""
        trace_ids = list(trace_ids)
        trace_rows, run_rows = await self._database.query(
            "SELECT id, session_id, agent_id, project, newest_start FROM $traces; SELECT id, agent_id FROM $runs",
            traces=[cbor.record(rows.TRACE, trace_id) for trace_id in trace_ids],
            runs=[cbor.record(rows.RUN, trace_id) for trace_id in trace_ids],
        )
        runs = {row["id"]: row for row in run_rows}
        return {row["id"]: {**row, "agent_id": agent_of(row, runs.get(row["id"]))} for row in trace_rows}

    async def _add_origins(self, events: Iterable[Row]) -> None:
        named = [row for row in events if "origin" in row]
        unknown = {row["origin"] for row in named} - self._origins.keys()
        if unknown:
            if len(self._origins) > _ORIGINS_CACHED:
                self._origins = {}
                unknown = {row["origin"] for row in named}
            (origins,) = await self._database.query(
                "SELECT * FROM $origins", origins=[cbor.record(rows.ORIGIN, origin_id) for origin_id in unknown]
            )
            self._origins |= {origin.pop("id"): origin for origin in origins}
        for row in named:
            row.update(self._origins[row["origin"]])

    async def _sifted(
        self, branches: Sequence[dict[str, Any]], limit: int, which: EventFilter, after: Cursor | None
    ) -> tuple[list[Row], Cursor | None]:
        """Return the events of these branches up to where the first of them stopped before its end, and that place."""
        events: list[Row] = []
        stopped: Cursor | None = None
        for equal in branches:
            found, place = await sift(
                self._database,
                rows.EVENT,
                Branch(equal),
                limit,
                self._most_sifted / len(branches),
                cursor=after,
                since=which.since,
                until=which.until,
                rows_at_once=self._rows_at_once,
            )
            events += found
            stopped = min((one for one in (stopped, place) if one is not None), default=None)
        events = heapq.nsmallest(limit, events, key=lambda row: (row["newest"], row["id"]))
        if stopped is not None:
            events = [row for row in events if (row["newest"], row["id"]) <= stopped]
        return events, stopped

    async def _with_inherited(
        self,
        equal: dict[str, Any],
        inherited: Sequence[str],
        limit: int,
        before: int,
        last: int,
        read: Callable[[Sequence[Branch]], Awaitable[list[Row]]],
    ) -> list[Row]:
        """Return the events that name the session or agent, and those that have it from their trace.

        Traces are read by their last activity, until that is before the last event of the page, or beyond `last`
        (negated nanoseconds, as `before`). A trace that began after `before` has no event of this page.
        """
        events = await read([Branch(equal)])
        after: Cursor | None = None
        look, widest = self._looks
        while True:
            traces = await self._active(equal, inherited, look, after)
            end = last if len(events) < limit else min(last, events[-1]["newest"])
            late = [row for row in traces if row["newest_activity"] <= end]
            owners = await self._owners(row["id"] for row in late)
            branches = [
                branch
                for owner in owners.values()
                if owner["newest_start"] >= before
                for branch in _inheriting(owner, equal, inherited)
            ]
            if branches:
                events = heapq.nsmallest(
                    limit, [*events, *await read(branches)], key=lambda row: (row["newest"], row["id"])
                )
            if len(late) < look:
                return events
            after = Cursor(traces[-1]["newest_activity"], traces[-1]["id"])
            look = min(look * 2, widest)

    async def _in_time(self, events: Awaitable[list[Row]]) -> list[Row]:
        try:
            async with asyncio.timeout(self._within):
                return await events
        except TimeoutError:
            text = f"its events are in more traces than can be looked through in {self._within:g} s"
            raise Problem(Code.UNAVAILABLE, f"{text}; try again, and give since and until", retry_after=5) from None

    async def _active(
        self, equal: dict[str, Any], inherited: Sequence[str], limit: int, after: Cursor | None
    ) -> list[Row]:
        """Return traces whose events may inherit the session or agent, the one with the latest activity first."""
        by_trace = [Branch({field: equal[field]}) for field in inherited]
        by_run = [Branch({"agent_id": equal["agent_id"]})] if "agent_id" in inherited else []
        traces: dict[str, Row] = {}
        for table, branches in ((rows.RUN, by_run), (rows.TRACE, by_trace)):
            if branches:
                active = await page(self._database, table, branches, limit, cursor=after, by="newest_activity")
                traces |= {row["id"]: row for row in active}
        return heapq.nsmallest(limit, traces.values(), key=lambda row: (row["newest_activity"], row["id"]))


def _inheriting(trace: Row, equal: dict[str, Any], inherited: Sequence[str]) -> Iterator[Branch]:
    """Yield the branches of the events that have one or more of the filter's fields from this trace."""
    if equal.get("trace_id", trace["id"]) != trace["id"] or equal.get("project") not in (None, trace.get("project")):
        return
    # All events of a trace are of its project: with both, the engine might read all of the project's.
    equal = {field: value for field, value in equal.items() if field != "project"}
    inheritable = [field for field in inherited if trace.get(field) == equal[field]]
    for count in range(1, len(inheritable) + 1):
        for absent in itertools.combinations(inheritable, count):
            yield Branch({"trace_id": trace["id"]} | equal | dict.fromkeys(absent))


def _cursor(place: Cursor | None, of: str) -> str | None:
    return None if place is None else write_cursor(place.place, str(place.id), of)


def _next(events: Sequence[Row], limit: int, of: str) -> str | None:
    """Return the cursor of the next page, None if there are no more events than `limit`."""
    if len(events) <= limit:
        return None
    last = events[limit - 1]
    return write_cursor(last[rows.order_of(rows.EVENT)], last["id"], of)
