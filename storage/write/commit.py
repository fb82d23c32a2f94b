"""One commit: look up what the events meet, place them, and write all of it in one transaction.

No locks are held: the traces read here have a revision, and the transaction throws if one of them has another by then,
or if a chain record that it writes has changed. It also throws while another receiver applies the schema to a database
that was removed: an insert would make the tables that are missing, without the schema. Then, as after any conflict,
everything is read and decided again. So counts are exact and a session stays in one trace, with several commits in
flight and several receivers on one server.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.correlation.message_chain import hashes_of
from mapping.correlation.placement import CONVERSATION_WINDOW, Placement, caller_mark, created_trace_id, run_mark
from mapping.errors import Code, Problem
from mapping.ids import made_trace_id
from mapping.model import Event, Trace
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError
from storage.write.transaction import WRITE, Lookup, Move, PendingEvent, by_part, row, variables_of
from storage.write.versions import another, is_later, of_another_project, version_of, version_of_row

_ATTEMPTS = 20

# The latest trace of a session. In a closure the engine would read all that a long session has: 600 ms for 20,000.
_OF_SESSION = (
    "SELECT * FROM agent_trace WHERE session_id = $session{0} AND project = {1} ORDER BY newest_start, id LIMIT 1;"
)
_LOOK_UP = """
SELECT id, trace_id, project, span_id, name, duration_ns, array::len(object::keys(properties)) AS attributes
    FROM $events;
SELECT * FROM $traces;
RETURN $agents.map(|$agent| (SELECT * FROM agent_trace
    WHERE agent_id = $agent.id AND newest_activity <= $agent.newest_activity
    AND newest_start >= $agent.newest_start AND root_status = NONE));
