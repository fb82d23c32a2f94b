"""Deletes whole traces: their events, edges, what was heard in them, and soon after their points in the index.

Each step is a transaction of a few events after which everything agrees: a trace that is too long for one step has
fewer events after each, and counts these. The step also writes a record into the indexing queue that names the events,
so that the index is told whatever happens. Nothing is held between two steps: a trace has a revision, as in
`storage.write.commit`, and so has what it came to (`storage.interpreting`); a transaction throws when somebody else has
changed one of them since it was read.

What a trace came to goes first. Where the trace itself stays, a record of the interpretation's queue asks for it anew.

Of a session go the traces that hold no other session. A trace that does is kept, and the answer says so.

Origins stay: thousands of events share one, and nobody counts who does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.errors import Code, Problem
from mapping.model import TRACE_STATUSES
from storage.filters import TraceFilter
from storage.read.counts import count_events
from storage.read.paging import Branch, Cursor, Row, page
from storage.read.runs import is_interpreted, runs_of
from storage.read.traces import traces_of
from storage.retention.session_parts import delete_part, shared_parts
from storage.surreal import cbor, rows
from storage.surreal.database import ConflictError, Database

_CHANGING = "the traces to be deleted change all the time; try again"

_FIND = """
RETURN $traces.map(|$trace| (SELECT VALUE id FROM conversation WHERE trace = $trace LIMIT $heard)).flatten();
RETURN $traces.map(|$trace| (
    SELECT VALUE id FROM agent_call WHERE trace_id = record::id($trace) LIMIT $calls
)).flatten();
SELECT id, revision, sessions FROM $runs;
RETURN $traces.map(|$trace| (
    SELECT VALUE id FROM agent_event WHERE trace_id = record::id($trace) LIMIT $limit
));
"""

# Edges go with their events: the engine removes a relation with what it relates.
_DELETE = """
BEGIN;
IF (SELECT VALUE [id, revision] FROM $traces) != $known { THROW 'a trace has changed' };
IF (SELECT VALUE [id, revision] FROM $runs) != $known_runs { THROW 'what a trace came to has changed' };
DELETE $heard RETURN NONE;
DELETE $calls RETURN NONE;
DELETE $runs RETURN NONE;
DELETE $sessions RETURN NONE;
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
    """Which traces: one of these is given.

    Those last active before a moment (nanoseconds); those of a session alone, and its own events in those that it
    shares; one; or those silent for longest, until no more than so many events are left. The last one of all stays
    then, however many events it has.
    """

    before: int | None = None
    session_id: str | None = None
    trace_id: str | None = None
    max_events: int | None = None


class Pruned(NamedTuple):
    """How much was deleted, or would be; and whether that is all there was to delete.

    `kept` traces of the session hold other sessions, too, and are not interpreted yet: which events are whose is not
    known.
    """

    traces: int
    events: int
    done: bool = True
    kept: int = 0


class Sizes(NamedTuple):
    """How much at a time."""

    # Events of a step: 0.36 ms of the engine's time each, edges and index entries included, while everybody else waits.
    events: int = 64
    # What was heard costs less, and one trace of a long conversation may have hundreds. A call costs as much as an
    # event.
    heard: int = 200
    calls: int = 100
    # Traces looked at for a step, and for a count.
    traces: int = 20
    measured: int = 300
    # Events for which the oldest traces are looked up at a time, where all but so many events are to go.
    excess: int = 10_000


SIZES = Sizes()


