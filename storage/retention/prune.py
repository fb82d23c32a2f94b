"""Deletes whole traces: their events, calls, runs and chain records, and soon after their points in the index.

Each step is a transaction of a few events that leaves the store consistent: a trace that is too long for one step has
fewer events after each step, and its count says so. The step also writes a record with the events' ids into the index
queue, so that the index deletes them even after a restart. No lock is held: a trace has a revision, as in
`storage.write.commit`, and so has its run (`storage.interpreting`); the transaction throws if somebody else has changed
one of them since it was read.

A trace's run and calls are deleted first. If the trace itself stays, a record in the interpretation queue has its run
made anew.

Of a session, the traces that have no other session are deleted, and the session's own events in the others
(`session_parts.py`). A shared trace that is not interpreted yet is kept, and the answer counts it.

Origins are not deleted: thousands of events share one, and nothing counts them.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.errors import Code, Problem
from mapping.model import TRACE_STATUSES
from storage.filters import TraceFilter
from storage.read.counts import count_events
from storage.read.paging import Branch, Cursor, Row, page
from storage.read.projects import projects
from storage.read.runs import is_interpreted, runs_of
from storage.read.traces import traces_of
from storage.retention.session_parts import SharedPart, delete_part, shared_parts
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError

_CHANGING = "the traces to be deleted change all the time; try again"

_FIND = """
RETURN $traces.map(|$trace| (SELECT VALUE id FROM conversation WHERE trace = $trace LIMIT $chain_records)).flatten();
RETURN $traces.map(|$trace| (
    SELECT VALUE id FROM agent_call:[record::id($trace), NONE]..[record::id($trace), {}] LIMIT $calls
)).flatten();
SELECT id, revision, sessions FROM $runs;
RETURN $traces.map(|$trace| (
    SELECT VALUE id FROM agent_event WHERE trace_id = record::id($trace) LIMIT $limit
));
RETURN $traces.map(|$trace| (SELECT VALUE id FROM alert WHERE trace_id = record::id($trace))).flatten();
"""

# Edges are deleted with their events: the engine removes a relation with either of its records.
_DELETE = """
BEGIN;
IF (SELECT VALUE [id, revision] FROM $traces) != $known { THROW 'a trace has changed' };
IF (SELECT VALUE [id, revision] FROM $runs) != $known_runs { THROW 'what a trace came to has changed' };
DELETE $chain_records RETURN NONE;
DELETE $calls RETURN NONE;
INSERT INTO figures_queue {
    id: $counted, added: [], removed: (SELECT VALUE figures FROM $runs WHERE figures != NONE)
} RETURN NONE;
DELETE $runs RETURN NONE;
DELETE $sessions RETURN NONE;
DELETE $alerts RETURN NONE;
DELETE $events RETURN NONE;
DELETE $whole RETURN NONE;
FOR $trace IN $shorter {
    UPDATE $trace.id SET revision += 1, event_count -= $trace.events RETURN NONE
};
INSERT INTO index_queue $queued RETURN NONE;
INSERT INTO interpretation_queue $changed RETURN NONE;
COMMIT;
"""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which traces to delete; one field is set, and `project` or it alone: those of a project, or of none (None).

    `before`: those last active before this time (nanoseconds). `session_id`: those of this session alone, and its own
    events in traces that it shares. `trace_id`: this one. `max_events`: those silent for longest, until at most so many
    events are left; the trace that was active last always stays, however many events it has.
    """

    before: int | None = None
    session_id: str | None = None
    trace_id: str | None = None
    max_events: int | None = None
    project: str | msgspec.UnsetType | None = msgspec.UNSET

    def is_in(self, project: str | None) -> bool:
        """Return whether what belongs to a project may be deleted."""
        return self.project is msgspec.UNSET or self.project == project


class Pruned(NamedTuple):
    """How much was deleted, or would be. `done` is False if there is more to delete.

    `kept` counts traces that the session shares with others and that are not interpreted yet: it is not known which of
    their events are the session's.
    """

    traces: int
    events: int
    done: bool = True
    kept: int = 0


