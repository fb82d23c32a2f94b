"""One commit: look up what the events meet, place them, and write all of it in one transaction.

No locks are held: the traces read here have a revision, and the transaction throws if one of them has another by then,
or if a chain record that it writes has changed. Then, as after any conflict, everything is read and decided again. So
counts are exact and a session stays in one trace, with several commits in flight and several receivers on one server.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.correlation.message_chain import hashes_of
from mapping.correlation.placement import CONVERSATION_WINDOW, Placement, caller_mark, created_trace_id, run_mark
from mapping.errors import Code, Problem
from mapping.ids import made_trace_id
from mapping.model import ChainRecord, Event, Trace
from storage.surreal import cbor, rows
from storage.surreal.database import ConflictError, Database
from storage.write.versions import Version, another, is_later, version_of, version_of_row

_ATTEMPTS = 20

_LOOK_UP = """
SELECT id, trace_id, span_id, name, duration_ns, array::len(object::keys(properties)) AS attributes FROM $events;
SELECT * FROM $traces;
RETURN $sessions.map(|$session| (
    SELECT * FROM agent_trace WHERE session_id = $session ORDER BY newest_start, id LIMIT 1
));
RETURN $agents.map(|$agent| (SELECT * FROM agent_trace
    WHERE agent_id = $agent.id AND newest_activity <= $agent.newest_activity
    AND newest_start >= $agent.newest_start AND root_status = NONE));
LET $known = (SELECT * FROM $lists);
RETURN $known;
SELECT * FROM array::distinct($known.trace);
"""

WRITE = """
BEGIN;
LET $now = (SELECT VALUE [id, revision] FROM $touched);
IF $now != $known { THROW 'a trace has changed' };
IF (SELECT * FROM $changed_chain_records.id) != $known_chain_records { THROW 'a record of the message chain has changed'
}; INSERT INTO agent_trace $new_traces RETURN NONE; FOR $trace IN $changed_traces { UPDATE $trace.id CONTENT $trace
RETURN NONE }; INSERT INTO conversation $new_chain_records RETURN NONE; FOR $record IN $changed_chain_records { UPDATE
$record.id CONTENT $record RETURN NONE }; INSERT IGNORE INTO origin $origins RETURN NONE; FOR $move IN $moves {
    UPDATE $move.events SET trace_id = $move.home, correlation = 'session' RETURN NONE;
    DELETE $move.edges WHERE in = $move.trace RETURN NONE;
    DELETE agent_call WHERE trace_id = $move.trace_id RETURN NONE;
    DELETE $move.gone RETURN NONE
};
INSERT INTO agent_event $events RETURN NONE;
FOR $event IN $later { UPDATE $event.id CONTENT $event RETURN NONE };
INSERT RELATION INTO contains $edges RETURN NONE;
INSERT RELATION IGNORE INTO links_to $links RETURN NONE;
INSERT INTO index_queue $queued RETURN NONE;
INSERT INTO interpretation_queue $changed RETURN NONE;
COMMIT;
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


class PendingEvent(NamedTuple):
    """An event to be stored: its encoded fields, its origin, and the trace id that its sender gave."""

    event: Event
    fields: rows.Fields
    origin: rows.OriginRow | None
    trace_id: str | None


def pending_of(event: Event, encoder: rows.EventEncoder) -> PendingEvent:
    """Encode an event. Raises ValueError for what cannot be stored."""
    return PendingEvent(event, *encoder.encode(event), event.trace_id)


class Lookup(NamedTuple):
    """What the store has that could matter to some events.

    These are the versions of those events that are stored already, traces, and chain records, all by id.
    """

    versions: dict[str, Version]
    traces: dict[str, Trace]
    chain_records: dict[str, ChainRecord]


class _Placed(NamedTuple):
    """New events and later versions of stored events, by id, and for each event the Problem if it is not stored."""

    new: dict[str, PendingEvent]
    later: dict[str, PendingEvent]
    problems: list[Problem | None]


class Move(NamedTuple):
    """A trace that was made for a session, and the id of the trace (`home`) to which all its events are moved.

    `events` are those that are stored, `indexed` those of them that are in the search index.
    """

    trace: Trace
    home: str
    events: list[str]
    indexed: list[str]


