"""A run as rows: its calls, what each trace came to, what each session did in it, and whose each event is.

A row is plain: fields without those that are None, moments in nanoseconds. The negated numbers that lead lists are
those of `storage/surreal/schema`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.calls.figures import Outcome, figures_of, packed
from mapping.calls.headlines import (
    error_line,
    error_lines,
    failures,
    first_question,
    last_answer,
    most_repeated,
    slowest_step,
)
from mapping.calls.model import Call, Run, Score, Telling, Totals
from mapping.calls.scores import is_score, latest, sums_of_scores
from storage.interpreting.memory import Fact, Owner
from storage.read.call_pages import CALLS, row_of
from storage.surreal import cbor, rows

Row = dict[str, Any]
# A row's table and id.
Key = tuple[str, Any]

# Fields of rows that are times in the store.
DATETIMES = frozenset({"start_time", "end_time", "first_event_at", "last_event_at"})
# Names of agents, models, tools, users and sessions that a run lists, and errors.
_NAMES, _ERRORS = 100, 20
# The first and last moment (nanoseconds) that sums over a session's traces are made with: their sum must be an int64.
_EARLIEST, _LATEST = -(2**62), 2**62 - 1


class TraceRow(NamedTuple):
    """A trace as the store has it: moments are nanoseconds, but when it began and was last active they are negated."""

    id: str
    event_count: int
    session_id: str | None
    agent_id: str | None
    newest_start: int
    newest_activity: int
    end_time: int | None = None
    service: str | None = None
    project: str | None = None
    failed: bool = False


class TraceResult(NamedTuple):
    """What a trace came to: rows by table and id, whose each event is, the agent of what names none, and its calls."""

    rows: dict[Key, Row]
    whose: dict[str, Owner]
    agent_id: str | None
    calls: Sequence[Call] = ()


def results_of(run: Run, traces: Mapping[str, TraceRow], facts: Iterable[Fact], version: str) -> dict[str, TraceResult]:
    """Return what each of the traces came to that the run was made from."""
    by_trace: defaultdict[str, _Members] = defaultdict(_Members)
    for fact in facts:
        by_trace[fact.telling.trace_id].facts.append(fact)
    for call in run.calls:
        by_trace[call.trace_id].calls.append(call)
    for error in run.errors:
        by_trace[error.trace_id].errors.append(error)
    for statement in run.statements:
        by_trace[statement.trace_id].statements.append(statement)
    for score in run.scores:
        by_trace[score.trace_id].scores.append(score)
    by_id = {call.id: call for call in run.calls}
    return {trace_id: _result(run, trace, by_trace[trace_id], by_id, version) for trace_id, trace in traces.items()}


class _Members:
    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.calls: list[Call] = []
        self.errors: list[Telling] = []
        self.statements: list[Telling] = []
        self.scores: list[Score] = []


def is_loose(telling: Telling) -> bool:
    """Return whether something of the session, but of another trace, may tell of the same call, or of its tokens."""
    tells = telling.kind in ("model", "tool") or (telling.kind == "agent" and telling.tokens is not None)
    return tells and telling.parent_span_id is None


def _result(run: Run, trace: TraceRow, of: _Members, by_id: Mapping[str, Call], version: str) -> TraceResult:
    agent_id = _main_agent(of.calls) or trace.agent_id
    sessions = {fact.telling.id: _session_of(fact, run, by_id, trace) for fact in of.facts}
    calls = sorted(of.calls, key=lambda call: (call.start, call.id))
    pages = [calls[start : start + CALLS] for start in range(0, len(calls), CALLS)]
    found: dict[Key, Row] = {
        (rows.CALL, (trace.id, number)): {"calls": [_stored_call(call) for call in page]}
        for number, page in enumerate(pages)
    }
    parts = _session_rows(run, trace, of, sessions, by_id)
    found |= {(rows.SESSION_RUN, (row["session_id"], trace.id)): row for row in parts}
    found[rows.RUN, trace.id] = _present(
        version=version,
        event_count=len(of.facts),
        newest_start=trace.newest_start,
        newest_activity=trace.newest_activity,
        agent_id=agent_id,
        agents=_names(call.agent for call in of.calls) or ([agent_id] if agent_id else []),
        sessions=[row["session_id"] for row in parts],
        is_run=bool(of.calls or of.statements)
        or any(parts or fact.telling.signal == "json" for fact in of.facts if not is_score(fact.telling)),
        scores=[_stored_score(score) for score in latest(of.scores)] or None,
        last_work_at=_last_work(of.facts),
        **_told(of.calls, of.statements, of.errors, (fact.telling for fact in of.facts), by_id),
        **_of_scores(of.scores),
        **_sums(run.by_trace.get(trace.id)),
        **_of_calls(pages),
    )
    row = found[rows.RUN, trace.id]
    row |= _orders(row, _took(trace, row))
    row["figures"] = packed(figures_of(_outcome(trace, row), of.calls, of.errors, of.scores))
    whose = {
        fact.telling.id: Owner(
            _kept(fact.own.agent_id, run.agent_of.get(fact.telling.id), agent_id),
            _kept(fact.own.session_id, sessions[fact.telling.id], trace.session_id),
        )
        for fact in of.facts
    }
    return TraceResult(found, whose, agent_id, calls)


def _of_calls(pages: Sequence[Sequence[Call]]) -> Row:
    """Return what a run's calls are listed by: where they are, the newest, and of each kind the first in each order."""
    if not pages:
        return {}
    calls = [(call.kind, row_of(_stored_call(call), call.trace_id)) for page in pages for call in page]
    first = {
        f"{order}_{kind}": min(row[order] for of_kind, row in calls if of_kind == kind)
        for kind in dict.fromkeys(kind for kind, _ in calls)
        for order in ("longest", "most_tokens", "dearest")
    }
    return {
        "has_calls": True,
        "call_pages": [page[0].start for page in pages],
        "newest_call": min(row["newest_start"] for _, row in calls),
        "failed_calls": sum(row["status"] == "error" for _, row in calls),
        "agent_names": _names(call.name for page in pages for call in page if call.kind == "agent"),
        **first,
    }


