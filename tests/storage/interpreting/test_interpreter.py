"""What was stored is interpreted: calls, runs and sessions' sums follow the events, and change only with them."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from interpreted import NOON, agent, call, model, running, settled, tool

from mapping.times import NS
from storage.interpreting import interpreter as interpreter_module
from storage.interpreting.changes import MOST_ROWS
from storage.interpreting.interpreter import Interpreter
from storage.read.reader import Reader
from storage.surreal import cbor
from storage.write.writer import Writer


def run_of_an_agent(trace="1" * 32, session="s", name="Planner"):
    """An agent that calls a model, a tool, and the model again."""
    return [
        agent(1, name, trace=trace, session=session, seconds=10),
        model(2, 10, 1, above=1, trace=trace, session=session, at=1),
        tool(3, above=1, trace=trace, session=session, at=2),
        model(4, 20, 2, above=1, trace=trace, session=session, at=3),
    ]


async def test_a_trace_comes_to_its_calls_and_their_sums(store):
    events = run_of_an_agent()
    await store.write(*events)
    await store.settled()
    calls = await store.calls()
    assert {(row["kind"], row.get("name"), row["agent_id"]) for row in calls.values()} == {
        ("agent", "Planner", "Planner"),
        ("model", "gpt-4o", "Planner"),
        ("tool", "look", "Planner"),
    }
    assert sorted(calls) == sorted(event.id for event in events)
    assert calls[events[1].id]["parent_id"] == events[0].id
    assert calls[events[1].id]["told_by"] == [events[1].id]
    assert calls[events[1].id]["start_time"] == NOON + NS
    run = (await store.rows("agent_run"))["1" * 32]
    assert (run["input_tokens"], run["output_tokens"], run["calls"], run["tools"], run["event_count"]) == (
        30,
        3,
        2,
        1,
        4,
    )
    assert (run["agent_id"], run["agents"], run["models"], run["sessions"]) == (
        "Planner",
        ["Planner"],
        ["gpt-4o"],
        ["s"],
    )
    assert run["cost_nano_usd"] > 0
    session = (await store.rows("session_run"))["s", "1" * 32]
    assert (session["input_tokens"], session["calls"], session["event_count"]) == (30, 2, 4)
    assert await store.rows("interpretation_queue") == {}


async def test_a_small_trace_is_interpreted_within_a_second_of_its_last_event(store):
    await store.write(agent(1, "Planner"))
    await store.settled()  # the process is there
    took = []
    for number in range(2, 7):
        began = time.monotonic()
        await store.write(model(number, above=1))
        await store.settled()
        took.append(time.monotonic() - began)
    assert min(took) < 1  # the others are a busy machine's
    assert (await store.rows("agent_run"))["1" * 32]["calls"] == 5


async def test_what_comes_again_changes_nothing(store):
    events = run_of_an_agent()
    await store.write(*events)
    await store.settled()
    before = [await store.rows(table) for table in ("agent_call", "agent_run", "session_run", "agent_event")]
    await store.write(*run_of_an_agent())
    await store.database.query(
        "INSERT INTO interpretation_queue { id: '1-again', traces: [[$trace, $events]], size: 4 } RETURN VALUE id",
        trace="1" * 32,
        events=[event.id for event in events],
    )
    store.interpreter.added(4)
    await store.settled()
    after = [await store.rows(table) for table in ("agent_call", "agent_run", "session_run", "agent_event")]
    assert after == before


async def test_a_call_that_is_told_of_otherwise_is_gone_once_its_span_is_there(store):
    trace = "1" * 32
    log = model(9, 10, 1, at=2, seconds=0, session="s")
    log.kind, log.span_id, log.duration = "log_record", None, None
    log.properties = {"event.name": "api_response", **log.properties}
    await store.write(log)
    await store.settled()
    assert [*await store.calls()] == [log.id]
    span = model(2, 10, 1, at=1, session="s")
    await store.write(span)
    await store.settled()
    calls = await store.calls()
    assert [*calls] == [span.id]
    assert calls[span.id]["told_by"] == [span.id, log.id]
    assert (await store.rows("agent_run"))[trace]["input_tokens"] == 10


async def test_a_log_in_another_trace_of_the_session_tells_of_the_call_of_a_span(store):
    span = model(1, 10, 1, trace="1" * 32, session="s")
    log = model(2, 10, 1, trace="2" * 32, at=1, seconds=0, session="s")
    log.kind, log.span_id, log.duration = "log_record", None, None
    elsewhere = model(3, 10, 1, trace="3" * 32, session="another")
    for order in ([span, log, elsewhere], [log, elsewhere, span]):
        for event in order:
            await store.write(event)
            await store.settled()
        calls = await store.calls()
        assert {call_id: row["told_by"] for call_id, row in calls.items()} == {
            span.id: [span.id, log.id],
            elsewhere.id: [elsewhere.id],
        }
        runs = await store.rows("agent_run")
        assert [runs[trace * 32]["calls"] for trace in "123"] == [1, 0, 1]
        await store.database.query(
            "DELETE agent_call; DELETE agent_run; DELETE session_run; DELETE agent_event; DELETE agent_trace;"
        )


async def test_an_events_agent_is_the_nearest_one_also_where_that_comes_later(store):
    reader = Reader(store.database)
    outer = agent(1, "Planner", seconds=9)
    inner = agent(2, "Writer", above=1, at=1, seconds=5)
    below = [model(3, above=2, at=2), model(4, above=1, at=7)]
    await store.write(*below)
    await store.settled()
    await store.write(inner)
    await store.settled()
    await store.write(outer)
    await store.settled()
    shown = await reader.events_by_id(event.id for event in (outer, inner, *below))
    assert [shown[event.id]["agent_id"] for event in (outer, inner, *below)] == [
        "Planner",
        "Writer",
        "Writer",
        "Planner",
    ]
    stored = await store.rows("agent_event")
    # What was sent is known; what is the trace's is not written into each event.
    assert stored[below[0].id]["as_sent"] == {"agent_id": None, "session_id": None}
    assert "agent_id" not in stored[below[1].id]
    (queued,) = await store.database.query("SELECT VALUE changed FROM index_queue WHERE changed != NONE")
    assert below[0].id in {event_id for changed in queued for event_id in changed}


async def test_an_agent_s_sum_that_calls_of_another_trace_of_its_session_tell_counts_once(store):
    used = {"gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 3}
    around = agent(1, "Planner", trace="2" * 32, session="s", at=-1, seconds=20, **used)
    await store.write(around)
    await store.settled()
    await store.write(*run_of_an_agent())
    await store.settled()
    parts = await store.rows("session_run")
    assert sum(part["input_tokens"] for part in parts.values()) == 30
    assert sum(part["output_tokens"] for part in parts.values()) == 3


async def test_a_trace_with_several_sessions_has_the_sums_of_each(store):
    await store.write(
        agent(1, "Front", seconds=20),
        agent(2, "First", above=1, session="a", seconds=5),
        model(3, 10, 1, above=2, at=1),
        agent(4, "Second", above=1, session="b", at=6, seconds=5),
        model(5, 30, 3, above=4, at=7),
    )
    await store.settled()
    sessions = await store.rows("session_run")
    assert {key[0]: row["input_tokens"] for key, row in sessions.items()} == {"a": 10, "b": 30}
    events = await store.rows("agent_event")
    (second,) = [row for row in events.values() if row["span_id"] == f"{5:016x}"]
    assert second["session_id"] == "b"


async def test_events_that_cannot_be_interpreted_stop_nobody(store):
    odd = call("model", 1, trace="2" * 32, at=15 * 10**9)
    odd.properties |= {
        "gen_ai.usage.input_tokens": "many",
        "gen_ai.input.messages": "\ud800".encode("utf-8", "replace").decode(),
    }
    await store.write(odd, *run_of_an_agent())
    await store.settled()
    runs = await store.rows("agent_run")
    assert [runs["1" * 32]["calls"], runs["2" * 32]["event_count"]] == [2, 1]


async def test_what_was_left_is_interpreted_at_the_next_start(database, writer):
    await writer.write(run_of_an_agent())
    interpreter = Interpreter(database)
    await interpreter.count_pending()
    assert interpreter.pending == 4
    async with running(database) as store:
        await store.settled()
        assert store.interpreter.interpreted == 4
        assert (await store.rows("agent_run"))["1" * 32]["calls"] == 2


async def test_two_receivers_that_interpret_the_same_traces_agree(connect):
    async with running(await connect()) as one, running(await connect()) as other:
        events = run_of_an_agent()
        for event in events:
            await one.write(event)
            await other.write(event)
            one.interpreter.added(0)
            other.interpreter.added(0)
        async with asyncio.timeout(60):
            while await one.rows("interpretation_queue"):
                await asyncio.sleep(0.02)
        run = (await one.rows("agent_run"))["1" * 32]
        assert (run["calls"], run["input_tokens"], run["event_count"]) == (2, 30, 4)
        assert len(await one.calls()) == 4


async def test_what_was_written_half_is_written_whole(store):
    await store.write(*run_of_an_agent())
    await store.settled()
    before = await store.calls()
    await store.database.query("DELETE agent_run; DELETE session_run; UPDATE agent_call SET calls = $none", none=[])
    await store.write(model(5, 30, 3, above=1, at=4, session="s"))
    await store.settled()
    after = await store.calls()
    assert {call_id: after[call_id] for call_id in before} == before
    assert len(after) == 5
    assert (await store.rows("agent_run"))["1" * 32]["input_tokens"] == 60


async def test_what_events_come_to_is_written_while_no_others_come_until_they_have_waited_for_a_second(
    database, monkeypatch
):
    come = [False]
    interpreter = Interpreter(database, events_come=lambda: come[0], linger=0)
    interpreting = asyncio.create_task(interpreter.run())
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))
    try:
        await writer.write([model(1)])
        await settled(interpreter)  # its process has started
        with monkeypatch.context() as patient:
            patient.setattr(interpreter_module, "_LONG", 600.0)  # longer than anything here is waited for
            come[0] = True
            await writer.write([model(2)])
            await asyncio.sleep(0.5)
            assert interpreter.pending == 1
            come[0] = False
            await settled(interpreter)
        come[0] = True
        began = time.monotonic()
        await writer.write([model(3)])
        await settled(interpreter)
        assert time.monotonic() - began > 0.9
    finally:
        interpreting.cancel()
        await asyncio.gather(interpreting, return_exceptions=True)


async def test_nothing_is_read_while_a_commit_is_under_way_unless_that_takes_long(database):
    commits = [False]
    reads = []
    read = database.read

    async def noted(query, **variables):
        reads.append(time.monotonic())
        return await read(query, **variables)

    database.read = noted
    interpreter = Interpreter(database, committing=lambda: commits[0], linger=0)
    interpreting = asyncio.create_task(interpreter.run())
    stored = []

    def committed(new):
        stored.append(time.monotonic())  # before it is told: a busy machine may do something else after that
        interpreter.added(len(new))

    writer = Writer(database, agent_window=0, committed=committed)
    try:
        await writer.write([model(1)])
        await settled(interpreter)  # its process has started
        reads.clear()
        commits[0] = True
        await writer.write([model(2)])
        await settled(interpreter)
        assert reads
        assert reads[0] - stored[1] > 0.09
    finally:
        interpreting.cancel()
        await asyncio.gather(interpreting, return_exceptions=True)


async def test_no_transaction_keeps_commits_waiting_for_long_however_many_runs_and_sessions_it_is_about(
    store, monkeypatch
):
    """As long as fifty rows of calls: a run's takes twice as long as one of these, that of a session three times."""
    monkeypatch.setattr(interpreter_module, "_LONG", 600.0)  # it is not behind, however busy the machine is
    sizes = []
    query = store.database.query

    async def noted(statements, **variables):
        if "new_runs" in variables:
            each = {"new_pages": 1, "new_runs": 2, "new_sessions": 3}
            sizes.append(sum(cost * len(cbor.decode(variables[name].cbor)) for name, cost in each.items()))
        return await query(statements, **variables)

    await store.write(model(0, trace="f" * 32))
    await store.settled()
    store.database.query = noted
    await store.write(*(model(number, trace=f"{number:032x}", session=f"s{number}") for number in range(40)))
    await store.settled()
    assert sum(sizes) == 40 * 6
    assert max(sizes) <= MOST_ROWS


async def test_the_process_may_be_killed_at_any_moment(store):
    for number in range(12):
        trace = f"{number:032x}"
        await store.write(*run_of_an_agent(trace, session=f"s{number}"))
        for pid in children("storage.interpreting.worker"):
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.2 * (number % 3))
    await store.settled()
    runs = await store.rows("agent_run")
    assert [(run["calls"], run["input_tokens"], run["event_count"]) for run in runs.values()] == [(2, 30, 4)] * 12
    assert len(await store.calls()) == 48
    assert await store.rows("interpretation_queue") == {}


def children(module):
    """Return the ids of this process's children that run a module."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        for pid in task.read_text().split():
            with contextlib.suppress(OSError):  # it has just ended
                if module.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found
