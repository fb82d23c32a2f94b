"""The calls of a trace, as `storage.interpreting` writes them: in rows of so many, in the order of their start.

A run's `call_pages` are the starts of the first calls of its pages, in nanoseconds.
"""

from __future__ import annotations

import bisect
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from storage.read.paging import Row, records
from storage.surreal import cbor, rows

if TYPE_CHECKING:
    from storage.surreal.database import Database

# Calls of a page: some 80 kB.
CALLS = 200
# Pages read at a time: 10 ms of the engine's time.
_PAGES = 4

# A page's place: its trace, and its number.
Place = tuple[str, int]


def row_of(call: Row, trace_id: str) -> Row:
    """Return a call as a row: its fields, and the negated numbers that lists are ordered by."""
    start, end = call["start_time"], call["end_time"]
    return call | {
        "trace_id": trace_id,
        "duration_ns": cbor.int64(end - start),
        "newest_start": cbor.int64(-start),
        "longest": cbor.int64(start - end),
        # What has none comes last.
        "most_tokens": cbor.int64(-call.get("input_tokens", 0) - call.get("output_tokens", 0)),
        "dearest": cbor.int64(-call.get("cost_nano_usd", 0)),
    }


def calls_in(page: Row) -> list[Row]:
    """Return the calls of a page's row."""
    trace_id, _ = page["id"]
    return [row_of(call, trace_id) for call in page["calls"]]


async def pages_of(
    database: Database, places: Iterable[Place], fields: tuple[str, ...] | None = None
) -> list[tuple[Place, list[Row]]]:
    """Return the calls of those of the pages that are there, in this order. Raises Problem (UNAVAILABLE).

    With `fields` a call has only these, those that are absent as None: a third of the time.
    """
    selected = "*" if fields is None else f"id, calls.{{{', '.join(fields)}}} AS calls"
    waiting = [list(place) for place in places]
    found: list[tuple[Place, list[Row]]] = []
    for start in range(0, len(waiting), _PAGES):
        pages = await records(database, rows.CALL, waiting[start : start + _PAGES], selected)
        found += [
            ((page["id"][0], page["id"][1]), calls_in(page) if fields is None else page["calls"]) for page in pages
        ]
    return found


async def newest_first(
    database: Database,
    trace_id: str,
    starts: Sequence[int],
    *,
    until: int | None = None,
    fields: tuple[str, ...] | None = None,
) -> AsyncIterator[Row]:
    """Yield the calls of a trace that has these pages, and began before `until`, the newest first.

    They have all fields, or only these, `start_time` among them where `until` is given.
    """
    last = len(starts) if until is None else bisect.bisect_left(starts, until)
    for end in range(last, 0, -_PAGES):
        numbers = range(end - 1, max(end - _PAGES, 0) - 1, -1)
        for _, page in await pages_of(database, [(trace_id, number) for number in numbers], fields):
            for row in reversed(page):
                if until is None or row["start_time"] < until:
                    yield row


async def oldest_first(database: Database, trace_id: str, starts: Sequence[int], most: int) -> list[Row]:
    """Return the first calls of a trace that has these pages, at most `most`."""
    numbers = range(min(len(starts), -(-most // CALLS)))
    pages = await pages_of(database, [(trace_id, number) for number in numbers])
    return [row for _, page in pages for row in page][:most]


async def pages_of_trace(database: Database, trace_id: str) -> list[int]:
    """Return the starts of the pages of a trace."""
    (found,) = await database.query("SELECT VALUE call_pages FROM $run", run=[cbor.record(rows.RUN, trace_id)])
    return [start for starts in found for start in starts or ()]


def around(starts: Sequence[int], moment: int) -> list[int]:
    """Return the numbers of pages, the one that has calls of this moment first, and those farthest from it last."""
    middle = max(bisect.bisect_right(starts, moment) - 1, 0)
    return sorted(range(len(starts)), key=lambda number: abs(number - middle))