def _outcome(trace: TraceRow, run: Row) -> Outcome:
    return Outcome(
        start=-trace.newest_start,
        took=_took(trace, run),
        failed=trace.failed,
        is_run=run["is_run"],
        service=trace.service,
        agents=run["agents"],
        project=trace.project,
    )


def _took(trace: TraceRow, run: Row) -> int:
    """Return how long a trace took, in nanoseconds: until its root ended, or else until it was last active."""
    ended = run.get("last_work_at", -trace.newest_activity) if trace.end_time is None else trace.end_time
    return max(ended + trace.newest_start, 0)


def _last_work(facts: Iterable[Fact]) -> int | None:
    """Return when a trace was last active but for scores, which come when the work is done; None where it has none."""
    tellings = [fact.telling for fact in facts]
    worked = [telling.end for telling in tellings if not is_score(telling)]
    return max(worked) if worked and len(worked) < len(tellings) else None


def _of_scores(scores: Iterable[Score]) -> Row:
    sums = sums_of_scores(scores)
    return {"score_sums": [_present(**msgspec.structs.asdict(one)) for one in sums]} if sums else {}


def _stored_score(score: Score) -> Row:
    return _present(**msgspec.structs.asdict(score))


def _told(
    calls: Sequence[Call],
    statements: Iterable[Telling],
    errors: Iterable[Telling],
    tellings: Iterable[Telling],
    by_id: Mapping[str, Call],
) -> Row:
    """Return what lists show of a run or a session's part of it, and find it by."""
    failed = failures(calls, errors)
    lines = error_lines(failed, _ERRORS)
    slowest = slowest_step(calls)
    repeated = most_repeated(calls)
    return {
        "models": _names(call.name for call in calls if call.kind == "model"),
        "tool_names": _names(call.name for call in calls if call.kind == "tool"),
        "users": _names(telling.user for telling in tellings),
        "first_question": first_question(calls, statements),
        "last_answer": last_answer(calls, by_id),
        "first_error": lines[0] if lines else None,
        "first_error_event": failed[0].event_id if failed else None,
        "errors": lines,
        "repeated": repeated and repeated._asdict(),
        "slowest": slowest
        and {"name": slowest.name or slowest.kind, "duration_ns": cbor.int64(slowest.end - slowest.start)},
    }


def _bounded(moment: int) -> int:
    return min(max(moment, _EARLIEST), _LATEST)


def _orders(row: Row, took: int) -> Row:
    """Return the numbers that lead sorted lists, negated."""
    return {
        "longest": cbor.int64(-took),
        "most_tokens": cbor.int64(-row["input_tokens"] - row["output_tokens"]),
        "dearest": cbor.int64(-row["cost_nano_usd"]),
        "most_events": -row["event_count"],
        "most_errors": -row["error_count"],
    }


def _kept(own: str | None, found: str | None, inherited: str | None) -> str | None:
    """Return what an event's row says: nothing where the event does not either and has it from its trace."""
    return own if found is None or (own is None and found == inherited) else found


def _main_agent(calls: Sequence[Call]) -> str | None:
    """Return the agent of the outermost call that began first: calls come in the order of their start."""
    first = next((call for call in calls if call.kind == "agent" and call.agent), None)
    first = first or next((call for call in calls if call.agent), None)
    return None if first is None else first.agent


