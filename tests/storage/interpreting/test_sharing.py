"""Several receivers on one server: each trace is interpreted by one of them, whoever stored its events."""

import asyncio
import contextlib

import pytest
from interpreted import agent, model, running, tool

from storage.membership import Membership

pytestmark = pytest.mark.parametrize("connect", ["server"], indirect=True)


@pytest.fixture
async def join(connect):
    async with contextlib.AsyncExitStack() as stack:

        async def join(version="1"):
            database = await connect()
            membership = Membership(database, version=version, every=0.05)
            await membership.say()
            keeping = asyncio.create_task(membership.keep())
            own = await stack.enter_async_context(contextlib.AsyncExitStack())
            store = await own.enter_async_context(running(database, membership))

            async def stop():
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

            own.push_async_callback(stop)
            store.membership, store.stop = membership, own.aclose
            return store

        yield join


async def all_know(stores):
    async with asyncio.timeout(60):
        while any(len(store.membership.members) != len(stores) for store in stores):
            await asyncio.sleep(0.02)


async def nothing_waits(store):
    async with asyncio.timeout(60):
        while await store.database.query("SELECT VALUE id FROM interpretation_queue") != [[]]:
            await asyncio.sleep(0.05)


async def counts_of(stores, events):
    """Return how many events each has counted, once that is all: others see a commit before its writer is answered."""
    async with asyncio.timeout(60):
        while sum(counts := [store.interpreter.interpreted for store in stores]) < events:
            await asyncio.sleep(0.02)
    return counts


def events_of(number, *, session=None):
    trace = f"{number + 1:032x}"
    own = {"trace": trace, "session": session, "at": number}
    return [agent(1, "Planner", seconds=9, **own), model(2, above=1, **own), tool(3, above=1, **own)]


async def test_each_trace_is_interpreted_once_by_one_of_them(join):
    stores = [await join() for _ in range(3)]
    await all_know(stores)
    for number in range(60):
        await stores[0].write(*events_of(number))
    await nothing_waits(stores[0])
    runs = await stores[0].rows("agent_run")
    assert {(run["calls"], run["tools"], run["event_count"]) for run in runs.values()} == {(1, 1, 3)}
    assert len(runs) == 60
    counts = await counts_of(stores, 180)
    assert sum(counts) == 180
    assert min(counts) > 15


async def test_a_trace_whose_events_come_to_all_of_them_is_whole(join):
    stores = [await join() for _ in range(3)]
    await all_know(stores)
    for number in range(10):
        for store, event in zip(stores, events_of(number, session=f"s{number % 4}"), strict=True):
            await store.write(event)
    await nothing_waits(stores[0])
    runs = await stores[0].rows("agent_run")
    assert {(run["calls"], run["tools"], run["event_count"]) for run in runs.values()} == {(1, 1, 3)}
    sessions = await stores[0].rows("session_run")
    assert len(sessions) == 10


async def test_what_one_that_stopped_has_left_is_interpreted_by_the_others(join):
    first, second = await join(), await join()
    await all_know([first, second])
    await second.stop()
    for number in range(30):
        await first.write(*events_of(number))
    await nothing_waits(first)
    assert len(await first.rows("agent_run")) == 30


async def test_what_an_earlier_version_made_is_made_anew_once_it_is_gone(join):
    old, new = await join("1"), await join("2")
    await all_know([old, new])
    for number in range(20):
        await old.write(*events_of(number))
    await nothing_waits(old)
    # As an earlier version leaves them.
    await old.database.query("UPDATE agent_run SET version = 'old', calls = 9, revision += 1")
    await old.stop()
    async with asyncio.timeout(60):
        while {run["calls"] for run in (await new.rows("agent_run")).values()} != {1}:
            await asyncio.sleep(0.05)
