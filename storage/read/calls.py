"""Calls in pages: by their start, or those that took longest, had the most tokens or cost most first.

An index leads each order: over a trace, a session, an agent or a name by the start, over the kinds by the others. What
else is asked for is sifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from mapping.model import STATUSES
from storage.filters import CallFilter
from storage.read.paging import Branch, Cursor, Row, page
from storage.surreal import cbor, rows
from storage.surreal.database import Database

Sort = Literal["start", "duration", "tokens", "cost"]
SORTS: tuple[Sort, ...] = get_args(Sort)
# The field of each order: a number, negated.
ORDERS: dict[Sort, str] = {"start": "newest_start", "duration": "longest", "tokens": "most_tokens", "cost": "dearest"}
_KINDS = ("model", "tool", "agent")
# Which fields lead an order by the start; `kind` does together with the status.
_LEADING = ("trace_id", "session_id", "agent_id", "name")
# Rows that are sifted at a time, and those of a trace or session that are sorted here.
_PIECE, _MOST_SORTED = 500, 10_000


async def calls(database: Database, which: CallFilter, sort: Sort, limit: int, after: Cursor | None) -> list[Row]:
    """Return the rows of calls that follow the cursor, at most `limit`. Raises Problem (UNAVAILABLE)."""
    equal = _equal(which)
    if equal is None:
        return []
    lead = next((field for field in _LEADING if field in equal), None)
    if sort != "start" and lead in {"trace_id", "session_id"}:
        found = await _sifted(database, which, [Branch({lead: equal[lead]})], "newest_start", _MOST_SORTED + 1, None)
        if len(found) <= _MOST_SORTED:
            return _sorted(found, ORDERS[sort], limit, after)
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
    return await _sifted(database, which, branches, ORDERS[sort], limit, after)


def _equal(which: CallFilter) -> dict[str, str] | None:
    """Return what columns are to be equal to, None where no call can be."""
    equal = which.equal()
    model = equal.pop("model", None)
    if model is not None:
        if equal.get("kind", "model") != "model" or equal.get("name", model) != model:
            return None
        equal |= {"kind": "model", "name": model}
    return equal


async def _sifted(
    database: Database, which: CallFilter, branches: Sequence[Branch], by: str, limit: int, after: Cursor | None
) -> list[Row]:
    equal = _equal(which) or {}
    others = {field: value for field, value in equal.items() if field not in branches[0].equal}
    is_whole = not others and which.min_duration_ns is None
    by_start = by == "newest_start"
    size = limit if is_whole and (by_start or (which.since is None and which.until is None)) else max(limit, _PIECE)
    kept: list[Row] = []
    while True:
        found = await page(
            database,
            rows.CALL,
            branches,
            size,
            cursor=after,
            since=which.since if by_start else None,
            until=which.until if by_start else None,
            by=by,
        )
        kept += [row for row in found if _fits(which, others, row)]
        if len(kept) >= limit or len(found) < size:
            return kept[:limit]
        after = Cursor(found[-1][by], found[-1]["id"])


def _fits(which: CallFilter, others: dict[str, str], row: Row) -> bool:
    return (
        all(row.get(field) == value for field, value in others.items())
        and (which.since is None or row["newest_start"] <= cbor.int64(-which.since))
        and (which.until is None or row["newest_start"] > cbor.int64(-which.until))
        and (which.min_duration_ns is None or row["longest"] <= cbor.int64(-which.min_duration_ns))
    )


def _sorted(found: Sequence[Row], by: str, limit: int, after: Cursor | None) -> list[Row]:
    follow = [row for row in found if after is None or (row[by], row["id"]) > after]
    return sorted(follow, key=lambda row: (row[by], row["id"]))[:limit]


async def call_of(database: Database, event_id: str) -> Row | None:
    """Return the call with this id, or the one that this event tells of. Raises Problem (UNAVAILABLE)."""
    found, events = await database.query(
        "SELECT * FROM $call; SELECT trace_id, session_id FROM $event",
        call=[cbor.record(rows.CALL, event_id)],
        event=[cbor.record(rows.EVENT, event_id)],
    )
    if found or not events:
        return found[0] if found else None
    (event,) = events
    for field in ("trace_id", "session_id"):
        # A record may tell of a call of its session that other traces hold.
        if event.get(field) is not None:
            (found,) = await database.query(
                f"SELECT * FROM agent_call WHERE {field} = $value AND told_by CONTAINS $event LIMIT 1",  # noqa: S608 - one of our own fields
                value=event[field],
                event=event_id,
            )
            if found:
                return _first(found)
    return None


async def models_around(database: Database, tool: Row) -> list[Row]:
    """Return the calls of models that may have asked for a tool's call, or were sent its result."""
    at = Cursor(tool["newest_start"], "")
    branch = [Branch({"trace_id": tool["trace_id"]})]
    before = await page(database, rows.CALL, branch, _AROUND, cursor=at)
    after = await page(database, rows.CALL, branch, _AROUND, cursor=at, oldest_first=True)
    return [*_nearest(before, tool), *_nearest(after, tool)]


# Calls looked at on each side of a tool's, and calls of models that are read.
_AROUND, _MODELS = 50, 2


def _nearest(calls: Sequence[Row], tool: Row) -> list[Row]:
    models = [row for row in calls if row["kind"] == "model"]
    own = [row for row in models if row.get("agent_id") == tool.get("agent_id")]
    return (own or models)[:_MODELS]


def _first(found: Sequence[Any]) -> Row:
    row: Row = found[0]
    return row
