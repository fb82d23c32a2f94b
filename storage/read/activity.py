"""Counts of traces by start time, for the chart above the list of traces.

Traces are read newest first, the few fields that are counted, and no more than `MOST_TRACES`: 15 us of the engine each,
in pieces. Filters beyond the first field are applied here.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from mapping.model import TRACE_STATUSES
from mapping.values import INT64_MIN
from storage.filters import TraceFilter
from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.traces import IS_RUN, traces_of
from storage.surreal import rows

MOST_TRACES = 20_000

# Seconds after which counting took long, and to how many different questions the answers are kept.
_LONG, _KEPT = 0.05, 64


class Bucket(NamedTuple):
    """How many traces began from this moment on, and how many of them failed."""

    start: int
    traces: int
    failed: int


class ActivityCounts(NamedTuple):
    """Traces that began in equal spans of time. Bounds that were left open are those of the traces there are.

    They are None where there are no traces. `complete` is False where there are more than were to be looked at;
    then `since` is where it stopped.
    """

    since: int | None
    until: int | None
    complete: bool
    buckets: list[Bucket]


class ActivityReader:
    """Returns the present counts, or, if counting takes long, those of some seconds ago.

    What took longer than `long` seconds is told again for `again` times as long: the chart stands on a page that is
    opened often.
    """

    def __init__(self, reader: Reader, *, long: float = _LONG, again: float = 10) -> None:
        self._reader = reader
        self._long, self._again = long, again
        self._lock = asyncio.Lock()
        self._known: dict[tuple[TraceFilter, int], tuple[float, ActivityCounts]] = {}

    async def get(self, which: TraceFilter, buckets: int) -> ActivityCounts:
        """Do the same as `activity`, one request at a time."""
        async with self._lock:
            known = self._known.get((which, buckets))
            if known is not None and time.monotonic() < known[0]:
                return known[1]
            began = time.monotonic()
            told = await activity(self._reader, which, buckets)
            took = time.monotonic() - began
            if took > self._long:
                if len(self._known) >= _KEPT:
                    self.forget()
                self._known[which, buckets] = (time.monotonic() + took * self._again, told)
            return told

    def forget(self) -> None:
        """Drop cached counts, because something was deleted."""
        self._known.clear()


async def activity(reader: Reader, which: TraceFilter, buckets: int, most: int = MOST_TRACES) -> ActivityCounts:
    """Count the traces that began in so many equal spans of time, `most` at most. Raises Problem (UNAVAILABLE)."""
    equal = which.equal()
    first = next(iter(equal), None)
    if first in {"session_id", "agent_id"}:
        # Any that took part; what is found is sifted already.
        found, equal = (await traces_of(reader.database, which, MOST_TRACES, None)).rows, {}
        stopped_at = -found.pop()["newest_start"] if len(found) > MOST_TRACES else None
    else:
        branches = (
            [Branch({first: equal[first]})] if first else [Branch({"status": status}) for status in TRACE_STATUSES]
        )
        found, stopped_at = await _newest(reader, which, branches, most)
        found = _runs(found) or found if which.runs else [row for row in found if row.get("is_run") is False]
    return await asyncio.to_thread(_told, which, buckets, equal, found, stopped_at)


def _runs(found: list[Row]) -> list[Row]:
    return [row for row in found if row.get("is_run") is not False]


def _told(
    which: TraceFilter, buckets: int, equal: dict[str, Any], found: list[Row], stopped_at: int | None
) -> ActivityCounts:
    moments = {
        row["id"]: (-row["newest_start"], row["status"] == "failed")
        for row in found
        if all(row.get(field) == value for field, value in equal.items())
    }
    starts = [moment for moment, _ in moments.values()]
    since = stopped_at if stopped_at is not None else which.since
    if since is None:
        since = min(starts, default=None)
    until = which.until if which.until is not None else max(starts) + 1 if starts else None
    counted = [] if since is None or until is None else _counted(list(moments.values()), since, until, buckets)
    return ActivityCounts(since, until, stopped_at is None, counted)


async def _newest(
    reader: Reader, which: TraceFilter, branches: list[Branch], most: int
) -> tuple[list[Row], int | None]:
    """Read the newest traces of all branches, and say in nanoseconds where that stopped, None where it did not."""
    pieces = [_pieces(reader, which, branch) for branch in branches]
    found: list[Row] = []
    while len(found) < most and (open_ones := [piece for piece in pieces if not piece.ended]):
        behind = min(open_ones, key=_reached)
        found += await behind.following(most - len(found))
    stopped = min((_reached(piece) for piece in pieces if not piece.ended), default=None)
    if stopped is None:
        return found, None
    return [row for row in found if row["newest_start"] <= stopped], -stopped


def _pieces(reader: Reader, which: TraceFilter, branch: Branch) -> Pieces:
    fields = f"id, newest_start, {', '.join(TraceFilter.fields())}, {IS_RUN}"

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        return await page(
            reader.database,
            rows.TRACE,
            [branch],
            limit,
            cursor=after,
            since=which.since,
            until=which.until,
            fields=fields,
        )

    return Pieces(rows.TRACE, read)


def _reached(pieces: Pieces) -> int:
    return INT64_MIN if pieces.after is None else pieces.after.place


def _counted(moments: list[tuple[int, bool]], since: int, until: int, buckets: int) -> list[Bucket]:
    """Count moments, and those that failed, in so many spans of time, or fewer where there are fewer nanoseconds."""
    span = until - since
    count = min(buckets, max(span, 0))
    counted = [[0, 0] for _ in range(count)]
    for moment, failed in moments if count else []:
        # Moments past 64 bits are kept as the nearest that is not, which may be before `since`.
        bucket = counted[max(0, min((moment - since) * count // span, count - 1))]
        bucket[0] += 1
        bucket[1] += failed
    return [
        Bucket(since - (-number * span // count), traces, failures) for number, (traces, failures) in enumerate(counted)
    ]
