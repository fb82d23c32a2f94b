"""What other rules or prices have made, or nobody, is made anew in the background, the newest first."""

import asyncio
import shutil

import pytest
from interpreted import NOON, Here, Running, agent, interpreting, model, running

from mapping.times import NS
from storage.interpreting import gathering, work
from storage.interpreting.interpreter import Interpreter
from storage.membership import Membership
from storage.surreal import cbor, schema
from storage.surreal.database import Database
from storage.write.writer import Writer

TRACES = 130


@pytest.fixture
async def old(tmp_path):
    """A database of the build before calls were known: with its schema, and rows as that one wrote them."""
    for version in ("0001", "0002", "0003", "0004"):
        shutil.copytree(schema.FOLDER / version, tmp_path / "old" / version)
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    assert await schema.apply(database.run, tmp_path / "old") == 4
    traces, events = [], []
    for number in range(TRACES):
        trace_id, at = f"{number:032x}", NOON + number * NS
        times = {"start_time": at, "last_event_at": at, "end_time": at, "created_at": at, "updated_at": at}
        traces.append(
            {field: cbor.datetime(value) for field, value in times.items()}
            | {"id": cbor.record("agent_trace", trace_id), "status": "completed", "root_status": "completed"}
            | {"origin": "given", "event_count": 1, "error_count": 0, "input_tokens": 7, "output_tokens": 1}
            | {"cost_nano_usd": 0, "name_from_root": True, "revision": 1, "newest": -at, "recent": -at}
            | {"touched": at, "active": at}
        )
        event_id = f"00000000-0000-4000-8000-{number:012x}"
        properties = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}
        events.append(
            {"id": cbor.record("agent_event", event_id), "trace_id": trace_id, "timestamp": cbor.datetime(at)}
            | {"newest": -at, "kind": "client", "status": "unset", "event_type": "model_call", "name": "chat"}
            | {"span_id": f"{number:016x}", "duration_ns": 5, "counted": [7, 1, 0], "properties": properties}
            | {"correlation": "trace_id", "created_at": cbor.datetime(at)}
        )
    await database.query(
        "INSERT INTO agent_trace $traces; INSERT INTO agent_event $events", traces=traces, events=events
    )
    yield database
    await database.close()


async def test_a_database_of_the_build_before_opens_and_is_interpreted(old):
    await schema.apply(old.run)
    async with running(old) as store:
        await store.settled()
        runs = await store.rows("agent_run")
        assert [(run["calls"], run["input_tokens"]) for run in runs.values()] == [(1, 7)] * TRACES
        assert len(await store.calls()) == TRACES
        (trace,) = (await store.database.query("SELECT * FROM agent_trace LIMIT 1"))[0]
        assert not {"error_count", "input_tokens", "output_tokens", "cost_nano_usd"} & trace.keys()
        assert not {"newest", "recent", "active", "touched"} & trace.keys()
        at = NOON + int(trace["id"], 16) * NS
        assert (trace["newest_start"], trace["newest_activity"]) == (-at, -at)
        assert (trace["oldest_activity"], trace["oldest_update"]) == (at, at)
        (state,) = (await store.rows("interpretation_state")).values()
        assert "place" not in state
        # What comes after it goes on as ever.
        await store.write(model(5, trace=f"{3:032x}", at=99))
        await store.settled()
        assert (await store.rows("agent_run"))[f"{3:032x}"]["calls"] == 2


async def test_it_goes_on_where_it_was(old):
    await schema.apply(old.run)
    async with running(old) as store:
        async with asyncio.timeout(30):
            while not await store.rows("agent_run"):
                await asyncio.sleep(0)
    made = await store.rows("agent_run")
    assert 0 < len(made) < TRACES
    newest = sorted(made, reverse=True)
    assert newest == sorted((f"{number:032x}" for number in range(TRACES)), reverse=True)[: len(made)]
    async with running(old) as store:
        await store.settled()
        runs = await store.rows("agent_run")
    assert len(runs) == TRACES
    # What was made is not made once more.
    assert {trace_id: runs[trace_id]["revision"] for trace_id in made} == {
        trace_id: run["revision"] for trace_id, run in made.items()
    }