LET $known = (SELECT * FROM $lists);
RETURN $known;
SELECT * FROM array::distinct($known.trace);
"""

# Events of a trace that was made for a session, which may be moved to a trace that events of the session name.
_EVENTS_OF = """
SELECT id, kind, indexed FROM agent_event WHERE trace_id = $trace_id LIMIT $most;
"""
# If there are more, they are not moved: senders wait for the commit, and so for the move.
_MOST_MOVED = 100


class StoredEvent(NamedTuple):
    """An event that is in the store, whether it was there before, and then whether this is a later version of it."""

    event_id: str
    trace_id: str
    duplicate: bool
    changed: bool = False


class _Placed(NamedTuple):
    """New events and later versions of stored events, by id, and for each event the Problem if it is not stored."""

    new: dict[str, PendingEvent]
    later: dict[str, PendingEvent]
    problems: list[Problem | None]


class PlacementWindows(NamedTuple):
    """How far from a trace an event may be to be placed in it by its agent or its conversation, in nanoseconds."""

    agent: int
    conversation: int = CONVERSATION_WINDOW


Outcome = StoredEvent | Problem
StoredHook = Callable[[Sequence[PendingEvent], Mapping[str, Trace]], None]
# Called with the name of a record in the interpretation queue, its part, and its events and their origins as they were
# written.
WrittenHook = Callable[[str, int, cbor.Encoded, cbor.Encoded], None]


async def commit(
    database: Database,
    pending: Sequence[PendingEvent],
    windows: PlacementWindows,
    *,
    redelivered: bool = True,
    attempts: int = _ATTEMPTS,
    conflicted: Callable[[], None] = lambda: None,
    stored: StoredHook = lambda _new, _traces: None,
    written: WrittenHook = lambda _record, _part, _events, _origins: None,
) -> list[Outcome]:
    """Store events and return their outcomes, in order. If an outcome is a Problem, its event is not stored.

    Unless `redelivered`, the first attempt does not look for events that are stored already: one is a conflict then,
    like any other. `conflicted` is called after each conflict. Once the new events are on disk, `stored` is called with
    them and their traces by id, and `written` with them as they were written.

    Raises StatementRefusedError if the database refuses one of the events, and none is stored; and Problem
    (UNAVAILABLE), also after `attempts` conflicts.
    """
    for attempt in range(attempts):
        try:
            outcomes = await _attempt(database, pending, windows, stored, written, look=redelivered or attempt > 0)
            if outcomes is not None:
                return outcomes
        except ConflictError:
            conflicted()
            await asyncio.sleep(random.random() * 0.01 * 2 ** min(attempt, 6))  # noqa: S311 - so that two do not meet again
    raise Problem(Code.UNAVAILABLE, "too many writers change the same traces at once; try again")


async def _attempt(
    database: Database,
    pending: Sequence[PendingEvent],
    windows: PlacementWindows,
    stored: StoredHook,
    written: WrittenHook,
    *,
    look: bool,
) -> list[Outcome] | None:
    """Place and write events. None if what is stored must be looked up first, as `_place` says."""
    for item in pending:
        item.event.trace_id, item.event.project, item.event.correlation = item.trace_id, item.project, None
    known = await _look_up(database, [item.event for item in pending], windows, look=look)
    placement = Placement(
        known.traces.values(),
        known.chain_records.values(),
        agent_window=windows.agent,
        conversation_window=windows.conversation,
    )
    now = time.time_ns()
    placed = _place(pending, placement, known, now, look=look)
    if placed is None:
        return None
    new, later = placed.new, placed.later
    moves = await _moves(database, placement, known, new.values())
    trace_ids = {event_id: version.trace_id for event_id, version in known.versions.items()}
    trace_ids |= {event_id: str(item.event.trace_id) for event_id, item in new.items()}
    moved_to = {move.trace.id: move.home for move in moves}
    outcomes: list[Outcome] = []
    for item, problem in zip(pending, placed.problems, strict=True):
        event_id = item.event.id
        if problem is not None:
            outcomes.append(problem)
        else:
            trace_id = trace_ids[event_id]
            duplicate, changed = new.get(event_id) is not item, later.get(event_id) is item
            outcomes.append(StoredEvent(event_id, moved_to.get(trace_id, trace_id), duplicate, changed))
    if new or later:
        name = f"{now:020d}-{secrets.token_hex(4)}"
        shared = not database.embedded
        parts = by_part((*new.values(), *later.values()), placement.traces, shared=shared)
        variables = variables_of(
            [*new.values()], placement, known, name, moves, [*later.values()], parts=parts, shared=shared
        )
        await database.query(WRITE, **variables)
        stored([*new.values()], placement.traces)
        for part, items in parts.items():
            written(f"{name}-{part}", part, cbor.array(map(row, items)), variables["origins"])
    return outcomes


def _place(
    pending: Sequence[PendingEvent], placement: Placement, known: Lookup, now: int, *, look: bool
) -> _Placed | None:
    """Place events. None if one cannot be placed and may be stored already, which was not looked up."""
    placed = _Placed({}, {}, [])
    best = dict(known.versions)
    for item in pending:
        event = item.event
        problem = of_another_project(event, best[event.id]) if event.id in best else None
        if problem is not None:
            placed.problems.append(problem)
            continue
        if event.id not in best:
            problem = placement.place(event, now)
            if problem is None:
                placed.new[event.id] = item
            elif not look:
                return None
        elif is_later(event, best[event.id]):
            problem = placement.place(event, now, counted=False)
            if problem is None:
                (placed.new if event.id in placed.new else placed.later)[event.id] = item
        else:
            problem = another(event, best[event.id])
            placed.problems.append(problem)
            continue
        placed.problems.append(problem)
        if problem is None:
            best[event.id] = version_of(event)
    return placed


async def _moves(database: Database, placement: Placement, known: Lookup, new: Collection[PendingEvent]) -> list[Move]:
    """Return which traces that were made for a session become part of a trace that its events name.

    Only log records are moved, because the senders of JSON events have been answered with the trace id.
    """
    moves: list[Move] = []
    for trace in placement.made_for_named():
        unstored = [item for item in new if item.event.trace_id == trace.id]
        stored: list[dict[str, Any]] = []
        if trace.id in known.traces:
            (stored,) = await database.query(_EVENTS_OF, trace_id=trace.id, most=_MOST_MOVED + 1)
        kinds = {row["kind"] for row in stored} | {item.event.kind for item in unstored}
        if kinds != {"log_record"} or len(stored) > _MOST_MOVED or (home := placement.join(trace)) is None:
            continue
        for item in unstored:
            item.event.trace_id, item.event.correlation = home.id, "session"
        if stored:
            indexed = [row["id"] for row in stored if row.get("indexed") is not False]
            moves.append(Move(trace, home.id, [row["id"] for row in stored], indexed))
    return moves


async def _look_up(database: Database, events: Sequence[Event], windows: PlacementWindows, *, look: bool) -> Lookup:
    traces: set[str] = set()
    # With their projects: the same session of two of them is two.
    sessions: set[tuple[str, str | None]] = set()
    named: set[tuple[str, str | None]] = set()
    lists: set[str] = set()
    moments: dict[str, list[int]] = {}
    for event in events:
        # The trace that rule 5 would create may exist: a client may have used its id for events of another session.
        traces.add(event.trace_id or created_trace_id(event))
        if event.conversation is not None:
            lists.update(hashes_of(event.conversation))
        if event.caller is not None:
            lists.add(caller_mark(event))
        if event.trace_id is not None:
            if event.session_id is not None:
                named.add((event.session_id, event.project))
            continue
        if event.session_id is not None:
            sessions.add((event.session_id, event.project))
        elif event.agent_id is not None:
            moments.setdefault(event.agent_id, []).append(event.timestamp)
            lists.add(run_mark(event.agent_id))
    traces.update(made_trace_id("session", *session) for session in named)
    of_sessions, values = _of_sessions(sessions)
    stored, by_id, by_agent, _, chain_records, by_list, *by_session = await database.query(
        _LOOK_UP + of_sessions,
        events=[cbor.record(rows.EVENT, event.id) for event in events] if look else [],
        traces=[cbor.record(rows.TRACE, trace_id) for trace_id in traces],
        agents=[
            {
                "id": agent,
                "newest_activity": cbor.int64(windows.agent - min(times)),
                "newest_start": cbor.int64(-max(times) - windows.agent),
            }
            for agent, times in moments.items()
        ],
        lists=[cbor.record(rows.CONVERSATION, list_id) for list_id in lists],
        **values,
    )
    traces_by_id = {row["id"]: row for group in (by_id, *by_session, *by_agent, by_list) for row in group}
    return Lookup(
        {row["id"]: version_of_row(row) for row in stored},
        {trace_id: rows.trace_of_row(row) for trace_id, row in traces_by_id.items()},
        {row["id"]: rows.chain_record_of_row(row) for row in chain_records},
    )


def _of_sessions(sessions: Iterable[tuple[str, str | None]]) -> tuple[str, dict[str, str]]:
    """Return the statements that look up the latest traces of sessions of projects, and their variables."""
    statements: list[str] = []
    values: dict[str, str] = {}
    for number, (session_id, project) in enumerate(sessions):
        statements.append(_OF_SESSION.format(number, "NONE" if project is None else f"$project{number}"))
        values[f"session{number}"] = session_id
        if project is not None:
            values[f"project{number}"] = project
    return "".join(statements), values
