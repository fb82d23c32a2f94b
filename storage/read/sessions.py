"""Sessions, each summed up from its parts of traces. A trace may have several sessions, a session several traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from mapping.model import TRACE_STATUSES
from storage.read.paging import ROWS_AT_ONCE, Branch, Cursor, Row, page, records
from storage.read.runs import Sums, TraceRun, agents_of, is_interpreted, runs_of, sums_of, trace_run
from storage.surreal import rows
from storage.surreal.database import Database

# Traces read at a time for the sessions that they have.
TRACES_AT_ONCE = 100
_FIELDS = "id, newest_start, session_id"
# The project of a row of `session_run`.
PROJECT_OF_PART = "type::record('agent_trace', trace_id).project"
# Sessions whose latest traces are looked up at a time: 0.4 ms each.
_CHECKED_AT_ONCE = 100
# Sessions whose rows are read at a time, and how many of each.
_SESSIONS_AT_ONCE, _ROWS_OF_EACH = 20, 50


class SessionPart(msgspec.Struct):
    """What a session did in a trace."""

    event_count: int
    first_event_at: int
    last_event_at: int
    sums: Sums


class Session(msgspec.Struct):
    """A session with its traces, newest first, and the sums over its parts of them.

    `parts` goes with `traces`: the session's part of a trace that it shares with other sessions, None of the others.
    """

    id: str
    trace_count: int
    event_count: int
    first_event_at: int
    last_event_at: int
    trace_ids: list[str]
    traces: list[TraceRun]
    parts: list[SessionPart | None]
    sums: Sums

    @property
    def duration_ns(self) -> int:
        return self.last_event_at - self.first_event_at


class Member(NamedTuple):
    """The rows of a session's trace, of its run, and of the session's part in it; the last two may not exist yet."""

    trace: Row
    run: Row | None
    part: Row | None


class Latest(NamedTuple):
    """A session's place in the list of sessions: that of its latest trace, then its own id."""

    newest_start: int
    trace_id: str
    session_id: str


async def latest_of_sessions(
    database: Database,
    limit: int,
    after: Latest | None,
    traces_at_once: int = TRACES_AT_ONCE,
    project: str | None = None,
) -> list[Latest]:
    """Return the sessions that follow a place, in the order of their latest traces, newest first.

    With a project only its traces count.
    """
    branches = (
        [Branch({"status": status}) for status in TRACE_STATUSES] if project is None else [Branch({"project": project})]
    )
    latest: list[Latest] = []
    listed: set[str] = set()
    passed: Cursor | None = None
    traces: list[Row] = []
    if after is not None:
        passed = Cursor(after.newest_start, after.trace_id)
        traces = await records(database, rows.TRACE, [after.trace_id], _FIELDS)
    while True:
        piece = await page(
            database,
            rows.TRACE,
            branches,
            traces_at_once,
            cursor=passed,
            fields=_FIELDS,
        )
        traces += piece
        runs = await runs_of(database, (row["id"] for row in traces))
        new: dict[str, Latest] = {}
        for row in traces:
            for session_id in sorted(_sessions_of(row, runs.get(row["id"]))):
                place = Latest(row["newest_start"], row["id"], session_id)
                if session_id not in listed and (after is None or place > after):
                    new.setdefault(session_id, place)
        places = list(new.values())
        for start in range(0, len(places), _CHECKED_AT_ONCE):
            some = places[start : start + _CHECKED_AT_ONCE]
            # Sessions with a newer trace were on an earlier page.
            names = [place.session_id for place in some]
            tops = {} if after is None else await _latest_traces(database, names, project)
            latest += [place for place in some if after is None or tops.get(place.session_id) == place[:2]]
            if len(latest) >= limit:
                return latest[:limit]
        listed |= new.keys()
        if len(piece) < traces_at_once:
            return latest
        passed, traces = Cursor(piece[-1]["newest_start"], piece[-1]["id"]), []


async def _latest_traces(
    database: Database, session_ids: Sequence[str], project: str | None
) -> dict[str, tuple[int, str]]:
    """Return by session the start (negated) and the id of its latest trace. A session may have lost its only one."""
    of_trace, of_part = (
        ("", "") if project is None else (" AND project = $project", f" AND {PROJECT_OF_PART} = $project")
    )
    results = await database.query(
        ";".join(
            f"SELECT newest_start, id FROM agent_trace WHERE session_id = $s{number}{of_trace}"  # noqa: S608 - as below
            " ORDER BY newest_start, id LIMIT 1;"
            f"SELECT newest_start, trace_id, id FROM session_run"
            f" WHERE session_id = $s{number}{of_part} ORDER BY newest_start, id LIMIT 1"
            for number in range(len(session_ids))
        ),
        project=project,
        **{f"s{number}": session_id for number, session_id in enumerate(session_ids)},
    )
    return {
        session_id: min(
            [
                *((row["newest_start"], row["id"]) for row in own),
                *((row["newest_start"], row["trace_id"]) for row in parts),
            ]
        )
        for session_id, own, parts in zip(session_ids, results[::2], results[1::2], strict=True)
        if own or parts
    }


