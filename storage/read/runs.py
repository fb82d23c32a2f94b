"""The sums of traces, as `storage.interpreting` writes them to `agent_run`.

A trace that is not interpreted yet has sums of 0, and `interpreted` is False.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from mapping.calls.model import Score, ScoreSum
from mapping.calls.scores import added
from mapping.model import Trace
from storage.read.paging import Row, records
from storage.surreal import rows
from storage.surreal.database import Database


class Step(msgspec.Struct):
    """A call of a model or tool, by its name."""

    name: str
    duration_ns: int


class Repeated(msgspec.Struct):
    """A tool that was called with the same arguments again and again."""

    name: str
    times: int


class Sums(msgspec.Struct, kw_only=True):
    """Sums over calls. Input tokens include those read from and written to a cache, output tokens those of reasoning.

    `calls` counts model calls, `unpriced_calls` those of them whose cost is not known. Questions, answers and errors
    are one line each; `slowest` is the call of a model or tool that took longest, `repeated` the one
    that came most often with the same arguments; `score_sums` are what scores come to by name. `interpreted` is True if
    the sums include all events of the trace, or traces.
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
    tool_names: list[str] = []
    agent_ids: list[str] = []
    user_ids: list[str] = []
    first_question: str | None = None
    last_answer: str | None = None
    first_error: str | None = None
    slowest: Step | None = None
    repeated: Repeated | None = None
    score_sums: list[ScoreSum] = []
    interpreted: bool = False


class TraceRun(msgspec.Struct):
    """A trace and its sums. The trace's `agent_id` is the agent of its events that name none.

    `scores` are those of all that is in it, the latest first; `last_work_at` is when it was last active but for scores,
    None where it has none. `first_error_event` is the id of the event that tells of the first error.
    """

    trace: Trace
    sums: Sums
    scores: list[Score] = []
    last_work_at: int | None = None
    first_error_event: str | None = None

    @property
    def duration_ns(self) -> int:
        """Return how long it took: until its root ended, or else until it was last active."""
        ended = self.last_work_at if self.trace.end_time is None else self.trace.end_time
        return duration_of(self.trace.start_time, ended, self.trace.last_event_at)


_ADDED = tuple(field.name for field in msgspec.structs.fields(Sums) if field.type is int)


async def runs_of(database: Database, trace_ids: Iterable[str]) -> dict[str, Row]:
    """Return the rows of `agent_run` of these traces, by trace id. Traces that are not interpreted yet have none."""
    return {row["id"]: row for row in await records(database, rows.RUN, dict.fromkeys(trace_ids))}


def duration_of(start: int, end: int | None, last_event_at: int) -> int:
    return max((last_event_at if end is None else end) - start, 0)


def agent_of(trace: Row, run: Row | None) -> str | None:
    """Return the agent of a trace's events that name none."""
    agent_id: str | None = (run or {}).get("agent_id") or trace.get("agent_id")
    return agent_id


def agents_of(trace: Row, run: Row | None, part: Row | None = None) -> list[str]:
    """Return the agents of a trace, or of a session's part of it; where none is named there, that of the trace."""
    named: list[str] = (part or run or {}).get("agents", [])
    agent_id = agent_of(trace, run)
    return named or ([agent_id] if agent_id else [])


def trace_run(trace: Row, run: Row | None) -> TraceRun:
    """Return a trace with its sums."""
    sums = sums_of([run or {}], agents_of(trace, run), interpreted=is_interpreted(trace, run))
    agent_id = agent_of(trace, run)
    run = run or {}
    scores = msgspec.convert(run.get("scores", []), list[Score])
    told = run.get("last_work_at"), run.get("first_error_event")
    return TraceRun(rows.trace_of_row(trace | {"agent_id": agent_id}), sums, scores, *told)


def is_interpreted(trace: Row, run: Row | None) -> bool:
    """Return whether a trace's run includes all its events."""
    return run is not None and run["event_count"] == trace["event_count"]


def sums_of(parts: Sequence[Row], agents: Iterable[str], *, interpreted: bool) -> Sums:
    """Return the sums of runs, or of a session's parts of them, given in the order of time, and of these agents."""
    slowest = [Step(**part["slowest"]) for part in parts if part.get("slowest")]
    repeated = [Repeated(**part["repeated"]) for part in parts if part.get("repeated")]
    return Sums(
        **{field: sum(part.get(field, 0) for part in parts) for field in _ADDED},
        models=names_of(parts, "models"),
        tool_names=names_of(parts, "tool_names"),
        agent_ids=list(dict.fromkeys(agents)),
        user_ids=names_of(parts, "users"),
        first_question=_first(parts, "first_question"),
        last_answer=_first(parts[::-1], "last_answer"),
        first_error=_first(parts, "first_error"),
        slowest=max(slowest, key=lambda step: step.duration_ns, default=None),
        repeated=max(repeated, key=lambda one: one.times, default=None),
        score_sums=added_scores(part.get("score_sums", ()) for part in parts),
        interpreted=interpreted,
    )


def added_scores(parts: Iterable[Iterable[Row]]) -> list[ScoreSum]:
    """Return what the scores of several parts come to together, by name, those with most scores first."""
    return added(one for part in parts for one in msgspec.convert(part, list[ScoreSum]))


def names_of(parts: Iterable[Row], field: str) -> list[str]:
    """Return the names that the parts list in a field, each once."""
    return list(dict.fromkeys(name for part in parts for name in part.get(field, ())))


def _first(parts: Sequence[Row], line: str) -> str | None:
    return next((part[line] for part in parts if part.get(line)), None)
