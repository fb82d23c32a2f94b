"""What listeners are shown of commits, and what they miss. A real writer commits, so that rows are as written."""

import asyncio
import json
import time

import msgspec
import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.filters import LiveFilter
from storage.read.reader import Reader
from storage.surreal import schema
from storage.surreal.database import Database
from storage.write.live_feed import MOST_LISTENERS, Bounds, Feed
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bounds():
    """How much is shown; a test of its own bounds says them by `@bounded(events=5)`."""
    return Bounds()


def bounded(**bounds):
    return pytest.mark.parametrize("bounds", [Bounds(**bounds)])


@pytest.fixture
def feed(clock, bounds):
    return Feed(clock, bounds)


@pytest.fixture
async def database():
    database = Database("mem://", namespace="n", database="d")
    await database.open()
    await schema.apply(database.run)
    yield database
    await database.close()


@pytest.fixture
def writer(database, feed):
    return Writer(database, agent_window=NS, committed=lambda _: None, stored=feed.stored)


async def received(listener, encode=msgspec.json.encode):
    """Return how many were missed and the events, of all that waits."""
    missed, events = 0, []
    while True:
        more, more_events = await listener.take(0.01)
        missed += more
        events += [json.loads(event.encoded(encode)) for event in more_events]
        if not (more or more_events):
            return missed, events


async def names(listener):
    missed, events = await received(listener)
    return missed, [event["name"] for event in events]


async def test_an_event_is_shown_as_it_is_read(feed, writer, database, make_event):
    event = make_event(
        trace_id="t",
        event_type="tool_call",
        agent_id="a",
        session_id="s",
        name="search",
        status="error",
        source={"system": "s"},
        resource={"service.name": "travel"},
        scope={"name": "sc"},
        span_id="1" * 16,
        parent_span_id="2" * 16,
        severity="warn",
        duration=5,
        properties={"text": "\u2028 <script>\r\n\u0000", "list": [1, 1.5, None, True, {"a.b": {}}], "big": 2**63 - 1},
    )
    with feed.listen(LiveFilter()) as listener:
        await writer.write([event, make_event(trace_id="t")])
        _, shown = await received(listener)
    reader = Reader(database)
    assert shown == [await reader.event(each["id"]) for each in shown]
    assert {each["id"] for each in shown} >= {event.id}
    assert len(shown) == 2


async def test_session_and_agent_are_inherited_from_the_trace_and_filtered_by(feed, writer, database, make_event):
    await writer.write([make_event(trace_id="t", session_id="s", agent_id="a")])
    which = [
        LiveFilter(session_id="s"),
        LiveFilter(agent_id="a"),
        LiveFilter(session_id="another"),
        LiveFilter(trace_id="u"),
    ]
    listeners = [feed.listen(each) for each in which]
    by_session, by_agent, by_another, by_trace = (each.__enter__() for each in listeners)
    silent = make_event(trace_id="t")
    await writer.write([silent])
    _, (shown,) = await received(by_session)
    assert (shown["session_id"], shown["agent_id"]) == ("s", "a")
    assert shown == await Reader(database).event(silent.id)
    assert await received(by_agent) == (0, [shown])
    assert await received(by_another) == await received(by_trace) == (0, [])


async def test_filters_are_all_asked_for(feed, writer, make_event):
    with feed.listen(LiveFilter(event_type="tool_call", status="error")) as listener:
        await writer.write(
            [
                make_event(event_type="tool_call", status="error", name="one"),
                make_event(event_type="tool_call", name="two"),
                make_event(status="error", name="three"),
            ]
        )
        assert await names(listener) == (0, ["one"])


async def test_a_second_delivery_and_a_refused_event_are_not_shown(feed, writer, make_event):
    with feed.listen(LiveFilter()) as listener:
        event = make_event(trace_id="t", name="one")
        await writer.write([event, make_event(trace_id="t", status="bad", name="two")])
        await writer.write([event, make_event(trace_id="t", name="three")])
        assert await names(listener) == (0, ["one", "three"])


