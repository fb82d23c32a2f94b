"""Lists of traces, newest first. Filtered by an agent or a session, they have all traces in which it took part.

Its row of `agent_run` has the sessions and agents, and whether it is a run; before it is interpreted, the session and
agent of the trace itself count, and it is listed as a run.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from mapping.model import TRACE_STATUSES
from mapping.values import INT64_MAX
from storage.filters import TraceFilter
from storage.read.paging import Branch, Contains, Cursor, Row, page, records
from storage.read.runs import runs_of
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Traces that are filtered at a time, with all columns, or with only a few.
_PIECE, _SMALL_PIECE = 200, 1_000
# The maximum number of traces without a run that are counted: 12 us each.
MOST_LEFT_OUT = 1_000
# Records of the interpretation queue, and traces in them, that are looked up for a page. If more wait, so many of the
# newest traces are looked through instead.
_FEW_RECORDS, _FEW_WAITING, _NEWEST = 50, 1_000, 2_000


# Whether a trace holds a run, None if it is not interpreted yet.
IS_RUN = "type::record('agent_run', record::id(id)).is_run AS is_run"


class Traces(NamedTuple):
    """The rows of a page's traces, and where the next page goes on, None if this is the last one.

    `left_out` counts the traces without a run in the page's time, at most `MOST_LEFT_OUT`.
    """

    rows: list[Row]
    left_out: int
    next: Cursor | None


def _page_of(listed: list[Row], limit: int, left_out: int) -> Traces:
    """Return a page of rows, of which there is one more than `limit` if another page follows."""
    last = listed[limit - 1] if len(listed) > limit else None
    return Traces(listed[:limit], left_out, None if last is None else Cursor(last["newest_start"], last["id"]))


async def traces_of(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    """Return a page of traces that follow the cursor. If there is no run at all, the traces without a run."""
    listed = await _traces(database, which, limit, after)
    if which.runs and not listed.rows and not (after and (await _traces(database, which, 1, None)).rows):
        return (await _traces(database, others_than_runs(which), limit, after))._replace(left_out=0)
    return listed


async def is_any_run(database: Database) -> bool:
    """Return whether there is a trace that is listed without asking for those that hold no run."""
    runs = await page(database, rows.RUN, [Branch({"is_run": True})], 1, fields="id, newest_start")
    return bool(runs or await waiting(database, TraceFilter(), 1, None))


def others_than_runs(which: TraceFilter) -> TraceFilter:
    return TraceFilter(**{field: getattr(which, field) for field in which.__struct_fields__} | {"runs": False})


async def _traces(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    if which.session_id is not None or which.agent_id is not None:
        return await _filtered(database, which, limit, after)
    if which.equal():
        return await _filtered_by_columns(database, which, limit, after)
    # The traces that wait are read first: one that is interpreted meanwhile is found twice, rather than not at all.
    places = await waiting(database, which, limit + 1, after) if which.runs else set()
    runs = await page(
        database,
        rows.RUN,
        [Branch({"is_run": which.runs})],
        limit + 1,
        cursor=after,
        since=which.since,
        until=which.until,
        fields="id, newest_start",
    )
    listed = sorted(places | {(row["newest_start"], row["id"]) for row in runs})[: limit + 1]
    last = listed[limit - 1][0] if len(listed) > limit else INT64_MAX
    left_out = await _left_out(database, which, after, last) if which.runs else 0
    return _page_of(await records(database, rows.TRACE, [trace_id for _, trace_id in listed]), limit, left_out)


async def waiting(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> set[tuple[int, str]]:
    """Return the places of traces that are not interpreted yet; they may be runs.

    Where many wait, those further back than `_NEWEST` traces are listed once they are interpreted: to look up 15,000
    took 1.5 s, in which the embedded engine served nobody.
    """
    queued, state = await database.query(
        "SELECT VALUE traces.map(|$trace| $trace[0]) FROM interpretation_queue LIMIT $limit;"
        "SELECT * FROM interpretation_state:current",
        limit=_FEW_RECORDS,
    )
    reached = Cursor(state[0]["place"], state[0]["last"]) if state and "place" in state[0] else None
    named = {trace_id for record in queued for trace_id in record}
    traces: list[Row] = []
    if len(queued) == _FEW_RECORDS or len(named) > _FEW_WAITING:
        traces += await _uninterpreted(database, which, limit, after, _NEWEST)
    elif named:
        traces = await records(database, rows.TRACE, named, "id, newest_start")
    if reached is not None or not state:
        # After an upgrade traces of the earlier version are interpreted, newest first; `reached` is how far that is.
        begin = max((cursor for cursor in (after, reached) if cursor), key=lambda cursor: cursor.place, default=None)
        traces = [*traces, *await _uninterpreted(database, which, limit, begin)]
    return {place for row in traces if _is_here(which, after, place := (row["newest_start"], row["id"]))}


def _is_here(which: TraceFilter, after: Cursor | None, place: tuple[int, str]) -> bool:
    return (
        (after is None or place > (after.place, str(after.id)))
        and (which.since is None or place[0] <= cbor.int64(-which.since))
        and (which.until is None or place[0] > cbor.int64(-which.until))
    )


async def _uninterpreted(
    database: Database, which: TraceFilter, limit: int, after: Cursor | None, most: float = math.inf
) -> list[Row]:
    """Return traces that were never interpreted: at least `limit` if the first `most` after the cursor have them."""
    uninterpreted: list[Row] = []
    while True:
        piece = await page(
            database,
            rows.TRACE,
            [Branch({"status": status}) for status in TRACE_STATUSES],
            _PIECE,
            cursor=after,
            since=which.since,
            until=which.until,
            fields=f"id, newest_start, {IS_RUN}",
        )
        uninterpreted += [row for row in piece if row.get("is_run") is None]
        most -= len(piece)
        if len(piece) < _PIECE or len(uninterpreted) >= limit or most <= 0:
            return uninterpreted
        after = Cursor(piece[-1]["newest_start"], piece[-1]["id"])


async def _left_out(database: Database, which: TraceFilter, after: Cursor | None, last: int) -> int:
    """Count the traces without a run after the cursor and up to `last` (a start, negated)."""
    others = await page(
        database,
        rows.RUN,
        [Branch({"is_run": False})],
        MOST_LEFT_OUT,
        cursor=after,
        since=which.since,
        until=which.until,
        fields="id, newest_start",
    )
    return sum(row["newest_start"] <= last for row in others)


async def _filtered_by_columns(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    """Return a page of traces with a service, project or status. Only those that are listed are read whole."""
    listed: list[str] = []
    left_out = behind = 0
    branch = Branch(which.equal())
    while len(listed) <= limit:
        piece = await page(
            database,
            rows.TRACE,
            [branch],
            _SMALL_PIECE,
            cursor=after,
            since=which.since,
            until=which.until,
            fields=f"id, newest_start, {IS_RUN}",
        )
        for row in piece:
            if which.runs == (row.get("is_run") is not False):
                listed.append(row["id"])
            elif which.runs and len(listed) < limit:
                left_out += 1
            else:
                behind += which.runs and len(listed) == limit
            if len(listed) > limit:
                break
        if len(piece) < _SMALL_PIECE:
            break
        after = Cursor(piece[-1]["newest_start"], piece[-1]["id"])
    if len(listed) <= limit:
        left_out += behind
    return _page_of(await records(database, rows.TRACE, listed), limit, min(left_out, MOST_LEFT_OUT))


async def _filtered(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    listed: list[Row] = []
    # Traces without a run: up to the page's last row, and after it.
    left_out = behind = 0
    while True:
        places = await places_of(database, which, _PIECE, after)
        traces = await records(database, rows.TRACE, [trace_id for _, trace_id in places])
        runs = await runs_of(database, (row["id"] for row in traces))
        for row in traces:
            run = runs.get(row["id"])
            if not fits(which, row, run):
                continue
            if which.runs != (run is None or run["is_run"]):
                left_out += which.runs and len(listed) < limit
                behind += which.runs and len(listed) == limit
                continue
            listed.append(row)
            if len(listed) > limit:
                return _page_of(listed, limit, left_out)
        if len(places) < _PIECE:
            return _page_of(listed, limit, left_out + behind)
        after = Cursor(*places[-1])


async def places_of(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> list[tuple[int, str]]:
    """Return the starts (negated) and ids of traces in which the session or agent took part, or that name it."""
    if which.session_id is not None:
        sources: list[tuple[str, Branch]] = [
            (rows.SESSION_RUN, Branch({"session_id": which.session_id})),
            (rows.TRACE, Branch({"session_id": which.session_id})),
        ]
    else:
        sources = [
            (rows.RUN, Branch({"agents": Contains(which.agent_id)})),
            (rows.TRACE, Branch({"agent_id": which.agent_id})),
        ]
    places: set[tuple[int, str]] = set()
    for table, branch in sources:
        cursor = after
        if after is not None and table == rows.SESSION_RUN:
            cursor = after._replace(id=[str(which.session_id), str(after.id)])
        piece = await page(
            database,
            table,
            [branch],
            limit,
            cursor=cursor,
            since=which.since,
            until=which.until,
            fields="id, newest_start",
        )
        places |= {(row["newest_start"], row["id"] if isinstance(row["id"], str) else row["id"][1]) for row in piece}
    return sorted(places)[:limit]


def fits(which: TraceFilter, trace: Row, run: Row | None) -> bool:
    sessions = {trace.get("session_id"), *(run or {}).get("sessions", ())}
    agents: Any = [trace.get("agent_id")] if run is None else run["agents"]
    return (
        which.session_id in (None, *sessions)
        and which.agent_id in (None, *agents)
        and which.service in (None, trace.get("service"))
        and which.project in (None, trace.get("project"))
        and which.status in (None, trace["status"])
    )
