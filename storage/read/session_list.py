"""Lists of sessions: by the latest trace (`sessions`), or sorted by a number, or filtered by terms (`sifting`).

Sorted or filtered, they are those of which something is interpreted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from mapping.filtering.language import NameField, TextField
from mapping.filtering.matching import Facts, matches
from storage.filters import SessionFilter, Sort
from storage.read.attributes import having_attributes
from storage.read.paging import Branch, Cursor, not_a_cursor, page
from storage.read.runs import names_of
from storage.read.sessions import Latest, Member, Session, latest_of_sessions, members_of, session_of
from storage.read.sifting import (
    MOST_SORTED,
    ORDERS,
    Candidates,
    Match,
    Place,
    attribute_terms,
    exact,
    of_sorted,
    run_branch,
    sift,
)
from storage.read.trace_list import facts_of
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Sessions of a page that are looked at: each is read with all its traces.
_MOST_SIFTED = 1_000


class Sessions(NamedTuple):
    """A page of sessions, and where the next one goes on, None if this is the last one."""

    sessions: list[Session]
    next: Cursor | None


async def list_sessions(
    database: Database,
    which: SessionFilter,
    sort: Sort,
    limit: int,
    after: Cursor | None,
    *,
    traces_at_once: int,
) -> Sessions:
    """Return a page of sessions."""
    if order_of(which, sort) == "latest":
        latest = await latest_of_sessions(
            database, limit + 1, None if after is None else _latest_of(after), traces_at_once, which.project
        )
        listed = await members_of(database, [place.session_id for place in latest[:limit]], which.project)
        # A session may have lost its only trace since `latest` was read.
        sessions = [session_of(session_id, members) for session_id, members in listed.items() if members]
        return Sessions(sessions, _cursor_of(latest[limit - 1]) if len(latest) > limit else None)
    known: dict[str, Session] = {}
    attributes = attribute_terms(which.filter)

    async def matching(places: Sequence[Place]) -> list[Match]:
        found = []
        members_by_session = await members_of(database, [session_id for _, session_id in places], which.project)
        for place in places:
            members = members_by_session[place[1]]
            if members and matches(which.filter, _facts(session := session_of(place[1], members), members)):
                known[session.id] = session
                found.append(Match(place, [(member.trace["id"], member.trace["event_count"]) for member in members]))
        return found

    async def with_attributes(matches: Sequence[Match]) -> list[Match]:
        return await having_attributes(database, attributes, matches)

    candidates = await _candidates(database, which, sort)
    sifted = await sift(
        candidates,
        matching,
        with_attributes if attributes else None,
        limit,
        after,
        _MOST_SIFTED,
        None if which.filter else limit + 1,
    )
    return Sessions([known[session_id] for _, session_id in sifted.places], sifted.next)


def order_of(which: SessionFilter, sort: Sort) -> Sort | Literal["latest"]:
    """Return how the sessions are ordered: `latest` by their traces, else by a number of their own."""
    return "latest" if sort == "start" and not which.filter else sort


def _latest_of(cursor: Cursor) -> Latest:
    try:
        trace_id, session_id = msgspec.json.decode(str(cursor.id), type=tuple[str, str])
    except msgspec.MsgspecError:
        raise not_a_cursor() from None
    return Latest(cursor.place, trace_id, session_id)


def _cursor_of(place: Latest) -> Cursor:
    return Cursor(place.newest_start, msgspec.json.encode((place.trace_id, place.session_id)).decode())


async def _candidates(database: Database, which: SessionFilter, sort: Sort) -> Candidates:
    by = ORDERS[sort]
    names = await _few(database, which)
    if names is not None:
        (found,) = await database.query(
            f"SELECT session_id, {by} AS place FROM $sessions",  # noqa: S608 - one of our own fields
            sessions=[cbor.record(rows.SESSION, [name]) for name in names],
        )
        return of_sorted([(row["place"], row["session_id"]) for row in found])

    async def sorted_by_index(limit: int, after: Cursor | None) -> list[Place]:
        cursor = None if after is None else Cursor(after.place, [str(after.id)])
        branch = Branch({"listed": True})
        found = await page(
            database, rows.SESSION, [branch], limit, cursor=cursor, by=by, fields=f"id, session_id, {by}"
        )
        return [(row[by], row["session_id"]) for row in found]

    return sorted_by_index


async def _few(database: Database, which: SessionFilter) -> list[str] | None:
    """Return the only sessions that may match, where a term leaves no more than `MOST_SORTED` traces; else None."""
    if (session_id := exact(which.filter, "session")) is not None:
        return [session_id]
    if (branch := run_branch(which.filter)) is None:
        return None
    runs = await page(database, rows.RUN, [branch], MOST_SORTED + 1, fields="id, newest_start, sessions")
    return names_of(runs, "sessions") if len(runs) <= MOST_SORTED else None


def _facts(session: Session, members: Sequence[Member]) -> Facts:
    """Return what the terms are compared with: the names and texts of its parts, and its sums."""
    each = [facts_of(member.trace, member.part or member.run or {}) for member in members]
    sums = session.sums
    names: dict[NameField, Any] = {
        field: list(dict.fromkeys(name for facts in each for name in facts.names[field])) for field in each[0].names
    }
    texts: dict[TextField, Any] = {
        field: [line for facts in each for line in facts.texts[field]] for field in each[0].texts
    }
    return Facts(
        names=names | {"session": [session.id]},
        texts=texts,
        numbers={
            "duration": session.duration_ns,
            "tokens": sums.input_tokens + sums.output_tokens,
            "cost": sums.cost_nano_usd,
            "events": session.event_count,
            "errors": sums.error_count,
            "calls": sums.calls,
            "tools": sums.tools,
            "repeats": sums.repeated.times if sums.repeated else 0,
        },
        scores=sums.score_sums,
    )
