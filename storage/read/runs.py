"""The sums of traces, as `storage.interpreting` writes them to `agent_run`.

A trace that is not interpreted yet has sums of 0, and `interpreted` is False.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from mapping.model import Trace
from storage.read.paging import Row, records
from storage.surreal import rows
from storage.surreal.database import Database


class Sums(msgspec.Struct, kw_only=True):
    """Sums over calls. Input tokens include those read from and written to a cache, output tokens those of reasoning.

    `calls` counts model calls, `unpriced_calls` those of them whose cost is not known. Questions, answers and errors
    are one line each. `interpreted` is True if the sums include all events of the trace, or traces.
    """

    error_count: int = 0
    calls: int = 0
    tools: int = 0
    unpriced_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano_usd: int = 0
    models: list[str] = []
    agent_ids: list[str] = []
    first_question: str | None = None
    last_answer: str | None = None
    first_error: str | None = None
    interpreted: bool = False


class TraceRun(msgspec.Struct):
    """A trace and its sums. The trace's `agent_id` is the agent of its events that name none."""

    trace: Trace
    sums: Sums


_ADDED = tuple(field.name for field in msgspec.structs.fields(Sums) if field.type is int)


async def runs_of(database: Database, trace_ids: Iterable[str]) -> dict[str, Row]:
    """Return the rows of `agent_run` of these traces, by trace id. Traces that are not interpreted yet have none."""
    return {row["id"]: row for row in await records(database, rows.RUN, dict.fromkeys(trace_ids))}


def agent_of(trace: Row, run: Row | None) -> str | None:
    """Return the agent of a trace's events that name none."""
    agent_id: str | None = (run or {}).get("agent_id") or trace.get("agent_id")
    return agent_id


def trace_run(trace: Row, run: Row | None) -> TraceRun:
    """Return a trace with its sums."""
    agent_id = agent_of(trace, run)
    sums = sums_of([run or {}], [agent_id] if agent_id else [], interpreted=is_interpreted(trace, run))
    return TraceRun(rows.trace_of_row(trace | {"agent_id": agent_id}), sums)


def is_interpreted(trace: Row, run: Row | None) -> bool:
    """Return whether a trace's run includes all its events."""
    return run is not None and run["event_count"] == trace["event_count"]


def sums_of(parts: Sequence[Row], agent_ids: Iterable[str] = (), *, interpreted: bool) -> Sums:
    """Return the sums of runs, or of a session's parts of them, given in the order of time.

    `agent_ids` are used if no part names an agent.
    """
    agents = [name for part in parts for name in part.get("agents", ())]
    models = [name for part in parts for name in part.get("models", ())]
    return Sums(
        **{field: sum(part.get(field, 0) for part in parts) for field in _ADDED},
        models=list(dict.fromkeys(models)),
        agent_ids=list(dict.fromkeys(agents or agent_ids)),
        first_question=_first(parts, "first_question"),
        last_answer=_first(parts[::-1], "last_answer"),
        first_error=_first(parts, "first_error"),
        interpreted=interpreted,
    )


def _first(parts: Sequence[Row], line: str) -> str | None:
    return next((part[line] for part in parts if part.get(line)), None)
