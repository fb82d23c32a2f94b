"""Counts of traces by start time, for the chart above the list of traces.

Traces are read newest first, in pieces, with only the fields that are needed, and at most `MOST_TRACES` of them: each
takes 15 us of the engine's time. The first field of the filter is applied by the query, the others are applied here,
and whether a trace holds a run: those that hold none are read from the runs, since to look up each trace's takes twice
as long as the trace. Of a session or an agent at most `MOST_OF_ONE` traces are counted, which are read with all
columns.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, NamedTuple

from mapping.errors import Code, Problem
from mapping.model import TRACE_STATUSES
from mapping.times import NS
from mapping.values import INT64_MIN
from storage.filters import TraceFilter
from storage.read.paging import ROWS_AT_ONCE, Branch, Cursor, Fields, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.trace_list import list_traces
from storage.surreal import rows

MOST_TRACES = 20_000
MOST_OF_ONE = 2_000
# Seconds after which no more traces are read: on a busy machine each piece waits for others' requests.
_COUNTED_WITHIN = 5.0

# A trace in so many may have a wrong date; and nanoseconds that are far: a year.
_FEW, _FAR = 50, 365 * 86_400 * NS

# Counts that took more than these seconds are cached, at most so many of them. For so many seconds they are told while
# they are counted anew.
_LONG, _MOST_CACHED, _TOLD_AGAIN = 0.05, 64, 60.0
# Seconds after which who waits for its turn to count is told to come again: clients do not wait for longer.
_TURN_WITHIN = 7.0


class Bucket(NamedTuple):
    """How many traces began in the span of time that starts at `start` (nanoseconds), and how many of them failed."""

    start: int
    traces: int
    failed: int


class ActivityCounts(NamedTuple):
    """Counts of the traces that began in equal spans of time between `since` and `until` (nanoseconds).

    A bound that the filter leaves open is that of the stored traces, or None if there are none. `complete` is False if
    there are more traces than may be read, or than were within `_COUNTED_WITHIN` seconds; then `since` is the start of
    the last one that was. A few traces whose start is years away from all others are not counted in buckets, but in
    `earlier` and `later`.
    """

    since: int | None
    until: int | None
    complete: bool
    buckets: list[Bucket]
    earlier: int = 0
    later: int = 0


# What counts are cached by.
_Asked = tuple[TraceFilter, int]


class ActivityReader:
    """Returns the present counts, or, if counting takes long, those of some seconds ago.

    Counts that took more than `long` seconds are cached for `again` times as long: the page with the chart is opened
    often. Whoever asks until `told_again` seconds later gets them, too, and has them counted anew for those who come
    after.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        long: float = _LONG,
        again: float = 10,
        told_again: float = _TOLD_AGAIN,
        turn_within: float = _TURN_WITHIN,
    ) -> None:
        self._reader = reader
        self._long, self._again, self._told_again, self._turn_within = long, again, told_again, turn_within
        self._lock = asyncio.Lock()
        self._cached: dict[_Asked, tuple[float, ActivityCounts]] = {}
        self._anew: dict[_Asked, asyncio.Task[None]] = {}
        self._generation = 0  # how often something was deleted

    async def get(self, which: TraceFilter, buckets: int) -> ActivityCounts:
        """Return what `activity` does; one request counts at a time.

        Raises Problem (UNAVAILABLE), also where the counts of others take so long that its turn does not come.
        """
        asked = which, buckets
        until, counts = self._cached.get(asked, (-math.inf, None))
        if counts is None or time.monotonic() >= until + self._told_again:
            return await self._in_turn(asked)
        if time.monotonic() >= until and asked not in self._anew:
            self._anew[asked] = asyncio.create_task(self._count_anew(asked))
        return counts

    async def _count_anew(self, asked: _Asked) -> None:
        try:
            await self._in_turn(asked)
        except Problem:
            pass  # whoever asks later is told
        finally:
            del self._anew[asked]

    async def _in_turn(self, asked: _Asked) -> ActivityCounts:
        try:
            async with asyncio.timeout(self._turn_within):
                await self._lock.acquire()
        except TimeoutError:
            text = f"others count traces, and have not ended within {self._turn_within:g} s; try again"
            raise Problem(Code.UNAVAILABLE, text) from None
        try:
            until, counts = self._cached.get(asked, (-math.inf, None))
            return counts if counts is not None and time.monotonic() < until else await self._counted(asked)
        finally:
            self._lock.release()

    async def _counted(self, asked: _Asked) -> ActivityCounts:
        began, generation = time.monotonic(), self._generation
        counts = await activity(self._reader, *asked)
        took = time.monotonic() - began
        if generation != self._generation:  # something was deleted meanwhile
            return counts
        self._cached.pop(asked, None)
        if took > self._long:
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            self._cached[asked] = (time.monotonic() + took * self._again, counts)
        return counts

    def forget(self) -> None:
        """Drop cached counts, because something was deleted."""
        self._generation += 1
        self._cached.clear()


