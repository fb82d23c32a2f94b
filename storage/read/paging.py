"""Lists in pages, newest first, each page as cheap as the first.

An index serves a page where its fields are held equal and what remains is ordered by a negated time (`rows.order_of`,
for traces `newest_activity` too) and the id. So a list is one branch, or several whose pages are merged here: `IN` with
more than a few values scans the table. A page ends with a cursor, the place of its last item in that order.
"""

from __future__ import annotations

import base64
import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from mapping.errors import invalid
from mapping.values import INT64_MAX
from storage.surreal import cbor, rows
from storage.surreal.database import Database, timed

Row = dict[str, Any]
_Read = TypeVar("_Read")

# Rows that are sifted, or read of many, at a time: 10-20 ms of the engine's time.
_PIECE = 1_000
# Of many rows so many are read first, since they may hold a megabyte each: twice as many while a piece takes less time
# than this, half as many once it takes twice as long.
_FIRST_PIECE, _SOON = 64, 0.01


class Contains(NamedTuple):
    """Is a value of a field that holds several; an index over all of them serves it."""

    value: Any


class Branch(NamedTuple):
    """Fields that are equal to a value; None: that are absent. An index over the first of them and the order serves it.

    `indexed` says over how many of the fields that index is.
    """

    equal: Mapping[str, Any]
    indexed: int = 1


class Cursor(NamedTuple):
    """The last row of a page: its field of the order, and its id."""

    place: int
    id: str | list[str]


def read_cursor(text: str) -> Cursor:
    """Decode a cursor. Raises Problem (INVALID_ARGUMENT) for an invalid one."""
    try:
        place, last = msgspec.json.decode(base64.urlsafe_b64decode(text.encode("ascii")), type=tuple[int, str])
    except (ValueError, msgspec.MsgspecError):
        raise invalid("cursor: expected the next_cursor of an earlier page") from None
    return Cursor(cbor.int64(place), last)


def write_cursor(row: Row, by: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((row[by], row["id"]))).decode("ascii")


async def page(
    database: Database,
    table: str,
    branches: Sequence[Branch],
    limit: int,
    *,
    cursor: Cursor | None = None,
    since: int | None = None,
    until: int | None = None,
    by: str | None = None,
    fields: str = "*",
    oldest_first: bool = False,
) -> list[Row]:
    """Read the rows of all branches that follow the cursor, in order, at most `limit`.

    `by` is the field of the order, by default the table's own: newest first. `since` (inclusive) and `until`
    (exclusive) are nanoseconds, for that order only, and so are other `fields` than all; the field of the order and
    the id must be among them.
    """
    by = by or rows.order_of(table)
    if len(branches) == 1 and len(branches[0].equal) > branches[0].indexed and not oldest_first:
        return await _sifted(
            database, table, branches[0], limit, by, cursor=cursor, since=since, until=until, fields=fields
        )
    statements: list[str] = []
    variables: dict[str, Any] = {"limit": limit}
    for number, branch in enumerate(branches):
        values = {f"v{number}_{place}": value for place, value in enumerate(branch.equal.values())}
        conditions = [
            _condition(field, name, value) for field, (name, value) in zip(branch.equal, values.items(), strict=True)
        ]
        variables |= {name: _value(value) for name, value in values.items() if value is not None}
        statements += _selects(table, conditions, by, cursor, until, variables, fields, oldest_first=oldest_first)
    results = await database.query(";".join(statements), **variables)
    return _merged(results, limit, by, since, oldest_first=oldest_first)


