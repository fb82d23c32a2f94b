"""What the interpreter asks of the store, by name: its process says which, and gives the values as variables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from storage.surreal import cbor

# Events by their ids, and the origins that they share.
EVENTS = """
LET $found = (SELECT * FROM $events);
RETURN $found;
SELECT * FROM array::complement(array::distinct($found.map(|$event| $event.origin)), [NONE]);
"""


def answered(events: cbor.Encoded, origins: cbor.Encoded) -> bytes:
    """Return what the store would answer to `EVENTS`, of rows as they were written."""
    statement = cbor.encode({"status": "OK", "result": None})[:-1]  # but for the result
    return cbor.encode({"result": None})[:-1] + cbor.array([statement + events.cbor, statement + origins.cbor]).cbor


Reading = Literal["traces", "events of a trace", "calls of a trace", "near", "older traces", "state"]

READS: dict[Reading, str] = {
    # Traces, what was written of them, and of their sessions.
    "traces": """
SELECT id, event_count, session_id, agent_id, newest_start, newest_activity, end_time, service, project, status
    FROM $traces;
LET $found = (SELECT * FROM $runs);
RETURN $found;
SELECT * FROM $found.map(|$run| $run.sessions.map(
    |$session| type::record('session_run', [$session, record::id($run.id)])
)).flatten();
""",
    # As in storage.read.paging: what is at the same moment as the last one, then what is older.
    "events of a trace": """
LET $same = (SELECT * FROM agent_event WHERE trace_id = $trace AND newest = $place AND id > $last
    ORDER BY newest, id LIMIT $limit);
LET $older = (SELECT * FROM agent_event WHERE trace_id = $trace AND newest > $place ORDER BY newest, id LIMIT $limit);
LET $found = array::slice(array::concat($same, $older), 0, $limit);
RETURN $found;
SELECT * FROM array::complement(array::distinct($found.map(|$event| $event.origin)), [NONE]);
""",
    "calls of a trace": "SELECT * FROM agent_call:[$trace, $first]..[$trace, {}] LIMIT $limit",
    # Of sessions the parts of traces that began before a moment, the latest first, as far as they may be near; and
    # where that ended, if there are more.
    "near": """
RETURN $near.map(|$one| {
    LET $parts = (
        SELECT id, trace_id, newest_start, first_event_at, last_event_at, loose FROM session_run
        WHERE session_id = $one.session_id AND newest_start > $one.place ORDER BY newest_start, id LIMIT $limit
    );
    RETURN {
        oldest: IF array::len($parts) = $limit { array::last($parts).newest_start },
        parts: (
            SELECT trace_id, first_event_at, last_event_at, loose,
                type::record('agent_trace', trace_id).project AS project FROM $parts
            WHERE (loose OR $one.loose) AND last_event_at >= $one.since
        )
    };
});
""",
    "older traces": ";".join(
        f"""
SELECT id, newest_start, event_count, type::record('agent_run', record::id(id)).version AS version FROM agent_trace
WHERE status = '{status}' AND newest_start = $place AND id > $last ORDER BY newest_start, id LIMIT $limit;
SELECT id, newest_start, event_count, type::record('agent_run', record::id(id)).version AS version FROM agent_trace
WHERE status = '{status}' AND newest_start > $place ORDER BY newest_start, id LIMIT $limit
"""  # noqa: S608 - the statuses there are
        for status in ("running", "completed", "failed")
    ),
    "state": "SELECT * FROM interpretation_state:current",
}

# What some traces came to. It throws where one of them is gone, or somebody else has written what was made of it.
_CHECKED = """
BEGIN;
IF (SELECT VALUE id FROM $traces) != $traces { THROW 'a trace was deleted' };
IF (SELECT VALUE [id, revision] FROM $runs) != $known { THROW 'a run has changed' };
"""
CHECKED = ("traces", "runs", "known")
# What is written, by its variable, in this order.
WRITTEN = {
    # First: it reads what runs had before.
    "counted": (
        "FOR $one IN $counted { INSERT INTO figures_queue { id: $one.id, added: $one.added, "
        "removed: (SELECT VALUE figures FROM $one.runs WHERE figures != NONE) } RETURN NONE }"
    ),
    "gone": "DELETE $gone RETURN NONE",
    "new_pages": "INSERT INTO agent_call $new_pages RETURN NONE",
    "changed_pages": "FOR $page IN $changed_pages { UPDATE $page.id CONTENT $page RETURN NONE }",
    "new_runs": "INSERT INTO agent_run $new_runs RETURN NONE",
    "changed_runs": "FOR $run IN $changed_runs { UPDATE $run.id CONTENT $run RETURN NONE }",
    "new_sessions": "INSERT INTO session_run $new_sessions RETURN NONE",
    "changed_sessions": "FOR $session IN $changed_sessions { UPDATE $session.id CONTENT $session RETURN NONE }",
    "changed_events": (
        "FOR $event IN $changed_events { UPDATE $event.id "
        "SET agent_id = $event.agent_id, session_id = $event.session_id, as_sent = $event.as_sent RETURN NONE }"
    ),
    # What is due already stays so.
    "alerting": (
        "FOR $one IN $alerting { UPSERT $one.id SET waits = true, name = $one.name, "
        "due = math::min([due ?? $one.due, $one.due]) RETURN NONE }"
    ),
    "queued": "INSERT INTO index_queue $queued RETURN NONE",
    "states": "FOR $state IN $states { UPSERT interpretation_state:current CONTENT $state RETURN NONE }",
    "done": "DELETE $done RETURN NONE",
}


def write(variables: Collection[str]) -> str:
    """Return a transaction that writes these of `WRITTEN`: each statement takes time, also with an empty list."""
    return f"{_CHECKED}{'; '.join(WRITTEN[name] for name in WRITTEN if name in variables)}; COMMIT;"
