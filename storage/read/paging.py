"""Lists in pages, newest first, each page as cheap as the first.

An index serves a page if its first fields are compared with `=` and its last ones are a negated time (`rows.order_of`,
for traces `newest_activity` too) and the id. So a list is one branch, or several branches whose pages are merged here:
`IN` with more than a few values scans the table. A page ends with a cursor, the place of its last row in that order.
"""

from __future__ import annotations

import base64
import heapq
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from mapping.errors import Problem, invalid
from mapping.values import INT64_MAX
from storage.surreal import cbor, rows
from storage.surreal.timing import timed

if TYPE_CHECKING:
    # Processes that are handed the answers read here, too, and would load the SDK.
    from storage.surreal.database import Database

Row = dict[str, Any]
# What a query selects: an expression, or the names of fields, which rows then have all of, absent ones as None. Named,
# thousands of rows with ten fields take the engine a third less, and the receiver half: they come without their keys.
Fields = str | tuple[str, ...]
_Read = TypeVar("_Read")
_Place = TypeVar("_Place")

# The maximum number of rows that one query reads: 10-20 ms of the engine's time.
ROWS_AT_ONCE = 1_000
# A long list begins with a small piece, since a row may hold a megabyte. The next piece has twice as many rows if this
# one took less than `_SOON` seconds, and half as many if it took more than twice as long.
_FIRST_PIECE, _SOON = 64, 0.01


class Contains(NamedTuple):
    """A value that an array field must contain. An index over the array's values serves it."""

    value: Any


class Branch(NamedTuple):
    """The values that fields must have; None means that the field is absent.

    An index over the first `indexed` of these fields and the order serves it.
    """

    equal: Mapping[str, Any]
    indexed: int = 1


class Cursor(NamedTuple):
    """The place of a page's last row: its value of the field that orders the list, and its id."""

    place: int
    id: str | list[str]


def read_cursor(text: str, of: str) -> Cursor:
    """Decode a cursor of this list and order. Raises Problem (INVALID_ARGUMENT) for an invalid one."""
    place, last = read_place(text, of, tuple[int, str])
    return Cursor(cbor.int64(place), last)


def write_cursor(place: int, last: str, of: str) -> str:
    """Return the cursor of a page that ends with this place and id."""
    return write_place((place, last), of)


def read_place(text: str, of: str, form: type[_Place]) -> _Place:
    """Decode what `write_place` has written. Raises Problem (INVALID_ARGUMENT), for a place in another list, too."""
    try:
        known, place = base64.urlsafe_b64decode(text.encode("ascii")).decode().split("\n", 1)
        if known == of:
            return msgspec.json.decode(place, type=form)
    except (ValueError, msgspec.MsgspecError):
        raise not_a_cursor() from None
    raise invalid(
        f"cursor: expected the next_cursor of an earlier page of this list, {of!r}; got one of {known[:40]!r}"
    )


def write_place(place: Any, of: str) -> str:
    """Encode a place, after the list and the order that it is of, such as `traces cost`."""
    return base64.urlsafe_b64encode(f"{of}\n".encode() + msgspec.json.encode(place)).decode("ascii")


def not_a_cursor() -> Problem:
    return invalid("cursor: expected the next_cursor of an earlier page")


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
    fields: Fields = "*",
    rows_at_once: int = ROWS_AT_ONCE,
    values: Mapping[str, Any] | None = None,
) -> list[Row]:
    """Return the rows of all branches that follow the cursor, in order, at most `limit`.

    `by` is the field that orders them, by default the table's own (`rows.order_of`). `since` (inclusive) and `until`
    (exclusive) are nanoseconds, and allowed only with the default order. `fields` must include the field of the order
    and the id; `values` are those of the variables in it. A query reads at most `rows_at_once` rows of a branch whose
    fields no index covers.
    """
    by = by or rows.order_of(table)
    if len(branches) == 1 and len(branches[0].equal) > branches[0].indexed:
        matching, _ = await sift(
            database,
            table,
            branches[0],
            limit,
            math.inf,
            cursor=cursor,
            since=since,
            until=until,
            by=by,
            fields=fields,
            rows_at_once=rows_at_once,
        )
        return matching
    statements: list[str] = []
    variables: dict[str, Any] = {"limit": limit, **(values or {})}
    for number, branch in enumerate(branches):
        values = {f"v{number}_{place}": value for place, value in enumerate(branch.equal.values())}
        conditions = [
            _condition(field, name, value) for field, (name, value) in zip(branch.equal, values.items(), strict=True)
        ]
        variables |= {name: _value(value) for name, value in values.items() if value is not None}
        statements += _selects(table, conditions, by, cursor, until, variables, fields)
    results = await database.query(";".join(statements), **variables)
    return _merged([_as_rows(result, fields) for result in results], limit, by, since)


async def records(database: Database, table: str, ids: Iterable[Any], fields: str = "*") -> list[Row]:
    """Return those of the records that exist, in the order of their ids. A query reads `ROWS_AT_ONCE` of them."""
    names = [cbor.record(table, record_id) for record_id in ids]
    found: list[Row] = []
    for start in range(0, len(names), ROWS_AT_ONCE):
        (piece,) = await database.query(
            f"SELECT {fields} FROM $records",  # noqa: S608 - names of our own fields
            records=names[start : start + ROWS_AT_ONCE],
        )
        found += piece
    return found