async def test_each_event_is_encoded_once_for_all(feed, writer, make_event):
    encoded = []

    def encode(event):
        encoded.append(event)
        return msgspec.json.encode(event)

    with feed.listen(LiveFilter()) as one, feed.listen(LiveFilter()) as two, feed.listen(LiveFilter(agent_id="none")):
        await writer.write([make_event() for _ in range(7)])
        assert await received(one, encode) == await received(two, encode)
    assert len(encoded) == 7


async def test_without_listeners_what_was_stored_is_not_even_looked_at(feed):
    with feed.listen(LiveFilter()):
        pass
    feed.stored(["no event"], {})
    assert (feed.listeners, feed.dropped) == (0, 0)


@bounded(events=10)
async def test_a_slow_listener_has_the_latest_and_is_told_how_many_it_missed(feed, clock, writer, make_event):
    with feed.listen(LiveFilter()) as slow, feed.listen(LiveFilter(status="error")) as other:
        for start in (0, 10, 20):
            clock.now += 1
            await writer.write([make_event(trace_id="t", name=str(start + number)) for number in range(10)])
        clock.now += 1
        await writer.write([make_event(trace_id="t", name="late", status="error")])
        assert await names(slow) == (21, [*map(str, range(21, 30)), "late"])
        assert await names(other) == (0, ["late"])
    assert feed.dropped == 21


@bounded(bytes=10_000)
async def test_what_waits_is_bounded_in_bytes_but_for_one_alone(feed, writer, make_event):
    large = {"text": "x" * 4_000}
    with feed.listen(LiveFilter()) as listener:
        for number in range(5):
            await writer.write([make_event(trace_id="t", name=str(number), properties=large)])
        assert await names(listener) == (3, ["3", "4"])
        await writer.write([make_event(trace_id="t", name="huge", properties={"text": "x" * 50_000})])
        assert await names(listener) == (0, ["huge"])


@bounded(events=5, events_a_second=4)
async def test_more_than_can_be_shown_a_second_is_dropped_and_time_makes_room(feed, clock, writer, make_event):
    with feed.listen(LiveFilter()) as one, feed.listen(LiveFilter()) as two:
        await writer.write([make_event(trace_id="t", name=str(number)) for number in range(8)])
        assert await names(one) == await names(two) == (3, ["0", "1", "2", "3", "4"])
        clock.now += 1
        await writer.write([make_event(trace_id="t", name=str(number)) for number in range(8)])
        assert await names(one) == await names(two) == (6, ["0", "1"])  # four a second, for two


@bounded(events=5)
async def test_a_filter_is_not_held_to_what_it_leaves_out(feed, writer, make_event):
    with feed.listen(LiveFilter(status="error")) as listener:
        await writer.write([make_event(trace_id="t") for _ in range(50)])
        await writer.write([make_event(trace_id="t", status="error", name="it")])
        assert await names(listener) == (0, ["it"])


async def test_no_more_listen_than_may_and_one_that_ends_makes_room(feed):
    listening = [feed.listen(LiveFilter()) for _ in range(MOST_LISTENERS)]
    for each in listening:
        each.__enter__()
    with pytest.raises(Problem, match="32 clients listen already") as raised, feed.listen(LiveFilter()):
        pass
    assert raised.value.code is Code.UNAVAILABLE
    listening[0].__exit__(None, None, None)
    with feed.listen(LiveFilter()):
        assert feed.listeners == MOST_LISTENERS


async def test_one_that_takes_much_lets_others_in(feed, writer, make_event):
    """Nothing is waited for while there are events: the loop must be given back all the same."""
    with feed.listen(LiveFilter()) as listener:
        await writer.write([make_event(trace_id="t") for _ in range(500)])
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        events = 0
        async with asyncio.timeout(30):
            while events < 500:
                events += len((await listener.take(600))[1])
        counting.cancel()
        assert turns >= 10


async def test_where_nothing_comes_one_waits_as_long_as_asked(feed):
    with feed.listen(LiveFilter()) as listener:
        began = time.monotonic()
        assert await listener.take(0.05) == (0, [])
        assert time.monotonic() - began > 0.04
