"""One commit: look up what the events meet, place them, and write all of it in one transaction.

Nothing is held between two commits: the traces read here carry a revision, and the transaction throws when one of them
has another by then. Then, as after any conflict, everything is read and decided again. That is what keeps counts exact
and sessions in one trace with several commits in flight and several receivers on one server.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mapping.correlation import Placement, created_trace_id
from mapping.errors import Code, Problem
from mapping.model import Event, Trace
from storage.surreal import cbor, rows
from storage.surreal.database import ConflictError, Database

_ATTEMPTS = 20

_LOOK_UP = """
SELECT id, trace_id FROM $events;
SELECT * FROM $traces;
RETURN $sessions.map(|$session| (SELECT * FROM agent_trace WHERE session_id = $session ORDER BY newest, id LIMIT 1));
RETURN $agents.map(|$agent| (SELECT * FROM agent_trace WHERE agent_id = $agent.id AND recent <= $agent.recent
    AND newest >= $agent.newest AND root_status = NONE));
"""

WRITE = """
BEGIN;
LET $now = (SELECT VALUE [id, revision] FROM $touched);
IF $now != $known { THROW 'a trace has changed' };
INSERT INTO agent_trace $new_traces RETURN NONE;
FOR $trace IN $changed_traces { UPDATE $trace.id CONTENT $trace RETURN NONE };
INSERT INTO agent_event $events RETURN NONE;
INSERT RELATION INTO contains $edges RETURN NONE;
INSERT INTO index_queue $queued RETURN NONE;
COMMIT;
"""


class Stored(NamedTuple):
    """An event that is in the store, and whether it was there before."""

    event_id: str
    trace_id: str
    duplicate: bool


class Pending(NamedTuple):
    """An event to be stored, what of its row is encoded, and the trace id that its sender gave."""

    event: Event
    fields: tuple[int, bytes]
    trace_id: str | None


Outcome = Stored | Problem


async def commit(database: Database, pending: Sequence[Pending], agent_window: int) -> list[Outcome]:
    """Store events. The outcomes stand in the events' order; a Problem is an event's own and was not stored.

    Raises RefusedError where the database does not take one of them (none is stored then), Problem (UNAVAILABLE).
    """
    for attempt in range(_ATTEMPTS):
        try:
            return await _attempt(database, pending, agent_window)
        except ConflictError:
            await asyncio.sleep(random.random() * 0.01 * 2 ** min(attempt, 6))  # noqa: S311 - so that two do not meet again
    raise Problem(Code.UNAVAILABLE, "too many writers change the same traces at once; try again")


async def _attempt(database: Database, pending: Sequence[Pending], agent_window: int) -> list[Outcome]:
    for event, _, given in pending:
        event.trace_id, event.correlation = given, None
    stored, traces = await _look_up(database, [event for event, _, _ in pending], agent_window)
    placement = Placement(traces, agent_window=agent_window)
    known = {trace.id: trace.revision for trace in traces}
    now = time.time_ns()
    outcomes: list[Outcome] = []
    new: list[Pending] = []
    for item in pending:
        event = item.event
        if event.id in stored:
            outcomes.append(Stored(event.id, stored[event.id], duplicate=True))
        elif (problem := placement.place(event, now)) is not None:
            outcomes.append(problem)
        else:
            stored[event.id] = str(event.trace_id)
            outcomes.append(Stored(event.id, str(event.trace_id), duplicate=False))
            new.append(item)
    if new:
        touched = [placement.traces[trace_id] for trace_id in placement.touched]
        learned = [trace.id for trace in traces if _whose(trace) != _whose(placement.traces[trace.id])]
        await _write(database, new, touched, known, learned, now)
    return outcomes


def _whose(trace: Trace) -> tuple[str | None, str | None]:
    return trace.session_id, trace.agent_id


async def _look_up(
    database: Database, events: Sequence[Event], agent_window: int
) -> tuple[dict[str, str], list[Trace]]:
    """Give the trace ids of the events that are there already, and every trace that could matter."""
    traces: set[str] = set()
    sessions: set[str] = set()
    moments: dict[str, list[int]] = {}
    for event in events:
        # What rule 5 would create may be there: a client can have given the id to events of another session.
        traces.add(event.trace_id or created_trace_id(event))
        if event.trace_id is not None:
            continue
        if event.session_id is not None:
            sessions.add(event.session_id)
        elif event.agent_id is not None:
            moments.setdefault(event.agent_id, []).append(event.timestamp)
    stored, by_id, by_session, by_agent = await database.query(
        _LOOK_UP,
        events=[cbor.record(rows.EVENT, event.id) for event in events],
        traces=[cbor.record(rows.TRACE, trace_id) for trace_id in traces],
        sessions=list(sessions),
        agents=[
            {
                "id": agent,
                "recent": cbor.int64(agent_window - min(times)),
                "newest": cbor.int64(-max(times) - agent_window),
            }
            for agent, times in moments.items()
        ],
    )
    found = {row["id"]: row for group in (by_id, *by_session, *by_agent) for row in group}
    return {row["id"]: row["trace_id"] for row in stored}, [rows.trace_of_row(row) for row in found.values()]


async def _write(
    database: Database,
    new: Sequence[Pending],
    touched: Sequence[Trace],
    known: Mapping[str, int],
    learned: list[str],
    now: int,
) -> None:
    for trace in touched:
        trace.revision = known.get(trace.id, 0) + 1
    name = f"{now:020d}-{secrets.token_hex(4)}"
    await database.query(WRITE, **variables_of(new, touched, known, learned, name))


def variables_of(
    new: Sequence[Pending],
    touched: Sequence[Trace],
    known: Mapping[str, int],
    learned: list[str],
    queue_record: str,
) -> dict[str, Any]:
    """Give the variables of `WRITE`.

    `known` holds the revisions of those traces that were there before, `learned` those of them that have got another
    session or agent: the index must be told for their earlier events.
    """
    indexed = [event.id for event, _, _ in new if event.indexed]
    queued: list[dict[str, Any]] = []
    if indexed or learned:
        record = {"event_ids": indexed, "size": len(indexed), "traces": learned}
        queued = [{"id": cbor.record(rows.QUEUE, queue_record), **record}]
    return {
        "touched": [cbor.record(rows.TRACE, trace.id) for trace in touched],
        "known": [[cbor.record(rows.TRACE, trace.id), known[trace.id]] for trace in touched if trace.id in known],
        "new_traces": [rows.trace_row(trace) for trace in touched if trace.id not in known],
        "changed_traces": [rows.trace_row(trace) for trace in touched if trace.id in known],
        "events": cbor.array(cbor.row(fields, rows.placement_fields(event)) for event, fields, _ in new),
        "edges": cbor.array(rows.edge(event) for event, _, _ in new),
        "queued": queued,
    }
