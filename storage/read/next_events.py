"""The events of a trace in the order of time, a few at a time.

The index gives a trace's newest events first. To read it backward, or only down to a place, the engine (SurrealKV,
3.2.4) goes through all of the trace: 80 ms for 5,000 events, in which it serves nobody else. So a moment is sought
before which not many more events follow than are wanted: guessed from how many the trace has in how much time, then
halved. Where events come steadily that takes two or three short queries.
"""

from __future__ import annotations

from storage.read.paging import Branch, Cursor, Fields, Row, page
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# So many times as many as are wanted may be read.
_TIMES = 4


async def next_events(
    database: Database, trace_id: str, after: Cursor | None, count: int, fields: Fields = ("id", "newest")
) -> tuple[list[Row], bool]:
    """Return the events of a trace that follow a place (`newest` and the id), the oldest first; and whether to the end.

    They are `count` or some more, fewer if no more follow. Raises Problem (UNAVAILABLE).
    """
    most = _TIMES * count
    until: int | None = None
    # Before the moment `few` fewer follow than are wanted, before `enough` as many.
    few = enough = 0
    while True:
        branch = Branch({"trace_id": trace_id})
        read = await page(database, rows.EVENT, [branch], most, until=until, fields=fields)
        following = read if after is None else [row for row in read if (row["newest"], row["id"]) < after]
        are_all = len(following) < len(read) or len(read) < most
        if are_all and (len(following) >= count or until in (None, enough)):
            return following[::-1], until is None
        if until is None:
            enough = 1 - read[-count]["newest"]
            began, events = await _extent(database, trace_id)
            few = began if after is None else -after.place
            until = few + (1 - read[0]["newest"] - began) * 2 * count // events
        else:
            few, enough = (until, enough) if are_all else (few, 1 - read[-count]["newest"])
            until = (few + enough) // 2
        until = min(max(until, few + 1), enough)
        if until == enough:  # or there are so many of one moment
            most *= _TIMES


async def _extent(database: Database, trace_id: str) -> tuple[int, int]:
    """Return when a trace began (nanoseconds), and how many events it has."""
    (traces,) = await database.query(
        "SELECT newest_start, event_count FROM $trace", trace=[cbor.record(rows.TRACE, trace_id)]
    )
    return (-traces[0]["newest_start"], traces[0]["event_count"]) if traces else (0, 1)
