"""While a long trace is read, others are interpreted, of which some are read with it."""

import asyncio

import pytest
from interpreted import Here, agent, interpreting, model

from storage.interpreting import work
from storage.surreal import cbor

LONG = 400  # events, which are read in three pieces
FIRST, LAST, CHANGED = "1" * 32, "2" * 32, "3" * 32


class Interrupted(Here):
    """A process during whose steps something happens: each of these at the first step that it is for, one by one."""

    def __init__(self, *happenings):
        super().__init__()
        self.happenings = list(happenings)

    async def ask(self, given):
        step = await super().ask(given)
        if self.happenings and self.happenings[0][0](step):
            _, happens = self.happenings.pop(0)
            await happens()
        return step


def reads_last(step):
    return step.get("what") == "events of a trace" and cbor.decode(step["variables"]["trace"]) == LAST


def writes(step):
    return "done" in step


def writes_calls(step):
    return writes(step) and "new_pages" in step["variables"]


def long(trace):
    return [model(number, trace=trace, at=number / 10, session="s") for number in range(1, LONG + 1)]


@pytest.fixture
async def stored(database, monkeypatch):
    """A session of two long traces, interpreted, of which the next process knows nothing."""
    monkeypatch.setattr(work, "_OTHERS_AFTER", 0.0)
    async with interpreting(database, Here()) as (write, until_settled):
        await write(*long(FIRST))
        await write(*long(LAST))
        await until_settled()
    return database


async def runs(database):
    (found,) = await database.query("SELECT record::id(id) AS trace, calls FROM agent_run")
    return {run["trace"]: run["calls"] for run in found}


async def test_what_came_to_one_of_them_meanwhile_stays(stored):
    async def more():
        await write(model(LONG + 1, trace=FIRST, at=1, session="s"))

    process = Interrupted((reads_last, more))
    async with interpreting(stored, process) as (write, until_settled):
        await write(model(1, trace=CHANGED, at=1, session="s"))
        await until_settled()
    assert not process.happenings
    assert await runs(stored) == {FIRST: LONG + 1, LAST: LONG, CHANGED: 1}


async def test_one_of_them_may_be_written_by_another_receiver_meanwhile(stored):
    async def more():
        await write(model(LONG + 1, trace=FIRST, at=1, session="s"))

    async def others_write():
        await stored.query("UPDATE agent_run SET revision += 1")

    process = Interrupted((reads_last, more), (writes, others_write))
    async with interpreting(stored, process) as (write, until_settled):
        await write(model(1, trace=CHANGED, at=1, session="s"))
        await until_settled()
    assert not process.happenings
    assert await runs(stored) == {FIRST: LONG + 1, LAST: LONG, CHANGED: 1}


async def test_those_that_are_read_together_may_be_forgotten_one_by_one(stored):
    async def another():
        await write(model(1, trace=CHANGED, at=1, session="s"))

    async def others_write():
        await stored.query("UPDATE agent_run SET revision += 1")

    process = Interrupted((reads_last, another), (writes, others_write))
    async with interpreting(stored, process) as (write, until_settled):
        await write(*(model(LONG + 1, trace=trace, at=1, session="s") for trace in (FIRST, LAST)))
        await until_settled()
    assert not process.happenings
    assert await runs(stored) == {FIRST: LONG + 1, LAST: LONG + 1, CHANGED: 1}


async def test_an_event_that_comes_anew_while_it_is_written_whose_it_is_is_written_again(database):
    """It was deleted and sent again, say: its row says what it said when it was sent."""
    events = [agent(1, "Planner", seconds=9), agent(2, "Writer", above=1, at=1, seconds=5), model(3, above=2, at=2)]
    sent_again = asyncio.Event()

    async def agent_of_call():
        (found,) = await database.query(
            "SELECT VALUE agent_id FROM $events", events=[cbor.record("agent_event", events[2].id)]
        )
        return found

    async def once_written():
        async with asyncio.timeout(30):
            while await agent_of_call() != ["Writer"]:
                await asyncio.sleep(0.01)
        tables = "agent_event agent_trace agent_call agent_run session_run interpretation_queue".split()
        await database.query(";".join(f"DELETE {table}" for table in tables))
        await write(*events)
        assert await agent_of_call() == [None]
        sent_again.set()

    async def nothing():
        """Let the write begin."""

    process = Interrupted((writes_calls, nothing), (lambda _step: True, once_written))
    async with interpreting(database, process) as (write, until_settled):
        await write(*events)
        async with asyncio.timeout(60):
            await sent_again.wait()
        await until_settled()
    assert not process.happenings
    assert await agent_of_call() == ["Writer"]


async def test_what_was_begun_is_ended_however_much_else_comes(database, monkeypatch):
    """On a busy machine each step takes long enough for others to get their turn."""
    monkeypatch.setattr(work, "_OTHERS_AFTER", 0.0)
    most, arrived, arrived_when_written = 30, [], []

    class Busy(Here):
        async def ask(self, given):
            step = await super().ask(given)
            if step.get("what") == "traces" and len(arrived) < most:
                arrived.append(f"{len(arrived) + 1:032x}")
                await write(*of_many_sessions(arrived[-1]))
            if writes(step) and "new_runs" in step["variables"]:
                arrived_when_written.append(len(arrived))
            return step

    def of_many_sessions(trace):
        """Make a trace whose sessions are looked up in two pieces."""
        return [model(number, trace=trace, session=f"{trace} {number}") for number in range(1, 26)]

    async with interpreting(database, Busy()) as (write, until_settled):
        await write(*of_many_sessions("f" * 32))
        await until_settled()
    assert await runs(database) == dict.fromkeys(["f" * 32, *arrived], 25)
    assert arrived_when_written[0] < 5
