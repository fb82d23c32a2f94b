"""Deletes a session's part of a trace that other sessions share; the trace stays with the events of the others.

As with whole traces (`prune.py`) each step is one transaction that leaves the store consistent. The last step deletes
the trace's run, too, and queues the trace to be interpreted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from storage.read.paging import Branch, Cursor, Row, page
from storage.read.runs import runs_of
from storage.read.sessions import PROJECT_OF_PART
from storage.surreal import cbor, rows
from storage.surreal.database import Database

_PIECE = 500

_FIND = """
SELECT * FROM $trace;
SELECT id, revision, sessions FROM $run;
SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND session_id = $of LIMIT $limit;
SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND session_id = NONE LIMIT $limit;
SELECT id, session_id, first_event_at FROM $parts;
"""

_DELETE = """
BEGIN;
IF (SELECT VALUE [id, revision] FROM [$trace]) != [[$trace, $revision]] { THROW 'a trace has changed' };
IF (SELECT VALUE [id, revision] FROM [$run]) != [[$run, $run_revision]] { THROW 'what a trace came to has changed' };
DELETE $events RETURN NONE;
UPDATE $trace SET revision += 1, event_count -= $count, session_id = $session_id, session_at = $session_at RETURN NONE;
INSERT INTO figures_queue {
    id: $counted, added: [], removed: (SELECT VALUE figures FROM $runs WHERE figures != NONE)
} RETURN NONE;
DELETE $runs RETURN NONE;
FOR $of IN $calls_of { DELETE agent_call:[$of, NONE]..[$of, {}] RETURN NONE };
INSERT INTO index_queue $queued RETURN NONE;
INSERT INTO interpretation_queue $changed RETURN NONE;
COMMIT;
"""


class SharedPart(NamedTuple):
    """A session's part of a trace that it shares with others, and how many events that is."""

    session_id: str
    trace_id: str
    events: int
    project: str | None = None


async def shared_parts(database: Database, session_id: str) -> list[SharedPart]:
    """Return a session's parts of the traces that it shares with others."""
    shared: list[SharedPart] = []
    after: Cursor | None = None
    while True:
        parts = await page(
            database,
            rows.SESSION_RUN,
            [Branch({"session_id": session_id})],
            _PIECE,
            cursor=after,
            fields=f"id, newest_start, trace_id, event_count, {PROJECT_OF_PART} AS project",
        )
        runs = await runs_of(database, (part["trace_id"] for part in parts))
        shared += [
            SharedPart(session_id, part["trace_id"], part["event_count"], part.get("project"))
            for part in parts
            if part["trace_id"] in runs and len(runs[part["trace_id"]]["sessions"]) > 1
        ]
        if len(parts) < _PIECE:
            return shared
        after = Cursor(parts[-1]["newest_start"], [session_id, parts[-1]["trace_id"]])


async def delete_part(database: Database, session_id: str, trace_id: str, most: int) -> int | None:
    """Delete at most `most` events of a session in a trace.

    Return the number of events deleted, or None if the session no longer shares the trace. Raises ConflictError if the
    trace was changed meanwhile.
    """
    trace, run = cbor.record(rows.TRACE, trace_id), cbor.record(rows.RUN, trace_id)
    (sessions,) = await database.query("SELECT VALUE sessions FROM $run", run=[run])
    parts = [cbor.record(rows.SESSION_RUN, [name, trace_id]) for names in sessions for name in names]
    traces, runs, own, without_session, part_rows = await database.query(
        _FIND, trace=[trace], run=[run], trace_id=trace_id, of=session_id, limit=most, parts=parts
    )
    others = [row for row in part_rows if row["session_id"] != session_id]
    if not traces or not runs or not others:
        return None
    is_first = traces[0].get("session_id") == session_id
    event_ids: list[str] = [*own, *(without_session if is_first else [])][:most]
    if len(event_ids) == traces[0]["event_count"]:
        return None
    part = rows.part_of(trace_id, shared=not database.embedded)
    last = len(event_ids) < most
    await database.query(_DELETE, **_variables(traces[0], runs[0], others, event_ids, part, last=last))
    return len(event_ids)


def _variables(
    trace: Row, run: Row, others: Sequence[Row], event_ids: Sequence[str], part: int, *, last: bool
) -> dict[str, Any]:
    """Return the variables of `_DELETE`; with the `last` events the trace gets another session."""
    name = rows.queue_name()
    session_id, session_at = trace.get("session_id"), trace.get("session_at")
    runs: list[Any] = []
    if last:
        first = min(others, key=lambda row: (row["first_event_at"], row["session_id"]))
        if session_id not in {row["session_id"] for row in others}:
            session_id, session_at = first["session_id"], first["first_event_at"]
        runs = [cbor.record(rows.SESSION_RUN, [session, trace["id"]]) for session in run["sessions"]]
        runs.append(cbor.record(rows.RUN, trace["id"]))
    return {
        "trace": cbor.record(rows.TRACE, trace["id"]),
        "revision": trace["revision"],
        "run": cbor.record(rows.RUN, trace["id"]),
        "run_revision": run["revision"],
        "events": [cbor.record(rows.EVENT, event_id) for event_id in event_ids],
        "calls_of": [trace["id"]] if last else [],
        "count": len(event_ids),
        "session_id": cbor.NONE if session_id is None else session_id,
        "session_at": cbor.NONE if session_at is None else cbor.int64(session_at),
        "runs": runs,
        "counted": rows.queue_name(),
        "queued": [rows.queue_record(name, part, deleted=event_ids)] if event_ids else [],
        "changed": [rows.interpretation_record(name, part, {trace["id"]: []})] if last else [],
    }
