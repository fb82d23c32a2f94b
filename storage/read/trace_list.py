"""Lists of traces: newest first (`traces`), or sorted by a number, or filtered by terms (`sifting`)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mapping.calls.model import ScoreSum
from mapping.filtering.matching import Facts, matches
from mapping.values import first
from storage.filters import Sort, TraceFilter
from storage.read.attributes import having_attributes
from storage.read.paging import Branch, Contains, Cursor, Row, page, records
from storage.read.runs import agents_of, duration_of, runs_of
from storage.read.sifting import (
    MOST_SORTED,
    ORDERS,
    Candidates,
    Match,
    Place,
    attribute_terms,
    exact,
    in_period,
    of_sorted,
    run_branch,
    sift,
)
from storage.read.traces import (
    MOST_LEFT_OUT,
    Traces,
    fits,
    is_any_run,
    others_than_runs,
    places_of,
    traces_of,
    waiting,
)
from storage.surreal import cbor, rows
from storage.surreal.database import Database


async def list_traces(
    database: Database, which: TraceFilter, limit: int, after: Cursor | None, sort: Sort = "start"
) -> Traces:
    """Return a page of traces. Sorted otherwise than by the start, it has those only that are interpreted."""
    if sort == "start" and not which.filter:
        return await traces_of(database, which, limit, after)
    if which.runs and not await is_any_run(database):
        which = others_than_runs(which)
    attributes = attribute_terms(which.filter)
    left_out = 0

    async def matching(places: Sequence[Place]) -> list[Match]:
        nonlocal left_out
        traces = {row["id"]: row for row in await records(database, rows.TRACE, [trace_id for _, trace_id in places])}
        runs = await runs_of(database, traces)
        found = []
        for place in places:
            trace = traces.get(place[1])
            if trace is None or not _fits(which, trace, run := runs.get(place[1])):
                continue
            if which.runs == (run is None or run["is_run"]):
                found.append(Match(place, [(trace["id"], trace["event_count"])]))
            else:
                left_out += which.runs
        return found

    async def with_attributes(matches: Sequence[Match]) -> list[Match]:
        return await having_attributes(database, attributes, matches)

    candidates = await _candidates(database, which, sort)
    sifted = await sift(candidates, matching, with_attributes if attributes else None, limit, after)
    listed = await records(database, rows.TRACE, [trace_id for _, trace_id in sifted.places])
    return Traces(listed, min(left_out, MOST_LEFT_OUT), sifted.next)


async def _candidates(database: Database, which: TraceFilter, sort: Sort) -> Candidates:
    places = await _few(database, which)
    if places is None:
        by_start, may_be_few = _by_start(database, which)
        if sort == "start":
            return by_start
        if may_be_few:
            newest = await by_start(MOST_SORTED + 1, None)
            places = newest if len(newest) <= MOST_SORTED else None
    elif sort == "start":
        return of_sorted(places)
    if places is not None:
        (found,) = await database.query(
            f"SELECT id, {ORDERS[sort]} AS place FROM $runs",  # noqa: S608 - one of our own fields
            runs=[cbor.record(rows.RUN, trace_id) for _, trace_id in places],
        )
        return of_sorted([(row["place"], row["id"]) for row in found])

    async def sorted_by_index(limit: int, after: Cursor | None) -> list[Place]:
        by = ORDERS[sort]
        branch = Branch({"is_run": which.runs})
        found = await page(database, rows.RUN, [branch], limit, cursor=after, by=by, fields=f"id, {by}")
        return [(row[by], row["id"]) for row in found]

    return sorted_by_index


async def _few(database: Database, which: TraceFilter) -> list[Place] | None:
    """Return the only traces that may match where they are few, because an agent, model, tool or user is named.

    An index over the names in an array finds the newest, but cannot go on from a place: the engine reads all up to
    there.
    """
    agent_id = which.agent_id if which.agent_id is not None else exact(which.filter, "agent")
    if agent_id is not None:
        sources = [(rows.RUN, Branch({"agents": Contains(agent_id)})), (rows.TRACE, Branch({"agent_id": agent_id}))]
    elif (branch := run_branch(which.filter)) is not None:
        sources = [(rows.RUN, branch)]
    else:
        return None
    places: set[Place] = set()
    for table, branch in sources:
        found = await page(database, table, [branch], MOST_SORTED + 1, fields="id, newest_start")
        if len(found) > MOST_SORTED:
            return None
        places |= {(row["newest_start"], row["id"]) for row in found}
    return list(places)


def _by_start(database: Database, which: TraceFilter) -> tuple[Candidates, bool]:
    """Return the candidates newest first, from the index that leaves fewest; and whether they may be few."""
    session_id = which.session_id if which.session_id is not None else exact(which.filter, "session")
    if session_id is not None:
        named = TraceFilter(session_id=session_id, since=which.since, until=which.until)
        return lambda limit, after: places_of(database, named, limit, after), True
    for field in ("service", "project", "status"):
        value = getattr(which, field) or exact(which.filter, field)
        if value is not None:
            return _indexed(database, which, rows.TRACE, Branch({field: value})), True
    runs = _indexed(database, which, rows.RUN, Branch({"is_run": which.runs}))
    if not which.runs:
        return runs, which.since is not None

    async def with_waiting(limit: int, after: Cursor | None) -> list[Place]:
        # As in `traces`: those that wait are read first.
        places = await waiting(database, which, limit, after)
        return sorted({*places, *await runs(limit, after)})[:limit]

    return with_waiting, which.since is not None


def _indexed(database: Database, which: TraceFilter, table: str, branch: Branch) -> Candidates:
    async def following(limit: int, after: Cursor | None) -> list[Place]:
        found = await page(
            database,
            table,
            [branch],
            limit,
            cursor=after,
            since=which.since,
            until=which.until,
            fields="id, newest_start",
        )
        return [(row["newest_start"], row["id"]) for row in found]

    return following


def _fits(which: TraceFilter, trace: Row, run: Row | None) -> bool:
    return (
        fits(which, trace, run)
        and in_period(trace["newest_start"], which.since, which.until)
        and matches(which.filter, facts_of(trace, run or {}))
    )


def facts_of(trace: Row, run: Row) -> Facts:
    """Return what the terms of a filter are compared with."""
    agents = agents_of(trace, run)
    errors = run.get("errors") or [run.get("first_error")]
    return Facts(
        names={
            "agent": agents,
            "session": _texts([trace.get("session_id"), *run.get("sessions", ())]),
            "user": run.get("users", []),
            "service": _texts([trace.get("service")]),
            "project": _texts([trace.get("project")]),
            "status": [trace["status"]],
            "name": _texts([trace.get("name")]),
            "model": run.get("models", []),
            "tool": run.get("tool_names", []),
        },
        texts={
            "error": _texts(errors),
            "question": _texts([run.get("first_question")]),
            "answer": _texts([run.get("last_answer")]),
        },
        numbers={
            "duration": duration_of(
                trace["start_time"], first((trace.get("end_time"), run.get("last_work_at"))), trace["last_event_at"]
            ),
            "tokens": run.get("input_tokens", 0) + run.get("output_tokens", 0),
            "cost": run.get("cost_nano_usd", 0),
            "events": trace["event_count"],
            "errors": run.get("error_count", 0),
            "calls": run.get("calls", 0),
            "tools": run.get("tools", 0),
            "repeats": (run.get("repeated") or {}).get("times", 0),
        },
        scores=msgspec.convert(run.get("score_sums", []), list[ScoreSum]),
    )


def _texts(values: Sequence[str | None]) -> list[str]:
    return [value for value in values if value is not None]
