"""Idleness is about arrival: what a clock on the wall says, whatever times the events tell."""

import asyncio
import time

import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.write import idle_traces


async def statuses(database):
    (rows,) = await database.query("SELECT id, status FROM agent_trace")
    return {row["id"]: row["status"] for row in rows}


@pytest.fixture
async def older_and_newer(writer, make_event):
    """Two traces, and a moment between their arrivals. By the events' own times it would be the other way round."""
    await writer.write([make_event(trace_id="older", timestamp=time.time_ns() + 3600 * NS)])
    moment = time.time_ns()
    await asyncio.sleep(0.001)
    await writer.write([make_event(trace_id="newer", timestamp=0)])
    return moment


async def test_only_what_nothing_has_reached_since_is_closed(older_and_newer, database, balance):
    assert await idle_traces.close_once(database, older_and_newer) == 1
    assert await statuses(database) == {"older": "completed", "newer": "running"}
    assert await idle_traces.close_once(database, older_and_newer) == 0
    await balance(database)


async def test_a_closed_trace_runs_again_when_something_arrives(older_and_newer, database, writer, make_event):
    await idle_traces.close_once(database, older_and_newer)
    event = make_event(trace_id="older", timestamp=0)
    await writer.write([event])
    assert (await statuses(database))["older"] == "running"
    await idle_traces.close_once(database, older_and_newer)
    assert (await statuses(database))["older"] == "running"
    # A second delivery is nothing that arrives.
    await idle_traces.close_once(database, time.time_ns())
    await writer.write([event])
    assert (await statuses(database))["older"] == "completed"


@pytest.mark.parametrize(("status", "ended"), [("error", "failed"), ("ok", "completed")])
async def test_what_a_root_span_has_ended_is_left_as_it_is(database, writer, make_event, status, ended):
    root = make_event(trace_id="t", kind="internal", span_id="1" * 16, status=status)
    await writer.write([root, make_event(trace_id="t")])
    before = await database.query("SELECT * FROM agent_trace")
    assert await idle_traces.close_once(database, time.time_ns()) == 0
    assert await database.query("SELECT * FROM agent_trace") == before
    assert await statuses(database) == {"t": ended}


async def until_none_runs(database):
    async with asyncio.timeout(60):
        while "running" in (await statuses(database)).values():
            await asyncio.sleep(0.01)


async def test_many_are_closed_a_few_at_a_time_until_none_is_left(database, interposed, writer, make_event):
    limits = []

    async def seen(_statements, variables):
        limits.append(variables["limit"])

    await writer.write([make_event() for _ in range(8)])
    closing = asyncio.create_task(
        idle_traces.close_idle_traces(interposed(database, before=seen), 0.0, at_once=3, least_pause=60)
    )
    await until_none_runs(database)
    closing.cancel()
    assert limits == [3, 3, 3]
    assert {*(await statuses(database)).values()} == {"completed"}


async def test_closing_goes_on_after_the_store_was_away(database, interposed, writer, make_event, caplog):
    await writer.write([make_event()])
    faults = [Problem(Code.UNAVAILABLE, "the store is away")]

    async def sometimes(_statements, _variables):
        if faults:
            raise faults.pop()

    closing = asyncio.create_task(
        idle_traces.close_idle_traces(interposed(database, before=sometimes), 0.0, least_pause=0.01)
    )
    await until_none_runs(database)
    closing.cancel()
    assert faults == []
    assert caplog.text == ""  # the stores log it, once


async def test_one_receiver_of_several_closes_them(older_and_newer, database):
    due = []
    closing = asyncio.create_task(
        idle_traces.close_idle_traces(database, 0, least_pause=0.01, is_due=lambda: bool(due))
    )
    await asyncio.sleep(0.2)
    assert set((await statuses(database)).values()) == {"running"}
    due.append(True)
    async with asyncio.timeout(60):
        while set((await statuses(database)).values()) != {"completed"}:
            await asyncio.sleep(0.01)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
