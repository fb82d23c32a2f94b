"""What is stored beside what was sent and acknowledged: read from the database itself, not through the receiver."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from senders import Account

from storage.surreal.database import Database

_READ = """
SELECT id, trace_id, status, event_type, properties.mark AS mark,
    properties.`gen_ai.usage.input_tokens` AS input, properties.`gen_ai.usage.output_tokens` AS output FROM agent_event;
SELECT id, event_count, error_count, input_tokens, output_tokens FROM agent_trace;
SELECT id, in, out FROM contains;
SELECT id, ->contains->agent_event AS reached FROM agent_trace;
SELECT VALUE event_ids FROM index_queue;
"""


class Stored(NamedTuple):
    events: dict[str, dict[str, Any]]
    traces: dict[str, dict[str, Any]]
    edges: list[dict[str, Any]]
    reached: dict[str, list[str]]
    queued: list[str]


async def read(folder: Path) -> Stored:
    """Open the engine's folder, and read everything there is to compare."""
    database = Database(f"surrealkv://{folder}", namespace="vectadb", database="vectadb")
    try:
        events, traces, edges, reached, queued = await database.query(_READ)
    finally:
        await database.close()
    return Stored(
        {row["id"]: row for row in events},
        {row["id"]: row for row in traces},
        edges,
        {row["id"]: row["reached"] for row in reached},
        [event_id for ids in queued for event_id in ids],
    )


def differences(stored: Stored, account: Account, *, complete: bool) -> list[str]:
    """Say what is wrong. `complete`: everything was sent until it was acknowledged, so that it must all be there."""
    return [
        *_marks(stored, account, complete),
        *(
            f"event {event_id} was acknowledged for {mark}, and {stored.events.get(event_id)} is stored"
            for event_id, mark in account.ids.items()
            if stored.events.get(event_id, {}).get("mark") != mark
        ),
        *_edges(stored),
        *_counts(stored),
        *(f"{event_id} is to be indexed, and not stored" for event_id in set(stored.queued) - stored.events.keys()),
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


def _edges(stored: Stored) -> list[str]:
    edges = {edge["id"]: (edge["in"], edge["out"]) for edge in stored.edges}
    wanted = {event_id: (row["trace_id"], event_id) for event_id, row in stored.events.items()}
    reached = Counter(event_id for ids in stored.reached.values() for event_id in ids)
    return [
        *(f"edge {edge_id} is {edges.get(edge_id)}, expected {wanted.get(edge_id)}"
          for edge_id in edges.keys() | wanted.keys() if edges.get(edge_id) != wanted.get(edge_id)),
        *(f"event {event_id} is reached {reached[event_id]} times from its trace"
          for event_id in reached.keys() | wanted.keys() if reached[event_id] != 1),
    ]  # fmt: skip


def _counts(stored: Stored) -> list[str]:
    counts = {trace_id: Counter[str]() for trace_id in stored.traces}
    found = []
    for row in stored.events.values():
        if row["trace_id"] not in counts:
            found.append(f"event {row['id']} is in trace {row['trace_id']}, which is not there")
            continue
        of_trace = counts[row["trace_id"]]
        of_trace["event_count"] += 1
        of_trace["error_count"] += row["status"] == "error"
        if row["event_type"] == "model_call":
            of_trace["input_tokens"] += row.get("input") or 0
            of_trace["output_tokens"] += row.get("output") or 0
    for trace_id, row in stored.traces.items():
        told = {field: value for field, value in row.items() if field != "id"}
        counted = {field: counts[trace_id][field] for field in told}
        if told != counted:
            found.append(f"trace {trace_id} says {told}, its events say {counted}")
    return found