class Pruner:
    """Prunes in small steps. `pruned` is called after each of them; `deleted` counts the events since the start.

    It gives up after so many attempts at traces that others change.
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

        It pauses after each step, so that it takes no more than this share of the time. A step takes longer where the
        engine is busy, and so do the pauses. Raises Problem (UNAVAILABLE), which takes nothing back.
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
            found = await self._traces(which, self._sizes.traces, cursor)
            group = _fitting(found, self._sizes.events, None if most is None else most - events)
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
                    # What was deleted leaves something behind in the engine's index that takes time to skip.
                    cursor = Cursor(group[-1][_order(which)], group[-1]["id"])
                self._pruned()
            now = time.monotonic()
            if now >= ends:
                return Pruned(traces, events, done=False)
            await asyncio.sleep((now - began) * (1 / share - 1))
        kept = await self._kept(which)
        return Pruned(traces, events, done=most is None or most < self._sizes.excess or not events, kept=kept)

    async def _parts(self, which: Selection, ends: float, share: float) -> tuple[int, bool]:
        """Delete a session's parts of traces that it shares, and say how many events that were, and whether all."""
        events = 0
        for part in await shared_parts(self._database, which.session_id) if which.session_id is not None else ():
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

    async def measure(self, which: Selection) -> Pruned:
        """Return what `prune` would delete. Raises Problem (UNAVAILABLE)."""
        if which.session_id is not None:
            parts = await shared_parts(self._database, which.session_id)
            own, _ = await self._walk(which, None)
            kept = await self._kept(which) - len(parts)
            return own._replace(events=own.events + sum(part.events for part in parts), kept=kept)
        if which.max_events is None:
            return (await self._walk(which, None))[0]
        over = await count_events(self._database) - which.max_events
        return (await self._walk(which, over))[0] if over > 0 else Pruned(0, 0)

    async def _over(self, max_events: int) -> tuple[Selection, int]:
        """Return the moment before which the oldest events over a number were active, and how many events they are.

        Of `Sizes.excess` at most. By the moment several receivers that do this at once do it to the same traces.
        """
        over = min(await count_events(self._database) - max_events, self._sizes.excess)
        if over <= 0:
            return Selection(before=0), 0
        counted, before = await self._walk(Selection(max_events=max_events), over)
        # The last trace may be as old as others that go, and is not counted: it stays.
        return Selection(before=before), min(over, counted.events)

    async def _walk(self, which: Selection, most: int | None) -> tuple[Pruned, int]:
        """Count traces and their events, up to so many, and return the moment by which all of them were last active."""
        traces = events = before = 0
        cursor: Cursor | None = None
        while found := await self._traces(which, self._sizes.measured, cursor):
            # Of all there are, the last one stays; of those that follow a cursor, it is the first once more.
            for row in found if which.max_events is None else found[:-1]:
                if most is not None and events >= most:
                    return Pruned(traces, events), before
                traces, events = traces + 1, events + row["event_count"]
                before = row["oldest_activity"] + 1
                cursor = Cursor(row[_order(which)], row["id"])
            if len(found) < self._sizes.measured:
                break
        return Pruned(traces, events), before

    async def _traces(self, which: Selection, limit: int, cursor: Cursor | None) -> list[Row]:
        if which.trace_id is not None:
            (found,) = await self._database.query("SELECT * FROM $trace", trace=[_trace(which.trace_id)])
            return list(found) if cursor is None else []
        if which.session_id is not None:
            own: list[Row] = []
            async for row, is_shared in self._of_session(which.session_id, cursor):
                own += [] if is_shared else [row]
                if len(own) == limit:
                    break
            return own
        branches = [Branch({"status": status}) for status in TRACE_STATUSES]
        found = await page(self._database, rows.TRACE, branches, limit, cursor=cursor, by=_order(which))
        return [row for row in found if which.before is None or row["oldest_activity"] < which.before]

    async def _kept(self, which: Selection) -> int:
        """Count the traces of a session that hold other sessions, too."""
        if which.session_id is None:
            return 0
        return len([row async for row, is_shared in self._of_session(which.session_id, None) if is_shared])

    async def _of_session(self, session_id: str, cursor: Cursor | None) -> AsyncIterator[tuple[Row, bool]]:
        """Read the traces that a session has a part in, newest first, and whether others have."""
        which = TraceFilter(session_id=session_id)
        while True:
            found = (await traces_of(self._database, which, self._sizes.measured, cursor)).rows
            shared = await self._shared(session_id, found)
            for row in found:
                yield row, row["id"] in shared
            if len(found) <= self._sizes.measured:
                return
            cursor = Cursor(found[-1]["newest_start"], found[-1]["id"])

    async def _shared(self, session_id: str, traces: Sequence[Row]) -> set[str]:
        """Return the ids of those of these traces that hold another session, also where nobody interpreted it yet."""
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
        """Delete traces, or of a long one a part. Raises ConflictError where one of them has changed."""
        traces = [_trace(row["id"]) for row in group]
        sizes = self._sizes
        runs = [cbor.record(rows.RUN, row["id"]) for row in group]
        heard, calls, written, found = await self._database.query(
            _FIND, traces=traces, runs=runs, heard=sizes.heard, calls=sizes.calls, limit=sizes.events + 1
        )
        whole: list[str] = []
        shorter: list[dict[str, Any]] = []
        event_ids: list[str] = []
        for row, of_trace in zip(group, found, strict=True):
            # Those that left much behind in conversations, and many calls, lose that first, and stay until it is gone.
            now = of_trace[: sizes.events] if len(heard) < sizes.heard and len(calls) < sizes.calls else []
            event_ids += now
            if len(now) == len(of_trace):
                whole.append(row["id"])
            else:
                shorter.append({"id": _trace(row["id"]), "events": len(now)})
        # What is gone of a trace that stays is made anew. Another receiver may be about to write it of one that is
        # gone.
        anew = {run["id"] for run in written}
        anew = anew - {*whole} if self._database.embedded else anew | {*whole}
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        await self._database.query(
            _DELETE,
            traces=traces,
            known=[[trace, row["revision"]] for trace, row in zip(traces, group, strict=True)],
            runs=runs,
            known_runs=[[cbor.record(rows.RUN, run["id"]), run["revision"]] for run in written],
            heard=[cbor.record(rows.CONVERSATION, list_id) for list_id in heard[: sizes.heard]],
            calls=[cbor.record(rows.CALL, call_id) for call_id in calls[: sizes.calls]],
            sessions=[
                cbor.record(rows.SESSION_RUN, [session_id, run["id"]])
                for run in written
                for session_id in run["sessions"]
            ],
            events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids],
            whole=[_trace(trace_id) for trace_id in whole],
            shorter=shorter,
            queued=_queue_record(name, event_ids) if event_ids else [],
            changed=[rows.interpretation_record(name, {trace_id: [] for trace_id in sorted(anew)})] if anew else [],
        )
        return Pruned(len(whole), len(event_ids))


def _fitting(found: Sequence[Row], most: int, needed: int | None) -> list[Row]:
    """Return the first traces as far as they fit into a step of `most` events and are needed; one in any case."""
    group: list[Row] = []
    events = 0
    for row in found:
        if group and (events + row["event_count"] > most or (needed is not None and events >= needed)):
            break
        group.append(row)
        events += row["event_count"]
    return group


def _order(which: Selection) -> str:
    return "oldest_activity" if which.session_id is None else "newest_start"


def _trace(trace_id: str) -> Any:
    return cbor.record(rows.TRACE, trace_id)


def _queue_record(name: str, event_ids: list[str]) -> list[dict[str, Any]]:
    return [{"id": cbor.record(rows.QUEUE, name), "event_ids": [], "size": 0, "traces": [], "deleted": event_ids}]