class PlacementWindows(NamedTuple):
    """How far from a trace an event may be to be placed in it by its agent or its conversation, in nanoseconds."""

    agent: int
    conversation: int = CONVERSATION_WINDOW


Outcome = StoredEvent | Problem
StoredHook = Callable[[Sequence[PendingEvent], Mapping[str, Trace]], None]
# Called with the name of a commit's record in the queues, and its events and their origins as they were written.
WrittenHook = Callable[[str, cbor.Encoded, cbor.Encoded], None]


async def commit(
    database: Database,
    pending: Sequence[PendingEvent],
    windows: PlacementWindows,
    *,
    redelivered: bool = True,
    attempts: int = _ATTEMPTS,
    conflicted: Callable[[], None] = lambda: None,
    stored: StoredHook = lambda _new, _traces: None,
    written: WrittenHook = lambda _record, _events, _origins: None,
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
        item.event.trace_id, item.event.correlation = item.trace_id, None
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
        variables = variables_of([*new.values()], placement, known, name, moves, [*later.values()])
        for move in variables["moves"] if not database.embedded else ():
            # In a query of its own: a server in memory accepts no record with an id that the same transaction has
            # deleted. If the commit then fails, the session's next one makes the edges anew.
            await database.query(
                "DELETE $edges WHERE in = $trace RETURN NONE", edges=move["edges"], trace=move["trace"]
            )
        await database.query(WRITE, **variables)
        stored([*new.values()], placement.traces)
        written(name, cbor.array(map(_row, (*new.values(), *later.values()))), variables["origins"])
    return outcomes


def _place(
    pending: Sequence[PendingEvent], placement: Placement, known: Lookup, now: int, *, look: bool
) -> _Placed | None:
    """Place events. None if one cannot be placed and may be stored already, which was not looked up."""
    placed = _Placed({}, {}, [])
    best = dict(known.versions)
    for item in pending:
        event = item.event
        problem = None
        if event.id not in best:
            problem = placement.place(event, now)
            if problem is None:
                placed.new[event.id] = item
            elif not look:
                return None
        elif is_later(event, best[event.id]):
            placement.place(event, now, counted=False)
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
    sessions: set[str] = set()
    named: set[str] = set()
    lists: set[str] = set()
    moments: dict[str, list[int]] = {}
    for event in events:
        # The trace that rule 5 would create may exist: a client may have used its id for events of another session.
        traces.add(event.trace_id or created_trace_id(event))
        if event.conversation is not None:
            lists.update(hashes_of(event.conversation))
        if event.caller is not None:
            lists.add(caller_mark(event.caller))
        if event.trace_id is not None:
            if event.session_id is not None:
                named.add(event.session_id)
            continue
        if event.session_id is not None:
            sessions.add(event.session_id)
        elif event.agent_id is not None:
            moments.setdefault(event.agent_id, []).append(event.timestamp)
            lists.add(run_mark(event.agent_id))
    traces.update(made_trace_id("session", session_id) for session_id in named)
    stored, by_id, by_session, by_agent, _, chain_records, by_list = await database.query(
        _LOOK_UP,
        events=[cbor.record(rows.EVENT, event.id) for event in events] if look else [],
        traces=[cbor.record(rows.TRACE, trace_id) for trace_id in traces],
        sessions=list(sessions),
        agents=[
            {
                "id": agent,
                "newest_activity": cbor.int64(windows.agent - min(times)),
                "newest_start": cbor.int64(-max(times) - windows.agent),
            }
            for agent, times in moments.items()
        ],
        lists=[cbor.record(rows.CONVERSATION, list_id) for list_id in lists],
    )
    traces_by_id = {row["id"]: row for group in (by_id, *by_session, *by_agent, by_list) for row in group}
    return Lookup(
        {row["id"]: version_of_row(row) for row in stored},
        {trace_id: rows.trace_of_row(row) for trace_id, row in traces_by_id.items()},
        {row["id"]: rows.chain_record_of_row(row) for row in chain_records},
    )


def variables_of(
    new: Sequence[PendingEvent],
    placement: Placement,
    known: Lookup,
    queue_record: str,
    moves: Sequence[Move] = (),
    later: Sequence[PendingEvent] = (),
) -> dict[str, Any]:
    """Return the variables of `WRITE` for events that were placed; `known` is what was stored before.

    `later` are later versions of events that are stored.
    """
    touched = [placement.traces[trace_id] for trace_id in placement.touched]
    gone = [move.trace for move in moves]
    chain_records = [placement.chain_records[list_id] for list_id in placement.touched_chain_records]
    revisions = {trace.id: trace.revision for trace in known.traces.values()}
    for trace in touched:
        trace.revision = rows.revision_after(revisions.get(trace.id))
    indexed = [item.event.id for item in (*new, *later) if item.event.indexed]
    indexed += [event_id for move in moves for event_id in move.indexed]
    # If a trace gets another session or agent, the points of its earlier events must be updated.
    learned = [
        trace.id for trace in touched if trace.id in revisions and _whose(trace) != _whose(known.traces[trace.id])
    ]
    of_trace: dict[str, list[str]] = {}
    for item in (*new, *later):
        of_trace.setdefault(str(item.event.trace_id), []).append(item.event.id)
    queued: list[dict[str, Any]] = []
    if indexed or learned:
        record = {"event_ids": indexed, "size": len(indexed), "traces": learned}
        queued = [{"id": cbor.record(rows.QUEUE, queue_record), **record}]
    return {
        "touched": [cbor.record(rows.TRACE, trace.id) for trace in (*touched, *gone)],
        "known": [
            [cbor.record(rows.TRACE, trace.id), revisions[trace.id]]
            for trace in (*touched, *gone)
            if trace.id in revisions
        ],
        "new_traces": [rows.trace_row(trace) for trace in touched if trace.id not in revisions],
        "changed_traces": [rows.trace_row(trace) for trace in touched if trace.id in revisions],
        "known_chain_records": [
            rows.chain_row(known.chain_records[item.id]) for item in chain_records if item.id in known.chain_records
        ],
        "new_chain_records": [rows.chain_row(item) for item in chain_records if item.id not in known.chain_records],
        "changed_chain_records": [rows.chain_row(item) for item in chain_records if item.id in known.chain_records],
        "origins": cbor.array({item.origin.id: item.origin.row for item in (*new, *later) if item.origin}.values()),
        "events": cbor.array(map(_row, new)),
        "later": cbor.array(map(_row, later)),
        "edges": cbor.array(
            rows.edge(event_id, trace_id)
            for event_id, trace_id in (
                *((item.event.id, str(item.event.trace_id)) for item in new),
                *((event_id, move.home) for move in moves for event_id in move.events),
            )
        ),
        "links": [link for item in (*new, *later) for link in rows.links(item.event)],
        "moves": [_moved(move) for move in moves],
        "queued": queued,
        "changed": [
            rows.interpretation_record(queue_record, of_trace),
            # Moved events have records of their own, because this commit does not write them, so they must be read.
            *(
                rows.interpretation_record(f"{queue_record}-{place}", {move.home: move.events})
                for place, move in enumerate(moves)
            ),
        ],
    }


def _row(item: PendingEvent) -> bytes:
    return cbor.row(item.fields, rows.placement_fields(str(item.event.trace_id), str(item.event.correlation)))


def _moved(move: Move) -> dict[str, Any]:
    trace_id = move.trace.id
    gone: list[tuple[str, str | list[str]]] = [(rows.TRACE, trace_id), (rows.RUN, trace_id)]
    gone.append((rows.SESSION_RUN, [str(move.trace.session_id), trace_id]))
    return {
        "trace_id": trace_id,
        "home": move.home,
        "events": [cbor.record(rows.EVENT, event_id) for event_id in move.events],
        "edges": [cbor.record(rows.CONTAINS, event_id) for event_id in move.events],
        "trace": cbor.record(rows.TRACE, trace_id),
        "gone": [cbor.record(table, key) for table, key in gone],
    }


def _whose(trace: Trace) -> tuple[str | None, str | None]:
    return trace.session_id, trace.agent_id
