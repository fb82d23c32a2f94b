"""What a long trace costs that grows: counted in events that are read and interpreted."""

import asyncio
import threading
from collections import Counter

import pytest
from interpreted import Here, agent, model, settled, tool

from mapping.times import NS
from storage.interpreting.interpreter import Interpreter
from storage.interpreting.work import LONG_TRACES
from storage.read.call_pages import calls_in
from storage.surreal import cbor, rows
from storage.write.writer import Writer

EVENTS, A_COMMIT = 6_000, 50


def event(number, trace):
    if number == 0:
        return agent(1, "Planner", trace=trace, seconds=EVENTS)
    of_kind = model if number % 2 else tool
    return of_kind(number + 1, above=1, trace=trace, at=number, seconds=0.5)


@pytest.fixture
async def growing(database):
    interpreter, process = Interpreter(database), Here()
    interpreting = asyncio.create_task(interpreter._keep_up(process))
    await settled(interpreter)  # nothing is made anew any more, of what comes
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))
    yield interpreter, process.work, writer
    interpreting.cancel()
    await asyncio.gather(interpreting, return_exceptions=True)


async def test_a_trace_that_grows_costs_less_than_twice_what_its_events_cost_in_small_ones(growing, database):
    interpreter, work, writer = growing
    for start in range(0, EVENTS, A_COMMIT):
        await writer.write([event(number, "1" * 32) for number in range(start, start + A_COMMIT)])
    await settled(interpreter)
    (run,) = (await database.query("SELECT * FROM agent_run"))[0]
    assert (run["event_count"], run["calls"], run["tools"]) == (EVENTS, EVENTS // 2, EVENTS // 2 - 1)
    (pages,) = await database.query("SELECT * FROM agent_call")
    assert [len(calls_in(page)) for page in pages] == [200] * (EVENTS // 200)
    # In small traces each event is read once and interpreted once.
    assert work.events.read + work.interpreted < 2 * (EVENTS + EVENTS)


async def test_small_traces_are_read_and_interpreted_once(growing):
    interpreter, work, writer = growing
    for number in range(20):
        trace = f"{number:032x}"
        await writer.write([event(place, trace) for place in range(10)])
    await settled(interpreter)
    assert (work.events.read, work.interpreted) == (200, 200)


async def test_a_long_trace_that_was_forgotten_is_read_once_more(growing, database):
    interpreter, work, writer = growing
    await writer.write([event(number, "1" * 32) for number in range(300)])
    await settled(interpreter)
    work._memory.forget("1" * 32)
    before = work.events.read
    await writer.write([event(300, "1" * 32)])
    await settled(interpreter)
    assert work.events.read - before == 302  # the new one by the queue, and all of the trace
    (run,) = (await database.query("SELECT * FROM agent_run"))[0]
    assert run["event_count"] == 301


async def test_others_do_not_wait_while_thousands_of_records_of_a_long_trace_do(growing, database):
    """A trace that grows, one event a request, is interpreted again once it has grown enough, or time has passed."""
    interpreter, process_work, writer = growing
    long, small = "1" * 32, "2" * 32
    await writer.write([event(number, long) for number in range(300)])
    await settled(interpreter)
    process_work._schedule._clock = lambda: 0.0  # no time passes
    names = [f"{1_767_960_000 * NS + number:020d}-abcd" for number in range(2_500)]
    records = [rows.interpretation_record(name, 0, {long: [event(1, long).id]}) for name in names]
    await database.query("INSERT INTO interpretation_queue $records RETURN NONE", records=records)
    await writer.write([event(number, small) for number in range(10)])
    async with asyncio.timeout(60):
        while not (await database.query("SELECT VALUE id FROM $run", run=[cbor.record(rows.RUN, small)]))[0]:
            await asyncio.sleep(0.05)


async def test_others_do_not_wait_for_a_long_trace(database):
    long, small = "1" * 32, "2" * 32
    interpreter, process = Interpreter(database), Here()
    small_written = threading.Event()

    def price_of_long(_call):
        """Keep the long trace under way until the small one is written."""
        if threading.current_thread().name.startswith(LONG_TRACES):
            assert small_written.wait(30)

    process.work._price = price_of_long
    process.wrote = lambda trace_id: small_written.set() if trace_id == small else None
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))
    for start in range(0, EVENTS, 500):
        await writer.write([event(number, long) for number in range(start, start + 500)])
    await writer.write([event(number, small) for number in range(10)])
    interpreting = asyncio.create_task(interpreter._keep_up(process))
    await settled(interpreter)
    interpreting.cancel()
    await asyncio.gather(interpreting, return_exceptions=True)
    runs = {run["id"]: run["event_count"] for run in (await database.query("SELECT * FROM agent_run"))[0]}
    assert (runs[long], runs[small]) == (EVENTS, 10)
    assert process.written == [small, long]


async def test_an_application_with_one_session_for_all_it_does_is_kept_up_with(growing, database):
    """Each trace is near thousands of others of its session, which are read and interpreted with it."""
    interpreter, work, writer = growing
    traces = 3_000
    reads = Counter()
    gather = work._gathering._know

    def counting(trace_ids, *arguments, **keywords):
        reads["times"] += 1
        reads["traces"] += len(trace_ids)
        return gather(trace_ids, *arguments, **keywords)

    work._gathering._know = counting
    for start in range(0, traces, A_COMMIT):
        await writer.write(
            [
                model(1, trace=f"{number:032x}", at=number / 100, session="all")
                for number in range(start, start + A_COMMIT)
            ]
        )
    await settled(interpreter)
    (runs,) = await database.query("SELECT count() FROM agent_run WHERE calls = 1 GROUP ALL")
    assert runs == [{"count": traces}]
    assert work.events.read == traces
    # Half of it for the first time, and once more whenever as much is new; some more where the machine is idle.
    assert work.interpreted < 4 * traces
    assert reads["times"] < reads["traces"] / 30


async def test_no_read_is_long_however_many_traces_and_sessions_are_due(database):
    """The embedded engine does one thing after the other: whoever stores or reads waits for it."""
    longest = Counter()

    class Watched(Here):
        async def ask(self, given):
            step = await super().ask(given)
            if step.get("what") in ("near", "traces"):
                asked = cbor.decode(step["variables"][step["what"]])
                longest[step["what"]] = max(longest[step["what"]], len(asked))
            return step

    interpreter, process = Interpreter(database), Watched()
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))
    await writer.write([model(1, trace=f"{number:032x}", session=f"s{number}") for number in range(500)])
    interpreting = asyncio.create_task(interpreter._keep_up(process))
    await settled(interpreter)
    interpreting.cancel()
    await asyncio.gather(interpreting, return_exceptions=True)
    (runs,) = await database.query("SELECT count() FROM agent_run WHERE calls = 1 GROUP ALL")
    assert runs == [{"count": 500}]
    assert longest == {"near": 20, "traces": 100}