class Sizes(NamedTuple):
    """How much is read or deleted at a time."""

    # Events deleted in a step: each takes 0.36 ms of the engine's time, with its index entries, and everybody
    # else waits.
    events: int = 64
    # Chain records cost less, and a trace with a long conversation may have hundreds. A call costs as much as an event.
    chain_records: int = 200
    calls: int = 100
    # Traces read for a step, and for a count.
    traces: int = 20
    measured: int = 300
    # With `max_events`, the maximum number of excess events for which the oldest traces are looked up.
    excess: int = 10_000


SIZES = Sizes()


class Pruner:
    """Prunes in small steps. `pruned` is called after each step; `deleted` counts the events deleted since the start.

    A step is tried `attempts` times if others change its traces.
    """

    def __init__(
        self,
        database: Database,
        pruned: Callable[[], None] = lambda: None,
        *,
        sizes: Sizes = SIZES,
        attempts: int = 20,
    ) -> None:
        self.deleted = 0
        self._database = database
        self._pruned = pruned
        self._sizes = sizes
        self._attempts = attempts

    async def prune(self, which: Selection, *, share: float, seconds: float) -> Pruned:
        """Delete traces for so many seconds, or until there are none left.

        It pauses after each step, so that the steps take at most this share of the time. While the engine is busy, both
        the steps and the pauses take longer. Raises Problem (UNAVAILABLE); what was deleted before stays deleted.
        """
        ends = time.monotonic() + seconds
        most = None
        if which.max_events is not None:
            which, most = await self._over(which.max_events)
        traces = conflicts = 0
        events, done = await self._parts(which, ends, share)
        if not done:
            return Pruned(0, events, done=False)
        whole = True
        cursor: Cursor | None = None
        while most is None or events < most or not whole:
            began = time.monotonic()
            candidates = await self._traces(which, self._sizes.traces, cursor)
            group = _fitting(candidates, self._sizes.events, None if most is None else most - events)
            if not group:
                break
            try:
                gone = await self._delete(group)
            except ConflictError as error:
                conflicts += 1
                if conflicts == self._attempts:
                    raise Problem(Code.UNAVAILABLE, _CHANGING) from error
                await asyncio.sleep(random.random() * 0.01 * 2 ** min(conflicts, 6))  # noqa: S311 - so that two do not meet again
            else:
                conflicts = 0
                traces, events = traces + gone.traces, events + gone.events
                self.deleted += gone.events
                whole = gone.traces == len(group)
                if whole:
                    # Deleted rows leave entries in the engine's index that take time to skip.
                    cursor = Cursor(group[-1][_order(which)], group[-1]["id"])
                self._pruned()
            now = time.monotonic()
            if now >= ends:
                return Pruned(traces, events, done=False)
            await asyncio.sleep((now - began) * (1 / share - 1))
        shared = await self._count_shared(which)
        return Pruned(traces, events, done=most is None or most < self._sizes.excess or not events, kept=shared)

    async def _parts(self, which: Selection, ends: float, share: float) -> tuple[int, bool]:
        """Delete a session's parts of traces that it shares. Return the number of events, and whether that is all."""
        events = 0
        for part in await self._shared_parts(which):
            gone: int | None = self._sizes.events
            while gone == self._sizes.events:
                began = time.monotonic()
                for attempt in range(self._attempts):
                    with contextlib.suppress(ConflictError):
                        gone = await delete_part(self._database, part.session_id, part.trace_id, self._sizes.events)
                        break
                    await asyncio.sleep(random.random() * 0.01 * 2 ** min(attempt, 6))  # noqa: S311 - as below
                else:
                    raise Problem(Code.UNAVAILABLE, _CHANGING)
                events += gone or 0
                self.deleted += gone or 0
                self._pruned()
                now = time.monotonic()
                if now >= ends:
                    return events, False
                await asyncio.sleep((now - began) * (1 / share - 1))
        return events, True

    async def projects(self) -> list[str]:
        """Return the projects that there are. Raises Problem (UNAVAILABLE)."""
        return await projects(self._database)

    async def _shared_parts(self, which: Selection) -> list[SharedPart]:
        if which.session_id is None:
            return []
        return [part for part in await shared_parts(self._database, which.session_id) if which.is_in(part.project)]

    async def measure(self, which: Selection) -> Pruned:
        """Return what `prune` would delete. Raises Problem (UNAVAILABLE)."""
        if which.session_id is not None:
            parts = await self._shared_parts(which)
            own, _ = await self._walk(which, None)
            shared = await self._count_shared(which) - len(parts)
            return own._replace(events=own.events + sum(part.events for part in parts), kept=shared)
        if which.max_events is None:
            return (await self._walk(which, None))[0]
        over = await count_events(self._database) - which.max_events
        return (await self._walk(which, over))[0] if over > 0 else Pruned(0, 0)

    async def _over(self, max_events: int) -> tuple[Selection, int]:
        """Return which traces to delete until `max_events` are left, and how many events that are at most.

        At most `Sizes.excess` events are counted. Traces are selected by their last activity, so that several receivers
        that prune at once select the same.
        """
        over = min(await count_events(self._database) - max_events, self._sizes.excess)
        if over <= 0:
            return Selection(before=0), 0
        counted, before = await self._walk(Selection(max_events=max_events), over)
        # The last trace is not counted, because it stays, even if it is as old as others that are deleted.
        return Selection(before=before), min(over, counted.events)

    async def _walk(self, which: Selection, most: int | None) -> tuple[Pruned, int]:
        """Count traces and their events, up to `most` events. Return the counts, and a time after the last activity."""
        traces = events = before = 0
        cursor: Cursor | None = None
        while piece := await self._traces(which, self._sizes.measured, cursor):
            # With `max_events` the last trace of all stays; the last one of a page is the first one of the next.
            for row in piece if which.max_events is None else piece[:-1]:
                if most is not None and events >= most:
                    return Pruned(traces, events), before
                traces, events = traces + 1, events + row["event_count"]
                before = row["oldest_activity"] + 1
                cursor = Cursor(row[_order(which)], row["id"])
            if len(piece) < self._sizes.measured:
                break
        return Pruned(traces, events), before

    async def _traces(self, which: Selection, limit: int, cursor: Cursor | None) -> list[Row]:
        if which.trace_id is not None:
            (candidates,) = await self._database.query("SELECT * FROM $trace", trace=[_trace(which.trace_id)])
            return [row for row in candidates if cursor is None and which.is_in(row.get("project"))]
        if which.session_id is not None:
            own: list[Row] = []
            async for row, is_shared in self._of_session(which, cursor):
                own += [] if is_shared else [row]
                if len(own) == limit:
                    break
            return own
        if which.project is msgspec.UNSET:
            branches = [Branch({"status": status}) for status in TRACE_STATUSES]
        else:
            branches = [Branch({"project": which.project})]
        candidates = await page(self._database, rows.TRACE, branches, limit, cursor=cursor, by=_order(which))
        return [row for row in candidates if which.before is None or row["oldest_activity"] < which.before]

    async def _count_shared(self, which: Selection) -> int:
        """Count the traces that a session shares with others."""
        if which.session_id is None:
            return 0
        return len([row async for row, is_shared in self._of_session(which, None) if is_shared])

    async def _of_session(self, which: Selection, cursor: Cursor | None) -> AsyncIterator[tuple[Row, bool]]:
        """Yield the traces of a session, newest first, and whether other sessions share them."""
        session_id = str(which.session_id)
        of_session = TraceFilter(session_id=session_id)
        while True:
            piece, _, cursor = await traces_of(self._database, of_session, self._sizes.measured, cursor)
            piece = [row for row in piece if which.is_in(row.get("project"))]
            shared = await self._shared(session_id, piece)
            for row in piece:
                yield row, row["id"] in shared
            if cursor is None:
                return

    async def _shared(self, session_id: str, traces: Sequence[Row]) -> set[str]:
        """Return the ids of the traces that have another session, too, also of those that are not interpreted yet."""
        runs = await runs_of(self._database, (row["id"] for row in traces))
        shared = {trace_id for trace_id, run in runs.items() if {*run["sessions"]} - {session_id}}
        for row in traces:
            if row["id"] not in shared and not is_interpreted(row, runs.get(row["id"])):
                (others,) = await self._database.query(
                    "SELECT VALUE id FROM agent_event"
                    " WHERE trace_id = $trace AND session_id != NONE AND session_id != $own LIMIT 1",
                    trace=row["id"],
                    own=session_id,
                )
                if others or row.get("session_id") not in (None, session_id):
                    shared.add(row["id"])
        return shared

    async def _delete(self, group: Sequence[Row]) -> Pruned:
        """Delete traces, or a part of a long one. Raises ConflictError if one of them has changed."""
        traces = [_trace(row["id"]) for row in group]
        sizes = self._sizes
        runs = [cbor.record(rows.RUN, row["id"]) for row in group]
        chain_records, calls, run_rows, events, alerts = await self._database.query(
            _FIND,
            traces=traces,
            runs=runs,
            chain_records=sizes.chain_records,
            calls=sizes.calls,
            limit=sizes.events + 1,
        )
        whole: list[str] = []
        shorter: list[dict[str, Any]] = []
        deleted: defaultdict[int, list[str]] = defaultdict(list)
        is_shared = not self._database.embedded
        # Traces with many chain records or calls lose these first, and keep their events until these are gone.
        are_few = len(chain_records) < sizes.chain_records and len(calls) < sizes.calls
        for row, of_trace in zip(group, events, strict=True):
            now = of_trace[: sizes.events] if are_few else []
            deleted[rows.part_of(row["id"], shared=is_shared)] += now
            if len(now) == len(of_trace):
                whole.append(row["id"])
            else:
                shorter.append({"id": _trace(row["id"]), "events": len(now)})
        # The run of a trace that stays is made anew. On a shared server also that of one that is gone: another receiver
        # may be about to write it.
        anew = {run["id"] for run in run_rows}
        anew = anew | {*whole} if is_shared else anew - {*whole}
        changed: defaultdict[int, dict[str, list[str]]] = defaultdict(dict)
        for trace_id in sorted(anew):
            changed[rows.part_of(trace_id, shared=is_shared)][trace_id] = []
        event_ids = [event_id for ids in deleted.values() for event_id in ids]
        name = rows.queue_name()
        await self._database.query(
            _DELETE,
            traces=traces,
            known=[[trace, row["revision"]] for trace, row in zip(traces, group, strict=True)],
            runs=runs,
            known_runs=[[cbor.record(rows.RUN, run["id"]), run["revision"]] for run in run_rows],
            counted=rows.queue_name(),
            chain_records=[cbor.record(rows.CONVERSATION, list_id) for list_id in chain_records[: sizes.chain_records]],
            calls=[cbor.record(rows.CALL, list(place)) for place in calls[: sizes.calls]],
            sessions=[
                cbor.record(rows.SESSION_RUN, [session_id, run["id"]])
                for run in run_rows
                for session_id in run["sessions"]
            ],
            alerts=[cbor.record(rows.ALERT, alert) for alert in alerts],
            events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids],
            whole=[_trace(trace_id) for trace_id in whole],
            shorter=shorter,
            queued=[rows.queue_record(name, part, deleted=ids) for part, ids in deleted.items() if ids],
            changed=[rows.interpretation_record(name, part, traces) for part, traces in changed.items()],
        )
        return Pruned(len(whole), len(event_ids))


def _fitting(traces: Sequence[Row], most: int, needed: int | None) -> list[Row]:
    """Return the first traces that together have at most `most` events and are needed, but at least one."""
    group: list[Row] = []
    events = 0
    for row in traces:
        if group and (events + row["event_count"] > most or (needed is not None and events >= needed)):
            break
        group.append(row)
        events += row["event_count"]
    return group


def _order(which: Selection) -> str:
    return "oldest_activity" if which.session_id is None else "newest_start"


def _trace(trace_id: str) -> Any:
    return cbor.record(rows.TRACE, trace_id)