class Pace:
    """The number of rows to read at a time: they may hold a megabyte each, and no query may delay others for long."""

    def __init__(self, first: int = _FIRST_PIECE) -> None:
        self.rows = first

    async def keep(self, reading: Awaitable[_Read]) -> _Read:
        """Read so many rows, and learn from how long it takes the database: who waits for others is not slow."""
        with timed() as seconds:
            read = await reading
        took = sum(seconds)
        if took < _SOON:
            self.rows = min(self.rows * 2, _PIECE)
        elif took > 2 * _SOON:
            self.rows = max(self.rows // 2, 1)
        return read


class Pieces:
    """A list that is read piece by piece, so that others are served in between; `ended` once there is no more.

    `read` takes how many rows and the cursor, as `page` does, for rows of this table.
    """

    def __init__(self, table: str, read: Callable[[int, Cursor | None], Awaitable[list[Row]]]) -> None:
        self._by, self._read = rows.order_of(table), read
        self._pace = Pace()
        self.after: Cursor | None = None
        self.ended = False

    async def following(self, most: int) -> list[Row]:
        """Read the next rows, `most` at most."""
        size = min(self._pace.rows, _PIECE, most)
        piece = await self._pace.keep(self._read(size, self.after))
        self.ended = len(piece) < size
        if piece:
            self.after = Cursor(piece[-1][self._by], piece[-1]["id"])
        return piece

    async def all(self, most: int) -> list[Row]:
        """Read the rows that are left, `most` at most."""
        every: list[Row] = []
        while not self.ended and len(every) < most:
            every += await self.following(most - len(every))
        return every


def _merged(results: Sequence[list[Row]], limit: int, by: str, since: int | None, *, oldest_first: bool) -> list[Row]:
    kept: list[Row] = []
    for row in heapq.merge(*results, key=lambda row: (row[by], row["id"]), reverse=oldest_first):
        # A lower bound of the time is no bound the engine can stop at; the order is.
        if len(kept) == limit or (since is not None and row[by] > cbor.int64(-since)):
            break
        if not kept or kept[-1]["id"] != row["id"]:
            kept.append(row)
    return kept


async def _sifted(
    database: Database,
    table: str,
    branch: Branch,
    limit: int,
    by: str,
    *,
    cursor: Cursor | None,
    since: int | None,
    until: int | None,
    fields: str,
) -> list[Row]:
    """Read a branch of several fields: an index serves the first, and what it gives is sifted piece by piece.

    In one statement the engine would go on until it has enough, be it through the whole table; and it does one thing at
    a time.
    """
    (first, *others) = branch.equal.items()
    kept: list[Row] = []
    while True:
        variables: dict[str, Any] = {"limit": _PIECE, "first": first[1]}
        variables |= {f"v{number}": value for number, (_, value) in enumerate(others) if value is not None}
        conditions = [
            f"{field} = {'NONE' if value is None else f'$v{number}'}" for number, (field, value) in enumerate(others)
        ]
        selects = _selects(table, [f"{first[0]} = $first"], by, cursor, until, variables, oldest_first=False)
        piece = ", ".join(f"({select})" for select in selects)
        _, last, sifted = await database.query(
            f"LET $piece = array::slice(array::flatten([{piece}]), 0, $limit);"  # noqa: S608 - as in _select
            f"RETURN IF array::len($piece) = $limit {{ array::last($piece).{{ {by}, id }} }};"
            f"SELECT {fields} FROM $piece WHERE {' AND '.join(conditions)};",
            **variables,
        )
        kept = _merged([kept, sifted], limit, by, since, oldest_first=False)
        if last is None or len(kept) == limit or (since is not None and last[by] > cbor.int64(-since)):
            return kept
        cursor = Cursor(last[by], last["id"])


def _condition(field: str, name: str, value: Any) -> str:
    return f"{field} {'CONTAINS' if isinstance(value, Contains) else '='} {'NONE' if value is None else f'${name}'}"


def _value(value: Any) -> Any:
    return value.value if isinstance(value, Contains) else value


def _selects(
    table: str,
    conditions: Sequence[str],
    by: str,
    cursor: Cursor | None,
    until: int | None,
    variables: dict[str, Any],
    fields: str = "*",
    *,
    oldest_first: bool,
) -> list[str]:
    """Return the statements that read what follows the cursor, one after the other, and add their variables."""
    beyond, order = ("<", f"{by} DESC, id DESC") if oldest_first else (">", f"{by}, id")
    if cursor is not None:
        variables |= {"place": cursor.place, "last": cbor.record(table, cursor.id)}
    elif until is not None and until <= INT64_MAX:
        variables["place"] = cbor.int64(-until)
    ranges: list[list[str]] = [[f"{by} {beyond} $place"]] if "place" in variables else [[]]
    if cursor is not None:
        # `by > $n OR (by = $n AND id > $id)` would scan: two statements, one after the other.
        ranges.insert(0, [f"{by} = $place", f"id {beyond} $last"])
    return [_select(table, [*conditions, *extra], order, fields, backward=oldest_first) for extra in ranges]


def _select(table: str, conditions: Sequence[str], order: str, fields: str, *, backward: bool) -> str:
    source = f"{table} WHERE {' AND '.join(conditions)}"
    if backward:
        # Read forward, then sorted: reading backward, SurrealKV (3.2.4) goes through the whole index, which took 420 ms
        # for the ten events of a trace among 60,000.
        source = f"(SELECT * FROM {source})"  # noqa: S608 - names of our own tables and fields; values are variables
    return f"SELECT {fields} FROM {source} ORDER BY {order} LIMIT $limit"  # noqa: S608 - as above
