"""The calls of a trace, as `storage.interpreting` writes them: in pages of so many, in the order of their start.

A run's `call_pages` are the starts of the first calls of its pages, in nanoseconds.
"""

from __future__ import annotations

import bisect
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from mapping.calls.model import CallKind
from mapping.model import Status
from storage.read.paging import Row, records
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Calls of a page: some 30 kB.
CALLS = 200
# Pages read at a time: 10 ms of the engine's time.
_PAGES = 8

# A page's place: its trace, and its number.
Place = tuple[str, int]


class PackedCall(msgspec.Struct, array_like=True):
    """A call without the names of its fields. Moments are nanoseconds, the cost billionths of a US dollar."""

    id: str
    kind: CallKind
    start_time: int
    end_time: int
    status: Status
    told_by: list[str]
    name: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    provider: str | None = None
    error: str | None = None
    # Whether the failure is its own, and whether sums count it.
    fails_first: bool = False
    waits: bool = False
    counts: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_nano_usd: int | None = None
    cost_from: str | None = None
    price: str | None = None
    tool_call_id: str | None = None
    response_id: str | None = None


pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[PackedCall]).decode


def row_of(call: PackedCall, trace_id: str) -> Row:
    """Return a call as a row: its fields, and the negated numbers that lists are ordered by."""
    row = {field: getattr(call, field) for field in call.__struct_fields__}
    return row | {
        "trace_id": trace_id,
        "duration_ns": cbor.int64(call.end_time - call.start_time),
        "newest_start": cbor.int64(-call.start_time),
        "longest": cbor.int64(call.start_time - call.end_time),
        # What has none comes last.
        "most_tokens": cbor.int64(-(call.input_tokens or 0) - (call.output_tokens or 0)),
        "dearest": cbor.int64(-(call.cost_nano_usd or 0)),
    }


def unpacked(page: Row) -> list[Row]:
    """Return the calls of a page's row."""
    trace_id, _ = page["id"]
    return [row_of(call, trace_id) for call in _unpack(page["calls"])]


async def pages_of(database: Database, places: Iterable[Place]) -> list[tuple[Place, list[Row]]]:
    """Return the calls of those of the pages that are there, in this order. Raises Problem (UNAVAILABLE)."""
    waiting = [list(place) for place in places]
    found: list[tuple[Place, list[Row]]] = []
    for start in range(0, len(waiting), _PAGES):
        pages = await records(database, rows.CALL_PAGE, waiting[start : start + _PAGES])
        found += [((page["id"][0], page["id"][1]), unpacked(page)) for page in pages]
    return found


async def newest_first(
    database: Database, trace_id: str, starts: Sequence[int], *, until: int | None = None
) -> AsyncIterator[Row]:
    """Yield the calls of a trace that has these pages, and began before `until`, the newest first."""
    last = len(starts) if until is None else bisect.bisect_left(starts, until)
    for end in range(last, 0, -_PAGES):
        numbers = range(end - 1, max(end - _PAGES, 0) - 1, -1)
        for _, page in await pages_of(database, [(trace_id, number) for number in numbers]):
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
