"""Calls in pages: newest first, or those first that took longest, had the most tokens or cost most.

An index serves each order: by the start, one over the trace, session, agent or name; by the others, one over the kind.
Further filters are applied to the rows that the index gives.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any, Literal, get_args

from mapping.filtering.language import NameField
from mapping.filtering.matching import Facts, matches
from mapping.model import STATUSES
from storage.filters import CallFilter
from storage.read.paging import Branch, Cursor, Row, page
from storage.read.sifting import exact
from storage.surreal import cbor, rows
from storage.surreal.database import Database

Sort = Literal["start", "duration", "tokens", "cost"]
SORTS: tuple[Sort, ...] = get_args(Sort)
# The field of each order: a number, negated.
ORDERS: dict[Sort, str] = {"start": "newest_start", "duration": "longest", "tokens": "most_tokens", "cost": "dearest"}
_KINDS = ("model", "tool", "agent")
# Fields with an index ordered by the start; the kind has one together with the status.
_LEADING = ("trace_id", "session_id", "agent_id", "name")
# Rows that are filtered at a time, and for a page; and rows of a trace or session that are sorted here.
_PIECE, _MOST_SIFTED, _MOST_SORTED = 500, 20_000, 10_000
# The columns that a term with one name asks for, and the words that these must have; None stands for the name.
_EXACT: dict[NameField, dict[str, str | None]] = {
    "agent": {"agent_id": None},
    "session": {"session_id": None},
    "name": {"name": None},
    "model": {"kind": "model", "name": None},
    "tool": {"kind": "tool", "name": None},
}


async def calls(
    database: Database, which: CallFilter, sort: Sort, limit: int, after: Cursor | None
) -> tuple[list[Row], Cursor | None]:
    """Return the rows of calls that follow the cursor, at most `limit`, and where it stopped before the end.

    Raises Problem (UNAVAILABLE).
    """
    equal = _equal(which)
    if equal is None:
        return [], None
    lead = next((field for field in _LEADING if field in equal), None)
    if sort != "start" and lead in {"trace_id", "session_id"}:
        calls_of_lead, stopped = await _filtered(
            database, which, [Branch({lead: equal[lead]})], "newest_start", _MOST_SORTED + 1, None
        )
        if stopped is None and len(calls_of_lead) <= _MOST_SORTED:
            return _sorted(calls_of_lead, ORDERS[sort], limit, after), None
    if sort != "start":
        branches = [Branch({"kind": kind}) for kind in _KINDS if equal.get("kind", kind) == kind]
    elif lead is not None:
        branches = [Branch({lead: equal[lead]})]
    else:
        branches = [
            Branch({"kind": kind, "status": status}, indexed=2)
            for kind in _KINDS
            for status in STATUSES
            if equal.get("kind", kind) == kind and equal.get("status", status) == status
        ]
    return await _filtered(database, which, branches, ORDERS[sort], limit, after)


def _equal(which: CallFilter) -> dict[str, str] | None:
    """Return the values that columns must have, or None if no call can match."""
    equal = which.equal()
    model = equal.pop("model", None)
    asked = [] if model is None else [("kind", "model"), ("name", model)]
    for field, columns in _EXACT.items():
        if (name := exact(which.filter, field)) is not None:
            asked += [(column, name if word is None else word) for column, word in columns.items()]
    for column, value in asked:
        if equal.setdefault(column, value) != value:
            return None
    return equal


async def _filtered(
    database: Database, which: CallFilter, branches: Sequence[Branch], by: str, limit: int, after: Cursor | None
) -> tuple[list[Row], Cursor | None]:
    equal = _equal(which) or {}
    others = {field: value for field, value in equal.items() if field not in branches[0].equal}
    is_whole = not others and which.min_duration_ns is None and not which.filter
    by_start = by == "newest_start"
    size = limit if is_whole and (by_start or (which.since is None and which.until is None)) else max(limit, _PIECE)
    matching: list[Row] = []
    sifted = 0
    while True:
        piece = await page(
            database,
            rows.CALL,
            branches,
            size,
            cursor=after,
            since=which.since if by_start else None,
            until=which.until if by_start else None,
            by=by,
        )
        matching += [row for row in piece if _fits(which, others, row)]
        if len(matching) >= limit or len(piece) < size:
            return matching[:limit], None
        after = Cursor(piece[-1][by], piece[-1]["id"])
        sifted += len(piece)
        if sifted >= _MOST_SIFTED:
            return matching, after


def _fits(which: CallFilter, others: dict[str, str], row: Row) -> bool:
    return (
        all(row.get(field) == value for field, value in others.items())
        and (which.since is None or row["newest_start"] <= cbor.int64(-which.since))
        and (which.until is None or row["newest_start"] > cbor.int64(-which.until))
        and (which.min_duration_ns is None or row["longest"] <= cbor.int64(-which.min_duration_ns))
        and (not which.filter or matches(which.filter, _facts(row)))
    )


def _facts(row: Row) -> Facts:
    """Return what the terms of a filter are compared with."""
    called = [row["name"]] if row.get("name") else []
    return Facts(
        names={
            "agent": [row["agent_id"]] if row.get("agent_id") else [],
            "session": [row["session_id"]] if row.get("session_id") else [],
            "status": [row["status"]],
            "name": called,
            "model": called if row["kind"] == "model" else [],
            "tool": called if row["kind"] == "tool" else [],
        },
        texts={"error": [row["error"]] if row.get("error") else []},
        numbers={
            "duration": row["duration_ns"],
            "tokens": (row.get("input_tokens") or 0) + (row.get("output_tokens") or 0),
            "cost": row.get("cost_nano_usd") or 0,
        },
    )


def _sorted(calls: Sequence[Row], by: str, limit: int, after: Cursor | None) -> list[Row]:
    follow = [row for row in calls if after is None or (row[by], row["id"]) > after]
    return sorted(follow, key=lambda row: (row[by], row["id"]))[:limit]


async def call_of(database: Database, event_id: str) -> Row | None:
    """Return the call with this id, or the one that this event reports. Raises Problem (UNAVAILABLE)."""
    calls, events = await database.query(
        "SELECT * FROM $call; SELECT trace_id, session_id FROM $event",
        call=[cbor.record(rows.CALL, event_id)],
        event=[cbor.record(rows.EVENT, event_id)],
    )
    if calls or not events:
        return calls[0] if calls else None
    (event,) = events
    for field in ("trace_id", "session_id"):
        # A log record may report a call of its session that is in another trace.
        if event.get(field) is not None:
            (calls,) = await database.query(
                f"SELECT * FROM agent_call WHERE {field} = $value AND told_by CONTAINS $event LIMIT 1",  # noqa: S608 - one of our own fields
                value=event[field],
                event=event_id,
            )
            if calls:
                return _first(calls)
    return None


async def models_around(database: Database, tool: Row) -> list[Row]:
    """Return the model calls that may have requested a tool's call, or were sent its result."""
    at = Cursor(tool["newest_start"], "")
    branch = [Branch({"trace_id": tool["trace_id"]})]
    before = await page(database, rows.CALL, branch, _AROUND, cursor=at)
    after = await page(database, rows.CALL, branch, _AROUND, cursor=at, oldest_first=True)
    return [*_nearest(before, tool), *_nearest(after, tool)]


# Calls that are looked at before and after a tool's, and model calls that are returned of each.
_AROUND, _MODELS = 50, 2


def nearest_models(calls: Sequence[Row], tool: Row) -> list[Row]:
    """Return those of a run's calls, in order, that `models_around` returns."""
    at = bisect.bisect_right(calls, tool["start_time"], key=lambda row: row["start_time"])
    before, after = calls[max(at - _AROUND, 0) : at], calls[at : at + _AROUND]
    return [*_nearest(before[::-1], tool), *_nearest(after, tool)]


def _nearest(calls: Sequence[Row], tool: Row) -> list[Row]:
    models = [row for row in calls if row["kind"] == "model"]
    own = [row for row in models if row.get("agent_id") == tool.get("agent_id")]
    return (own or models)[:_MODELS]


def _first(calls: Sequence[Any]) -> Row:
    row: Row = calls[0]
    return row
