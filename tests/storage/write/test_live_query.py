"""What listeners are shown of all receivers on a server."""

import asyncio
import contextlib

import msgspec
import pytest

from storage.filters import LiveFilter
from storage.read.reader import Reader
from storage.write.live_feed import Bounds, Feed
from storage.write.live_query import LiveQuery

server = pytest.mark.parametrize("connect", ["server"], indirect=True)


class Receiver:
    """One of several: what it stores, and what its listeners are shown."""

    def __init__(self, database, writer_on, bounds):
        self.database = database
        self.feed = Feed(bounds=bounds)
        self.live = LiveQuery(database, Reader(database), self.feed, bounds)
        self.write = writer_on(database, stored=self.live.stored).write

    async def follows(self):
        async with asyncio.timeout(30):
            while not self.live._follows:
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(*receivers):
    tasks = [asyncio.create_task(receiver.live.run()) for receiver in receivers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def bounds():
    return Bounds()


@pytest.fixture
async def two(connect, writer_on, bounds):
    receivers = [Receiver(await connect(), writer_on, bounds) for _ in range(2)]
    async with running(*receivers):
        yield receivers


async def shown(listener, enough, seconds=30):
    """Return how many were missed and the events' rows, once there are enough of both, and nothing more comes."""
    missed, events = 0, []
    async with asyncio.timeout(seconds):
        while missed + len(events) < enough:
            more, some = await listener.take(1)
            missed += more
            events += [msgspec.json.decode(event.encoded(msgspec.json.encode)) for event in some]
    more, some = await listener.take(0.3)
    assert (more, some) == (0, [])
    return missed, events


@server
async def test_what_any_receiver_stores_is_shown_once_and_as_it_is_read(two, make_event):
    here, there = two
    with here.feed.listen(LiveFilter()) as listener:
        await here.follows()
        sent = [make_event(trace_id="t", session_id="s", resource={"service.name": "travel"}), make_event(trace_id="t")]
        await here.write(sent[:1])
        await there.write(sent[1:])
        missed, events = await shown(listener, 2)
    assert missed == 0
    assert events == [await Reader(here.database).event(event.id) for event in sent]
    assert [event["session_id"] for event in events] == ["s", "s"]


@server
async def test_filters_and_second_deliveries_are_as_with_one_receiver(two, make_event):
    here, there = two
    with here.feed.listen(LiveFilter(status="error")) as listener:
        await here.follows()
        error = make_event(trace_id="t", status="error", name="error")
        await there.write([make_event(trace_id="t"), error])
        await there.write([error, make_event(trace_id="t", status="error", name="another")])
        assert [event["name"] for event in (await shown(listener, 2))[1]] == ["error", "another"]


@server
async def test_nobody_is_told_while_nobody_listens(two, make_event):
    here, there = two
    with here.feed.listen(LiveFilter()):
        await here.follows()
    async with asyncio.timeout(30):
        while here.live._follows:
            await asyncio.sleep(0.01)
    await there.write([make_event()])
    with here.feed.listen(LiveFilter()) as listener:
        await here.follows()
        event = make_event()
        await there.write([event])
        assert [each["id"] for each in (await shown(listener, 1))[1]] == [event.id]


@server
@pytest.mark.parametrize("bounds", [Bounds(events_a_second=10, events=20)])
async def test_of_too_many_some_are_shown_and_the_others_counted(two, make_event):
    here, there = two
    with here.feed.listen(LiveFilter()) as listener:
        await here.follows()
        events = [make_event(trace_id="t") for _ in range(300)]
        await there.write(events)
        missed, some = await shown(listener, 300)
    assert missed + len(some) == 300
    assert 20 <= len(some) <= 60


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_where_the_database_cannot_tell_what_is_stored_here_is_shown(two, make_event):
    here, _ = two
    with here.feed.listen(LiveFilter()) as listener:
        await asyncio.sleep(0.2)
        event = make_event()
        await here.write([event])
        assert [each["id"] for each in (await shown(listener, 1))[1]] == [event.id]


@server
async def test_it_follows_again_after_the_query_was_ended(two, make_event, monkeypatch):
    monkeypatch.setattr("storage.write.live_query._RETRY_AFTER", 0.1)
    here, there = two
    with here.feed.listen(LiveFilter()) as listener:
        await here.follows()
        (table,) = await there.database.query("INFO FOR TABLE agent_event")
        (live_id,) = table["lives"]
        await there.database.query(f"KILL u'{live_id}'")
        async with asyncio.timeout(30):
            while here.live._follows:
                await asyncio.sleep(0.01)
        await here.follows()
        event = make_event()
        await there.write([event])
        assert [each["id"] for each in (await shown(listener, 1))[1]] == [event.id]
