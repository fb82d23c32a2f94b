"""Lists in pages, newest first, each page as cheap as the first.

An index serves a page where its fields are held equal and what remains is ordered by a negated time (`newest`, for
traces `recent` too) and the id. So a list is one branch, or several whose pages are merged here: `IN` with more than a
few values scans the table. A page ends with a cursor, the place of its last item in that order.
"""

from __future__ import annotations

import base64
import heapq
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.errors import invalid
from mapping.storable import INT64_MAX
from storage.surreal import cbor
from storage.surreal.database import Database

Row = dict[str, Any]


class Branch(NamedTuple):
    """Fields that are equal to a value; None: that are absent. An index over the first one and the order serves it."""

    equal: Mapping[str, Any]


class Cursor(NamedTuple):
    """The last row of a page: its field of the order, and its id."""

    place: int
    id: str


def read_cursor(text: str) -> Cursor:
    """Read a cursor. Raises Problem (INVALID_ARGUMENT) for text that is none."""
    try:
        place, last = msgspec.json.decode(base64.urlsafe_b64decode(text.encode("ascii")), type=tuple[int, str])
    except (ValueError, msgspec.MsgspecError):
        raise invalid("cursor: expected the next_cursor of an earlier page") from None
    return Cursor(cbor.int64(place), last)


def write_cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((row["newest"], row["id"]))).decode("ascii")


async def page(
    database: Database,
    table: str,
    branches: Sequence[Branch],
    limit: int,
    *,
    cursor: Cursor | None = None,
    since: int | None = None,
    until: int | None = None,
    by: str = "newest",
    oldest_first: bool = False,
) -> list[Row]:
    """Read the rows of all branches that follow the cursor, in order, at most `limit`.

    `by` is the field of the order. `since` (inclusive) and `until` (exclusive) are nanoseconds, for newest first only.
    """
    statements: list[str] = []
    variables: dict[str, Any] = {"limit": limit}
    if cursor is not None:
        variables |= {"place": cursor.place, "last": cbor.record(table, cursor.id)}
    elif until is not None and until <= INT64_MAX:
        variables["place"] = cbor.int64(-until)
    beyond, order = ("<", f"{by} DESC, id DESC") if oldest_first else (">", f"{by}, id")
    for number, branch in enumerate(branches):
        conditions = []
        for place, (field, value) in enumerate(branch.equal.items()):
            if value is None:
                conditions.append(f"{field} = NONE")
            else:
                conditions.append(f"{field} = $v{number}_{place}")
                variables[f"v{number}_{place}"] = value
        ranges: list[list[str]] = [[f"{by} {beyond} $place"]] if "place" in variables else [[]]
        if cursor is not None:
            # `newest > $n OR (newest = $n AND id > $id)` would scan: two statements, one after the other.
            ranges.insert(0, [f"{by} = $place", f"id {beyond} $last"])
        statements += [_select(table, conditions + extra, order, backward=oldest_first) for extra in ranges]
    results = await database.query(";".join(statements), **variables)
    kept: list[Row] = []
    for row in heapq.merge(*results, key=lambda row: (row[by], row["id"]), reverse=oldest_first):
        # A lower bound of the time is no bound the engine can stop at; the order is.
        if len(kept) == limit or (since is not None and row[by] > cbor.int64(-since)):
            break
        if not kept or kept[-1]["id"] != row["id"]:
            kept.append(row)
    return kept


def _select(table: str, conditions: Sequence[str], order: str, *, backward: bool) -> str:
    source = f"{table} WHERE {' AND '.join(conditions)}"
    if backward:
        # Read forward, then sorted: reading backward, SurrealKV (3.2.4) goes through the whole index, which took 420 ms
        # for the ten events of a trace among 60,000.
        source = f"(SELECT * FROM {source})"  # noqa: S608 - names of our own tables and fields; values are variables
    return f"SELECT * FROM {source} ORDER BY {order} LIMIT $limit"  # noqa: S608 - as above