async def test_other_rules_make_it_anew_and_new_traces_come_first(database):
    writer = Writer(database, agent_window=0, committed=lambda _: None)
    await writer.write([agent(1, "Planner"), model(2, above=1)])
    async with running(database) as store:
        await store.settled()
        before = [await store.rows(table) for table in ("agent_call", "agent_run")]
    await database.query(
        "UPDATE agent_run SET version = 'old', calls = 9; UPDATE agent_call SET calls = $none;"
        "UPDATE interpretation_state:current SET version = 'old'",
        none=[],
    )
    async with running(database) as store:
        await store.settled()
        after = [await store.rows(table) for table in ("agent_call", "agent_run")]
        assert store.interpreter.state == "ready"
    for rows in (before[1], after[1]):
        for row in rows.values():
            row.pop("revision")
    assert after == before


async def test_what_another_version_makes_while_it_is_made_anew_is_made_anew_once_that_one_is_gone(
    database, monkeypatch
):
    """In an upgrade of receivers one by one: those of the earlier version interpret until the last of them stops."""
    monkeypatch.setattr(work, "_OTHERS_AFTER", 0.0)
    monkeypatch.setattr(work, "MOST_ROWS_BEHIND", 20)  # what is made anew is always behind
    traces = [f"{number:032x}" for number in range(1, 61)]
    async with interpreting(database, Here()) as (write, until_settled):
        await write(*(model(1, trace=trace, at=number) for number, trace in enumerate(traces)))
        await until_settled()
    await database.query(
        "UPDATE agent_run SET version = 'old'; UPDATE interpretation_state:current SET version = 'old'"
    )
    membership = Membership(database)
    membership.members = [membership.me, membership.me._replace(id="other", version="old")]

    class Upgraded(Here):
        anew, gone = 0, False

        async def ask(self, given):
            step = await super().ask(given)
            if "changed_runs" in step.get("variables", ()):
                self.anew += len(cbor.decode(step["variables"]["changed_runs"]))
            if 20 <= self.anew < len(traces) and not self.gone:  # the newest are, and more are to be
                self.gone = True
                await database.query(
                    "UPDATE $run SET version = 'old', revision += 1", run=cbor.record("agent_run", traces[-1])
                )
                membership.members = [membership.me]
            return step

    process = Upgraded()
    async with interpreting(database, process, membership) as (_, until_settled):
        await until_settled()
        assert process.gone
        async with asyncio.timeout(60):
            while await database.query("SELECT VALUE id FROM agent_run WHERE version = 'old'") != [[]]:
                await asyncio.sleep(0.01)
    assert await database.query("SELECT VALUE id FROM interpretation_queue") == [[]]


async def test_an_empty_store_has_nothing_to_be_made_anew(database):
    async with running(database) as store:
        await store.settled()
    assert Interpreter(database).pending == 0


async def test_sessions_that_together_have_too_many_events_to_be_read_come_to_the_same_one_by_one(
    database, monkeypatch
):
    def told_twice(number, session):
        """Make a span, and a record of the same call in another trace, which says its end."""
        span = model(number, number, 1, trace=f"{number:031x}1", at=number, seconds=100, session=session)
        record = model(number, number, 1, trace=f"{number:031x}2", at=number + 100, session=session)
        record.kind, record.span_id, record.duration = "log_record", None, None
        return span, record

    async with running(database) as store:
        for number in range(1, 21):
            await store.write(*told_twice(number, f"session-{number % 4}"))
        await store.settled()
        before = await store.calls()
    assert [len(call["told_by"]) for call in before.values()] == [2] * 20
    await database.query(
        "UPDATE interpretation_state:current SET version = 'old'; UPDATE agent_run SET version = 'old'"
    )
    monkeypatch.setattr(work, "_EVENTS", 4)  # one of each session
    monkeypatch.setattr(gathering, "MOST_EVENTS", 10)  # a session has as many, and two have more
    async with interpreting(database, Here()) as (_, until_settled):
        await until_settled()
        assert await Running(database, None).calls() == before