def _session_of(fact: Fact, run: Run, by_id: Mapping[str, Call], trace: TraceRow) -> str | None:
    call = by_id.get(run.call_of.get(fact.telling.id, ""))
    return fact.telling.session_id or (call.session_id if call is not None else None) or trace.session_id


def _session_rows(
    run: Run, trace: TraceRow, of: _Members, sessions: Mapping[str, str | None], by_id: Mapping[str, Call]
) -> list[Row]:
    """Return the part that each session has in a trace, the one that began first in front."""
    members: defaultdict[str | None, list[Telling]] = defaultdict(list)
    calls_of: defaultdict[str | None, list[Call]] = defaultdict(list)
    stated: defaultdict[str | None, list[Telling]] = defaultdict(list)
    failed: defaultdict[str | None, list[Telling]] = defaultdict(list)
    for fact in of.facts:
        members[sessions[fact.telling.id]].append(fact.telling)
    for call in of.calls:
        calls_of[call.session_id].append(call)
    scored: defaultdict[str | None, list[Score]] = defaultdict(list)
    for groups, tellings in ((stated, of.statements), (failed, of.errors)):
        for telling in tellings:
            groups[telling.session_id].append(telling)
    for score in of.scores:
        scored[score.session_id or sessions.get(score.told_by)].append(score)
    parts = []
    for session_id, tellings in members.items():
        if session_id is None:
            continue
        calls = calls_of[session_id]
        worked = [telling for telling in tellings if not is_score(telling)] or tellings
        first = min(telling.start for telling in worked)
        last = max(telling.end for telling in worked)
        row = _present(
            session_id=session_id,
            trace_id=trace.id,
            event_count=len(tellings),
            first_event_at=first,
            last_event_at=last,
            newest_start=trace.newest_start,
            newest_activity=_bounded(-last),
            oldest_start=_bounded(first),
            agents=_names(call.agent for call in calls),
            **_told(calls, stated[session_id], failed[session_id], tellings, by_id),
            **_of_scores(scored[session_id]),
            loose=True if any(map(is_loose, tellings)) else None,
            **_sums(run.by_session.get((session_id, trace.id))),
        )
        parts.append(row | _orders(row, last - first))
    if len(parts) == 1:  # as it is read: all of the trace
        (part,) = parts
        part["most_events"] = -len(of.facts)
        part["newest_activity"], part["oldest_start"] = _bounded(trace.newest_activity), _bounded(-trace.newest_start)
    return sorted(parts, key=lambda row: (row["first_event_at"], row["session_id"]))


def _sums(totals: Totals | None) -> Row:
    totals = totals or Totals()
    return {
        "calls": totals.models,
        "tools": totals.tools,
        "agent_calls": totals.agents,
        "error_count": totals.errors,
        "input_tokens": cbor.int64(totals.input_tokens),
        "output_tokens": cbor.int64(totals.output_tokens),
        "cache_read_tokens": cbor.int64(totals.cache_read_tokens),
        "cache_write_tokens": cbor.int64(totals.cache_write_tokens),
        "reasoning_tokens": cbor.int64(totals.reasoning_tokens),
        "cost_nano_usd": cbor.int64(totals.cost),
        "unpriced_calls": totals.unpriced,
    }


def _stored_call(call: Call) -> Row:
    tokens = call.tokens
    return _present(
        id=call.id,
        kind=call.kind,
        start_time=call.start,
        end_time=call.end,
        status=call.status,
        told_by=call.told_by,
        name=call.name,
        agent_id=call.agent,
        session_id=call.session_id,
        parent_id=call.parent_id,
        provider=call.provider,
        error=error_line(call),
        # Whether the failure is its own, and whether sums count it: said where it is so.
        fails_first=True if call.fails_first else None,
        waits=True if call.waits else None,
        counts=True if call.counts else None,
        input_tokens=_int64(tokens.input),
        output_tokens=_int64(tokens.output),
        cache_read_tokens=_int64(tokens.cache_read),
        cache_write_tokens=_int64(tokens.cache_write),
        reasoning_tokens=_int64(tokens.reasoning),
        cost_nano_usd=_int64(call.cost),
        cost_from=call.cost_from,
        price=call.price,
        tool_call_id=call.tool_call_id,
        response_id=call.response_id,
        scores=[_stored_score(score) for score in call.scores] or None,
    )


def _names(names: Iterable[str | None]) -> list[str]:
    """Return the most frequent names, the most frequent first; of equals the one that came first."""
    return [name for name, _ in Counter(name for name in names if name).most_common(_NAMES)]


def _int64(number: int | None) -> int | None:
    return None if number is None else cbor.int64(number)


def _present(**fields: Any) -> Row:
    return {field: value for field, value in fields.items() if value is not None}
