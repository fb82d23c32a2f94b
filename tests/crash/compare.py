"""What is stored beside what was sent and acknowledged: read from the database itself, not through the receiver."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from senders import Account

from storage.interpreting.interpreter import Interpreter
from storage.read.call_pages import calls_in
from storage.read.figures import added_up
from storage.surreal.database import Database

_READ = """
BEGIN;
SELECT id, trace_id, trace, properties.mark AS mark FROM agent_event;
SELECT id, event_count FROM agent_trace;
SELECT id, <~agent_event AS reached FROM agent_trace;
SELECT VALUE event_ids FROM index_queue;
SELECT VALUE traces FROM interpretation_queue;
SELECT id, event_count FROM agent_run;
SELECT * FROM agent_call;
COMMIT;
"""
# What runs add to counts by time, the counts by the hour, and what waits to be counted.
_COUNTED = """
BEGIN;
SELECT VALUE figures FROM agent_run;
SELECT VALUE told FROM figures WHERE record::id(id)[0] = 1;
SELECT added, removed FROM figures_queue;
COMMIT;
"""
_MADE = ("agent_call", "agent_run", "session_run")


class Stored(NamedTuple):
    events: dict[str, dict[str, Any]]
    traces: dict[str, dict[str, Any]]
    reached: dict[str, list[str]]
    queued: list[str]
    uninterpreted: set[str]
    runs: dict[str, int]
    calls: list[dict[str, Any]]


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    """Open the engine's folder."""
    database = Database(f"surrealkv://{folder}", namespace="vectadb", database="vectadb")
    try:
        yield database
    finally:
        await database.close()


async def read(database: Database) -> Stored:
    """Read everything there is to compare, as it is at one moment."""
    _, events, traces, reached, queued, changed, runs, pages, _ = await database.run(_READ)
    return Stored(
        {row["id"]: row for row in events},
        {row["id"]: row for row in traces},
        {row["id"]: row["reached"] for row in reached},
        [event_id for ids in queued for event_id in ids],
        {trace_id for of in changed for trace_id, _ in of},
        {row["id"]: row["event_count"] for row in runs},
        [call for page in pages for call in calls_in(page)],
    )


async def made_anew(database: Database) -> list[str]:
    """Interpret what is left to be, then all of it anew, and say what comes out differently."""
    before = await _made(database)
    miscounted = await _miscounted(database)
    # As after an upgrade. Of rows that were deleted, each session's parts would be found anew, again and again.
    await database.run("UPDATE agent_run SET version = 'before'; DELETE interpretation_state")
    after = await _made(database)
    return miscounted + [
        f"{key}: {_differing(before.get(key, {}), after.get(key, {}))} made anew"
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    ]


def _differing(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the fields that differ, each with what it is and what it becomes."""
    fields = [field for field in before.keys() | after.keys() if before.get(field) != after.get(field)]
    return ", ".join(f"{field} {before.get(field)!r:.200} -> {after.get(field)!r:.200}" for field in sorted(fields))


async def _miscounted(database: Database) -> list[str]:
    """Say which counts by time are not those of the runs."""
    _, of_runs, counted, queued, _ = await database.run(_COUNTED)
    right = added_up([{"added": of_runs, "removed": []}])
    stored = added_up([{"added": counted, "removed": []}, *queued])
    return [
        f"{key} counts {stored.get(key)}, its runs are {right.get(key)}"
        for key in right.keys() | stored.keys()
        if right.get(key) != stored.get(key)
    ]


async def _made(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    interpreter = Interpreter(database)
    interpreting = asyncio.create_task(interpreter.run())
    while True:
        waiting, states = await database.run(
            "SELECT VALUE id FROM interpretation_queue LIMIT 1;"
            "SELECT VALUE place FROM interpretation_state WHERE version"
        )
        if states == [None] and not waiting:
            break
        await asyncio.sleep(0.05)
    interpreting.cancel()
    await asyncio.gather(interpreting, return_exceptions=True)
    found = await database.run(";".join(f"SELECT * FROM {table}" for table in _MADE))  # noqa: S608 - names of tables
    return {
        (table, str(row["id"])): {field: value for field, value in row.items() if field != "revision"}
        for table, of_table in zip(_MADE, found, strict=True)
        for row in of_table
    }


def differences(stored: Stored, account: Account, *, complete: bool) -> list[str]:
    """Say what is wrong. `complete`: everything was sent until it was acknowledged, so that it must all be there."""
    return [
        *_marks(stored, account, complete),
        *(
            f"event {event_id} was acknowledged for {mark}, and {stored.events.get(event_id)} is stored"
            for event_id, mark in account.ids.items()
            if stored.events.get(event_id, {}).get("mark") != mark
        ),
        *_references(stored),
        *_counts(stored),
        *(f"{event_id} is to be indexed, and not stored" for event_id in set(stored.queued) - stored.events.keys()),
        *_interpreted(stored),
    ]


def _marks(stored: Stored, account: Account, complete: bool) -> list[str]:
    there = Counter(row["mark"] for row in stored.events.values())
    must = account.sent if complete else account.acknowledged
    return [
        *(f"{mark}: {must[mark]} acknowledged, {there[mark]} stored" for mark in must if there[mark] < must[mark]),
        *(
            f"{mark}: {account.sent[mark]} sent, {count} stored"
            for mark, count in there.items()
            if count > account.sent[mark]
        ),
    ]


def _references(stored: Stored) -> list[str]:
    reached = Counter((trace_id, event_id) for trace_id, ids in stored.reached.items() for event_id in ids)
    return [
        *(
            f"event {event_id} of trace {row['trace_id']} refers to {row['trace']}"
            for event_id, row in stored.events.items()
            if row["trace"] != row["trace_id"]
        ),
        *(
            f"event {event_id} is reached {reached[row['trace_id'], event_id]} times from its trace"
            for event_id, row in stored.events.items()
            if reached[row["trace_id"], event_id] != 1
        ),
        *(
            f"trace {trace_id} leads to event {event_id}, which is not its own"
            for trace_id, event_id in reached
            if stored.events.get(event_id, {}).get("trace_id") != trace_id
        ),
    ]


def _interpreted(stored: Stored) -> list[str]:
    """Say what is neither interpreted nor to be, and what was made of what is not there."""
    return [
        *(
            f"trace {trace_id} has {row['event_count']} events, {stored.runs.get(trace_id)} are interpreted, none waits"
            for trace_id, row in stored.traces.items()
            if trace_id not in stored.uninterpreted and stored.runs.get(trace_id) != row["event_count"]
        ),
        *(f"{trace_id} was interpreted, and is not stored" for trace_id in stored.runs.keys() - stored.traces.keys()),
        *(
            f"call {call['id']} is told by an event that is not stored: {call['told_by']}"
            for call in stored.calls
            if call["trace_id"] not in stored.traces or not stored.events.keys() >= {*call["told_by"]}
        ),
    ]


def _counts(stored: Stored) -> list[str]:
    counts = {trace_id: Counter[str]() for trace_id in stored.traces}
    found = []
    for row in stored.events.values():
        if row["trace_id"] not in counts:
            found.append(f"event {row['id']} is in trace {row['trace_id']}, which is not there")
            continue
        counts[row["trace_id"]]["event_count"] += 1
    for trace_id, row in stored.traces.items():
        told = {field: value for field, value in row.items() if field != "id"}
        counted = {field: counts[trace_id][field] for field in told}
        if told != counted:
            found.append(f"trace {trace_id} says {told}, its events say {counted}")
    return found