class Pace:
    """How many rows to read next: a row may hold a megabyte, and no query may delay others for long."""

    def __init__(self, first: int = _FIRST_PIECE, most: int = ROWS_AT_ONCE) -> None:
        self.rows = min(first, most)
        self._most = most

    async def keep(self, reading: Awaitable[_Read]) -> _Read:
        """Return the result of a read of `rows` rows, and adjust `rows` to the time that the database took for it.

        The time that the query waited for others does not count.
        """
        with timed() as seconds:
            read = await reading
        took = sum(seconds)
        if took < _SOON:
            self.rows = min(self.rows * 2, self._most)
        elif took > 2 * _SOON:
            self.rows = max(self.rows // 2, 1)
        return read


class Pieces:
    """A list that is read piece by piece, so that others are served in between; `ended` is True after the last row.

    `read` returns rows of the table, given their maximum number and the cursor that they follow.
    """

    def __init__(
        self,
        table: str,
        read: Callable[[int, Cursor | None], Awaitable[list[Row]]],
        rows_at_once: int = ROWS_AT_ONCE,
    ) -> None:
        self._by, self._read = rows.order_of(table), read
        self._pace = Pace(most=rows_at_once)
        self.after: Cursor | None = None
        self.ended = False

    async def following(self, most: int) -> list[Row]:
        """Return the next rows, at most `most`."""
        size = min(self._pace.rows, most)
        piece = await self._pace.keep(self._read(size, self.after))
        self.ended = len(piece) < size
        if piece:
            self.after = Cursor(piece[-1][self._by], piece[-1]["id"])
        return piece

    async def all(self, most: int) -> list[Row]:
        """Return the remaining rows, at most `most`."""
        remaining: list[Row] = []
        while not self.ended and len(remaining) < most:
            remaining += await self.following(most - len(remaining))
        return remaining


def _merged(results: Sequence[list[Row]], limit: int, by: str, since: int | None) -> list[Row]:
    merged: list[Row] = []
    for row in heapq.merge(*results, key=lambda row: (row[by], row["id"])):
        # `since` is not in the query, because the engine would not stop there; the limit stops it.
        if len(merged) == limit or (since is not None and row[by] > cbor.int64(-since)):
            break
        if not merged or merged[-1]["id"] != row["id"]:
            merged.append(row)
    return merged


async def sift(
    database: Database,
    table: str,
    branch: Branch,
    limit: int,
    most: float,
    *,
    cursor: Cursor | None = None,
    since: int | None = None,
    until: int | None = None,
    by: str | None = None,
    fields: Fields = "*",
    rows_at_once: int = ROWS_AT_ONCE,
) -> tuple[list[Row], Cursor | None]:
    """Return rows of a branch of several fields as `page` does, at most `limit`, and where it stopped before the end.

    An index serves the first field, and each piece is filtered by the others, until about `most` rows have been. With
    one statement for all of them the engine would go on until it has enough rows, if necessary through the whole table,
    and serve nobody else meanwhile.
    """
    by = by or rows.order_of(table)
    (first, *others) = branch.equal.items()
    matching: list[Row] = []
    sifted = 0
    while True:
        variables: dict[str, Any] = {"limit": rows_at_once, "first": first[1]}
        variables |= {f"v{number}": value for number, (_, value) in enumerate(others) if value is not None}
        conditions = [
            f"{field} = {'NONE' if value is None else f'$v{number}'}" for number, (field, value) in enumerate(others)
        ]
        selects = _selects(table, [f"{first[0]} = $first"], by, cursor, until, variables)
        piece = ", ".join(f"({select})" for select in selects)
        _, last, rows_of_piece = await database.query(
            f"LET $piece = array::slice(array::flatten([{piece}]), 0, $limit);"  # noqa: S608 - as in _select
            f"RETURN IF array::len($piece) = $limit {{ array::last($piece).{{ {by}, id }} }};"
            f"SELECT {_selected(fields)} FROM $piece WHERE {' AND '.join(conditions)};",
            **variables,
        )
        matching = _merged([matching, _as_rows(rows_of_piece, fields)], limit, by, since)
        if last is None or len(matching) == limit or (since is not None and last[by] > cbor.int64(-since)):
            return matching, None
        cursor = Cursor(last[by], last["id"])
        sifted += rows_at_once
        if sifted >= most:
            return matching, cursor


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
    fields: Fields = "*",
) -> list[str]:
    """Return the statements that read the rows after the cursor, in this order, and add their variables."""
    if cursor is not None:
        variables |= {"place": cursor.place, "last": cbor.record(table, cursor.id)}
    elif until is not None and until <= INT64_MAX:
        variables["place"] = cbor.int64(-until)
    ranges: list[list[str]] = [[f"{by} > $place"]] if "place" in variables else [[]]
    if cursor is not None:
        # `by > $n OR (by = $n AND id > $id)` would scan: two statements, one after the other.
        ranges.insert(0, [f"{by} = $place", "id > $last"])
    return [_select(table, [*conditions, *extra], by, fields) for extra in ranges]


def _select(table: str, conditions: Sequence[str], by: str, fields: Fields) -> str:
    source = f"{table} WHERE {' AND '.join(conditions)}"
    # Names of our own tables and fields; values are variables.
    return f"SELECT {_selected(fields)} FROM {source} ORDER BY {by}, id LIMIT $limit"  # noqa: S608


def _selected(fields: Fields) -> str:
    return fields if isinstance(fields, str) else f"VALUE [{', '.join(fields)}]"


def _as_rows(result: list[Any], fields: Fields) -> list[Row]:
    return result if isinstance(fields, str) else [dict(zip(fields, values, strict=True)) for values in result]
