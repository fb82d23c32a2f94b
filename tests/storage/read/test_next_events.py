"""A trace's events in the order of time, read from anywhere in it without reading the whole trace."""

import pytest

from mapping.times import NS
from storage.read.next_events import next_events
from storage.read.paging import Cursor

NOON = 1_767_960_000 * NS
HOUR = 3600 * NS
EVENTS, COUNT = 400, 5
# When the events come, of so many in an hour.
COMING = {
    "steadily": lambda number: number * HOUR // EVENTS,
    "at one moment": lambda _: 0,
    "all but the last in the first millisecond": lambda number: HOUR if number == EVENTS - 1 else number * 1_000,
    "all but the first in the last millisecond": lambda number: number and HOUR + number * 1_000,
    "twenty at a time": lambda number: number // 20 * NS,
}


class Counting:
    """A database, and how many rows its answers had."""

    def __init__(self, database):
        self.database, self.rows = database, 0

    async def query(self, *query, **variables):
        results = await self.database.query(*query, **variables)
        self.rows += sum(map(len, results))
        return results


@pytest.fixture
def send(writer, make_event):
    async def sent(when):
        events = [make_event(trace_id="t", timestamp=NOON + when(number)) for number in range(EVENTS)]
        await writer.write(events)
        await writer.write([make_event(trace_id=other, timestamp=NOON + 1) for other in ("s", "u")])
        return sorted(((-event.timestamp, event.id) for event in events), reverse=True)

    return sent


@pytest.mark.parametrize("when", COMING.values(), ids=COMING)
async def test_the_next_ones_follow_from_any_place(database, send, when):
    places = await send(when)
    for number in (None, *range(0, EVENTS, 23), EVENTS - COUNT - 1, EVENTS - 2, EVENTS - 1):
        after = None if number is None else Cursor(*places[number])
        found, is_end = await next_events(database, "t", after, COUNT)
        rest = places[0 if number is None else number + 1 :]
        assert [(row["newest"], row["id"]) for row in found] == rest[: len(found)]
        assert len(found) >= min(COUNT, len(rest))
        assert not is_end or len(found) == len(rest)


async def test_little_more_than_these_is_read_of_events_that_come_steadily(database, send):
    places = await send(COMING["steadily"])
    for number in (None, 0, 100, 200, 300, EVENTS - 1):
        counting = Counting(database)
        await next_events(counting, "t", None if number is None else Cursor(*places[number]), COUNT)
        assert counting.rows <= 3 * 4 * COUNT + 1


async def test_a_trace_that_is_not_there_has_none(database):
    assert await next_events(database, "nobody", None, 5) == ([], True)
    assert await next_events(database, "nobody", Cursor(-NOON, "x"), 5) == ([], True)