async def activity(
    reader: Reader,
    which: TraceFilter,
    buckets: int,
    most: int = MOST_TRACES,
    *,
    most_of_one: int = MOST_OF_ONE,
    rows_at_once: int = ROWS_AT_ONCE,
    within: float = _COUNTED_WITHIN,
) -> ActivityCounts:
    """Count the traces that began in each of `buckets` equal spans of time, the newest `most` traces.

    A query reads at most `rows_at_once` of them, the last one begins `within` so many seconds. Raises Problem
    (UNAVAILABLE).
    """
    ends = time.monotonic() + within
    equal = which.equal()
    first = next(iter(equal), None)
    if which.filter or first in {"session_id", "agent_id"}:
        # Any session or agent that took part; the list has applied all filters.
        listed = await list_traces(reader.database, which, most_of_one, None)
        traces, equal = listed.rows, {}
        stopped_at = None if listed.next is None else -listed.next.place
    else:
        branches = (
            [Branch({first: equal[first]})] if first else [Branch({"status": status}) for status in TRACE_STATUSES]
        )
        fields = ("id", "newest_start", *TraceFilter.fields())
        pieces = [_pieces(reader, which, rows.TRACE, branch, fields, rows_at_once) for branch in branches]
        traces, stopped_at = await _newest(pieces, most, ends)
        without_run = _pieces(
            reader, which, rows.RUN, Branch({"is_run": False}), ("id", "newest_start"), rows_at_once, stopped_at
        )
        found, stopped_before = await _newest([without_run], most, ends)
        others = {row["id"] for row in found}
        if stopped_before is not None and (stopped_at is None or stopped_before > stopped_at):
            stopped_at = stopped_before
            traces = [row for row in traces if row["newest_start"] <= -stopped_before]
        runs = [row for row in traces if row["id"] not in others]
        traces = runs or traces if which.runs else [row for row in traces if row["id"] in others]
    return await asyncio.to_thread(_activity_counts, which, buckets, equal, traces, stopped_at)


def _activity_counts(
    which: TraceFilter, buckets: int, equal: dict[str, Any], traces: list[Row], stopped_at: int | None
) -> ActivityCounts:
    moments = {
        row["id"]: (-row["newest_start"], row["status"] == "failed")
        for row in traces
        if all(row.get(field) == value for field, value in equal.items())
    }
    starts = sorted(moment for moment, _ in moments.values())
    first, last = without_strays(starts) if starts else (None, None)
    since = stopped_at if stopped_at is not None else which.since
    if since is None:
        since = first
    until = which.until if which.until is not None else None if last is None else last + 1
    if since is None or until is None:
        return ActivityCounts(since, until, stopped_at is None, [])
    earlier = sum(moment < since for moment in starts) if which.since is None else 0
    later = sum(moment >= until for moment in starts) if which.until is None else 0
    within = [
        moment
        for moment in moments.values()
        if (which.since is not None or moment[0] >= since) and (which.until is not None or moment[0] < until)
    ]
    return ActivityCounts(
        since, until, stopped_at is None, _counted(within, since, until, buckets), earlier=earlier, later=later
    )


def without_strays(starts: list[int]) -> tuple[int, int]:
    """Return the first and last of sorted moments, but for a few that are far from all others: their dates are wrong.

    These are one in fifty on either side, or one of three or more; and far is more than a year, and more than three
    times what the others span.
    """
    few = max(1, len(starts) // _FEW) if len(starts) > 2 else 0  # of two nobody knows which is wrong
    last = len(starts) - 1
    far = max(_FAR, 3 * (starts[last - few] - starts[few]))
    begin = next((place for place in range(few, 0, -1) if starts[place] - starts[place - 1] > far), 0)
    end = next((place for place in range(last - few, last) if starts[place + 1] - starts[place] > far), last)
    return starts[begin], starts[end]


async def _newest(pieces: list[Pieces], most: int, ends: float) -> tuple[list[Row], int | None]:
    """Return the newest traces of all lists, and the start of the last one (nanoseconds), None if all were read."""
    traces: list[Row] = []
    while len(traces) < most and (open_ones := [each for each in pieces if not each.ended]):
        behind = min(open_ones, key=_reached)
        if behind.after is not None and time.monotonic() > ends:  # each list has been begun
            break
        traces += await behind.following(most - len(traces))
    stopped = min((_reached(each) for each in pieces if not each.ended), default=None)
    if stopped is None:
        return traces, None
    return [row for row in traces if row["newest_start"] <= stopped], -stopped


def _pieces(
    reader: Reader,
    which: TraceFilter,
    table: str,
    branch: Branch,
    fields: Fields,
    rows_at_once: int,
    since: int | None = None,
) -> Pieces:
    async def read(limit: int, after: Cursor | None) -> list[Row]:
        return await page(
            reader.database,
            table,
            [branch],
            limit,
            cursor=after,
            since=which.since if since is None else since,
            until=which.until,
            fields=fields,
        )

    return Pieces(table, read, rows_at_once)


def _reached(pieces: Pieces) -> int:
    return INT64_MIN if pieces.after is None else pieces.after.place


def _counted(moments: list[tuple[int, bool]], since: int, until: int, buckets: int) -> list[Bucket]:
    """Count moments, and those that failed, in `buckets` spans of time, or in one a nanosecond if those are fewer."""
    span = until - since
    count = min(buckets, max(span, 0))
    counted = [[0, 0] for _ in range(count)]
    for moment, failed in moments if count else []:
        # A moment beyond 64 bits is stored as the nearest one within, which may be before `since`.
        bucket = counted[max(0, min((moment - since) * count // span, count - 1))]
        bucket[0] += 1
        bucket[1] += failed
    return [
        Bucket(since - (-number * span // count), traces, failures) for number, (traces, failures) in enumerate(counted)
    ]