def _sessions_of(trace: Row, run: Row | None) -> list[str]:
    sessions = run["sessions"] if run is not None else []
    own = trace.get("session_id")
    return [*sessions, *([own] if own and own not in sessions else [])]


async def members_of(
    database: Database, session_ids: Iterable[str], project: str | None = None
) -> dict[str, list[Member]]:
    """Return by session its traces, newest first; with a project those of it alone."""
    names = list(session_ids)
    own = await _of_sessions(database, rows.TRACE, names)
    parts = await _of_sessions(database, rows.SESSION_RUN, names)
    traces = {row["id"]: row for of_session in own.values() for row in of_session}
    others = {part["trace_id"] for of_session in parts.values() for part in of_session} - traces.keys()
    traces |= {row["id"]: row for row in await records(database, rows.TRACE, sorted(others))}
    if project is not None:
        traces = {trace_id: row for trace_id, row in traces.items() if row.get("project") == project}
    runs = await runs_of(database, traces)
    return {name: _members([row["id"] for row in own[name]], parts[name], traces, runs) for name in names}


async def _of_sessions(database: Database, table: str, names: Sequence[str]) -> dict[str, list[Row]]:
    """Return by session its rows of a table, newest first.

    A session may have any number of them: a query reads some of a few sessions, or more of a long one, so that others
    are served in between.
    """
    found: dict[str, list[Row]] = {}
    for start in range(0, len(names), _SESSIONS_AT_ONCE):
        group = names[start : start + _SESSIONS_AT_ONCE]
        results = await database.query(
            ";".join(
                f"SELECT * FROM {table} WHERE session_id = $s{number} ORDER BY newest_start, id LIMIT $limit"  # noqa: S608 - one of our own tables
                for number in range(len(group))
            ),
            limit=_ROWS_OF_EACH,
            **{f"s{number}": name for number, name in enumerate(group)},
        )
        found |= dict(zip(group, results, strict=True))
    for name in names:
        more = len(found[name]) == _ROWS_OF_EACH
        while more:
            after = Cursor(found[name][-1]["newest_start"], found[name][-1]["id"])
            piece = await page(database, table, [Branch({"session_id": name})], ROWS_AT_ONCE, cursor=after)
            found[name] += piece
            more = len(piece) == ROWS_AT_ONCE
    return found


def _members(
    trace_ids: Sequence[str], parts: Sequence[Row], traces: dict[str, Row], runs: dict[str, Row]
) -> list[Member]:
    part_of = {part["trace_id"]: part for part in parts}
    ids = [trace_id for trace_id in dict.fromkeys([*trace_ids, *part_of]) if trace_id in traces]
    members = [Member(traces[trace_id], runs.get(trace_id), part_of.get(trace_id)) for trace_id in ids]
    return sorted(members, key=lambda member: (member.trace["newest_start"], member.trace["id"]))


def session_of(session_id: str, members: Sequence[Member]) -> Session:
    """Return a session with the sums over its traces, which are given newest first."""
    parts = [member.part or {} for member in reversed(members)]
    agents = [agent for member in reversed(members) for agent in agents_of(*member)]
    return Session(
        id=session_id,
        trace_count=len(members),
        event_count=sum(_events(member) for member in members),
        first_event_at=min(_bound(member, "first_event_at", "start_time") for member in members),
        last_event_at=max(map(_last, members)),
        trace_ids=[member.trace["id"] for member in members],
        traces=[trace_run(member.trace, member.run) for member in members],
        parts=[_part(member) for member in members],
        sums=sums_of(parts, agents, interpreted=all(is_interpreted(member.trace, member.run) for member in members)),
    )


def _part(member: Member) -> SessionPart | None:
    part = member.part
    if part is None or not _shares(member):
        return None
    sums = sums_of([part], agents_of(*member), interpreted=is_interpreted(member.trace, member.run))
    return SessionPart(part["event_count"], part["first_event_at"], part["last_event_at"], sums)


def _shares(member: Member) -> bool:
    """Return whether the session shares the trace with others."""
    return member.part is not None and member.run is not None and len(member.run["sessions"]) > 1


def _events(member: Member) -> int:
    counted: int = member.part["event_count"] if member.part and _shares(member) else member.trace["event_count"]
    return counted


def _last(member: Member) -> int:
    """Return when the session was last active in a trace, but for scores, which come when the work is done."""
    worked = (member.run or {}).get("last_work_at")
    return _bound(member, "last_event_at", "last_event_at") if worked is None or _shares(member) else worked


def _bound(member: Member, of_part: str, of_trace: str) -> int:
    moment: int = member.part[of_part] if member.part and _shares(member) else member.trace[of_trace]
    return moment
