"""Lists of traces, newest first. By an agent or a session they hold the traces that any such took part in.

What was interpreted says who took part, and whether a trace is a run; of what is not yet, the trace itself does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mapping.model import TRACE_STATUSES
from mapping.values import INT64_MAX
from storage.filters import TraceFilter
from storage.read.paging import Branch, Contains, Cursor, Row, page
from storage.read.runs import runs_of
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Traces that are sifted at a time, with all that is known of each, or with a few columns.
_PIECE, _SMALL_PIECE = 200, 1_000
# Traces without a run that are counted: 12 us each.
_MOST_LEFT_OUT = 1_000


# Whether a row of a trace is a run's; None where that is not known yet.
IS_RUN = "type::record('agent_run', record::id(id)).is_run AS is_run"


class Traces(NamedTuple):
    """Rows of a page's traces, newest first, and one more where there is one.

    `left_out` counts the traces without a run in the page's time, `_MOST_LEFT_OUT` at most.
    """

    rows: list[Row]
    left_out: int


async def traces_of(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    """Return a page of traces that follow the cursor. Where there is no run at all, the others are listed."""
    found = await _traces(database, which, limit, after)
    if which.runs and not found.rows and not (after and (await _traces(database, which, 1, None)).rows):
        return Traces((await _traces(database, _others(which), limit, after)).rows, 0)
    return found


def _others(which: TraceFilter) -> TraceFilter:
    return TraceFilter(**{field: getattr(which, field) for field in which.__struct_fields__} | {"runs": False})


async def _traces(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    if which.session_id is not None or which.agent_id is not None:
        return await _sifted(database, which, limit, after)
    if which.equal():
        return await _sifted_by_columns(database, which, limit, after)
    # What is interpreted meanwhile is found twice, and what is found first cannot be missed by both.
    places = await _waiting(database, which, limit + 1, after) if which.runs else set()
    found = await page(
        database,
        rows.RUN,
        [Branch({"is_run": which.runs})],
        limit + 1,
        cursor=after,
        since=which.since,
        until=which.until,
        fields="id, newest_start",
    )
    listed = sorted(places | {(row["newest_start"], row["id"]) for row in found})[: limit + 1]
    last = listed[limit - 1][0] if len(listed) > limit else INT64_MAX
    left_out = await _left_out(database, which, after, last) if which.runs else 0
    return Traces(await _by_id(database, [trace_id for _, trace_id in listed]), left_out)


async def _waiting(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> set[tuple[int, str]]:
    """Return the places of traces that are not interpreted yet, however many: until they are, they may be runs."""
    queued, state = await database.query(
        "RETURN array::distinct((SELECT VALUE traces.map(|$trace| $trace[0]) FROM interpretation_queue).flatten());"
        "SELECT * FROM interpretation_state:current"
    )
    found: list[Row] = []
    if queued:
        (found,) = await database.query(
            "SELECT id, newest_start FROM $traces", traces=[cbor.record(rows.TRACE, trace_id) for trace_id in queued]
        )
    reached = Cursor(state[0]["place"], state[0]["last"]) if state and "place" in state[0] else None
    if reached is not None or not state:
        found = [*found, *await _of_earlier_versions(database, which, limit, after, reached)]
    return {place for row in found if _is_here(which, after, place := (row["newest_start"], row["id"]))}


def _is_here(which: TraceFilter, after: Cursor | None, place: tuple[int, str]) -> bool:
    return (
        (after is None or place > (after.place, str(after.id)))
        and (which.since is None or place[0] <= cbor.int64(-which.since))
        and (which.until is None or place[0] > cbor.int64(-which.until))
    )


async def _of_earlier_versions(
    database: Database, which: TraceFilter, limit: int, after: Cursor | None, reached: Cursor | None
) -> list[Row]:
    """Return traces that were never interpreted: after an upgrade they are, the newest first, up to `reached`."""
    place = max((cursor for cursor in (after, reached) if cursor), key=lambda cursor: cursor.place, default=None)
    found: list[Row] = []
    while True:
        piece = await page(
            database,
            rows.TRACE,
            [Branch({"status": status}) for status in TRACE_STATUSES],
            _PIECE,
            cursor=place,
            since=which.since,
            until=which.until,
            fields=f"id, newest_start, {IS_RUN}",
        )
        found += [row for row in piece if row.get("is_run") is None]
        if len(piece) < _PIECE or len(found) >= limit:
            return found
        place = Cursor(piece[-1]["newest_start"], piece[-1]["id"])


async def _left_out(database: Database, which: TraceFilter, after: Cursor | None, last: int) -> int:
    """Count the traces without a run that follow a cursor, up to a place (a start, negated)."""
    found = await page(
        database,
        rows.RUN,
        [Branch({"is_run": False})],
        _MOST_LEFT_OUT,
        cursor=after,
        since=which.since,
        until=which.until,
        fields="id, newest_start",
    )
    return sum(row["newest_start"] <= last for row in found)


async def _sifted_by_columns(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    """Sift what an index gives by what else is asked for; only what is listed is read whole."""
    found: list[str] = []
    left_out = behind = 0
    branch = Branch(which.equal())
    while len(found) <= limit:
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
                found.append(row["id"])
            elif which.runs and len(found) < limit:
                left_out += 1
            else:
                behind += which.runs and len(found) == limit
            if len(found) > limit:
                break
        if len(piece) < _SMALL_PIECE:
            break
        after = Cursor(piece[-1]["newest_start"], piece[-1]["id"])
    if len(found) <= limit:
        left_out += behind
    return Traces(await _by_id(database, found), min(left_out, _MOST_LEFT_OUT))


async def _sifted(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> Traces:
    found: list[Row] = []
    # Up to the page's last row, and behind it.
    left_out = behind = 0
    while True:
        places = await _places(database, which, _PIECE, after)
        traces = await _by_id(database, [trace_id for _, trace_id in places])
        runs = await runs_of(database, (row["id"] for row in traces))
        for row in traces:
            run = runs.get(row["id"])
            if not _fits(which, row, run):
                continue
            if which.runs != (run is None or run["is_run"]):
                left_out += which.runs and len(found) < limit
                behind += which.runs and len(found) == limit
                continue
            found.append(row)
            if len(found) > limit:
                return Traces(found, left_out)
        if len(places) < _PIECE:
            return Traces(found, left_out + behind)
        after = Cursor(*places[-1])


async def _places(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> list[tuple[int, str]]:
    """Return starts (negated) and ids of traces that the session or agent took part in, or that name it themselves."""
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
        found = await page(
            database,
            table,
            [branch],
            limit,
            cursor=cursor,
            since=which.since,
            until=which.until,
            fields="id, newest_start",
        )
        places |= {(row["newest_start"], row["id"] if isinstance(row["id"], str) else row["id"][1]) for row in found}
    return sorted(places)[:limit]


async def _by_id(database: Database, trace_ids: list[str]) -> list[Row]:
    """Return those of these traces that are there, in their order."""
    if not trace_ids:
        return []
    (found,) = await database.query(
        "SELECT * FROM $traces", traces=[cbor.record(rows.TRACE, trace_id) for trace_id in trace_ids]
    )
    return list(found)


def _fits(which: TraceFilter, trace: Row, run: Row | None) -> bool:
    sessions = {trace.get("session_id"), *(run or {}).get("sessions", ())}
    agents: Any = [trace.get("agent_id")] if run is None else run["agents"]
    return (
        which.session_id in (None, *sessions)
        and which.agent_id in (None, *agents)
        and which.service in (None, trace.get("service"))
        and which.status in (None, trace["status"])
    )
