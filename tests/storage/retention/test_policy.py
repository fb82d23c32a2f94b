"""What is older than some days, or over a number of events, goes by itself."""

import asyncio
import time

import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.filters import TraceFilter
from storage.retention import policy
from storage.retention.prune import Pruned, Pruner

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)

DAY = 86_400 * NS


@pytest.fixture
async def keeping(database):
    """Keeps to limits in the background, looking all the time."""
    tasks = []

    def start(days=0.0, max_events=0, pruner=None, **how):
        keeping = policy.keep_to(pruner or Pruner(database), days, max_events, every=0.01, look_share=1, **how)
        tasks.append(asyncio.create_task(keeping))

    yield start
    for task in tasks:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(reader, events):
    async with asyncio.timeout(60):
        while (await reader.counts())["events"] != events:
            await asyncio.sleep(0.01)


async def test_what_is_older_goes_and_what_comes_late_and_old_goes_too(keeping, writer, reader, make_event, caplog):
    now = time.time_ns()
    caplog.set_level("INFO")
    new = make_event(trace_id="new", timestamp=now - DAY // 4)
    await writer.write([new, make_event(trace_id="old", timestamp=now - DAY)])
    keeping(days=0.5)
    await until(reader, 1)
    await writer.write([make_event(trace_id="old", timestamp=now - DAY)])
    await until(reader, 1)
    assert await reader.event(new.id)
    assert "retention: 1 events of 1 traces deleted" in caplog.text


async def test_so_many_events_are_kept_the_latest(keeping, writer, reader, make_event):
    await writer.write([make_event(trace_id=f"t{place}", timestamp=place * NS) for place in range(30)])
    keeping(max_events=10)
    await until(reader, 10)
    await writer.write([make_event(trace_id=f"u{place}", timestamp=place * DAY) for place in range(5)])
    await until(reader, 10)
    for place in range(1, 5):
        assert await reader.trace(f"u{place}")


async def test_a_store_that_is_away_is_waited_for(keeping, caplog):
    class Away:
        asked = 0

        async def prune(self, *_, **__):
            self.asked += 1
            raise Problem(Code.UNAVAILABLE, "the store is away")

    away = Away()
    keeping(days=1, pruner=away)
    async with asyncio.timeout(60):
        while away.asked < 3:
            await asyncio.sleep(0.01)
    assert caplog.text == ""  # the stores log it, once


async def test_it_takes_more_of_the_time_once_there_is_much_to_delete(keeping):
    shares = []

    class Slow:
        async def prune(self, _, *, share, seconds):
            shares.append(share)
            assert seconds == 60
            return Pruned(1, 1, done=len(shares) >= 3)

    keeping(days=1, pruner=Slow())
    async with asyncio.timeout(60):
        while len(shares) < 4:
            await asyncio.sleep(0.01)
    assert shares[:4] == [0.1, 0.3, 0.3, 0.1]


async def test_one_receiver_of_several_does_it(keeping, writer, reader, make_event):
    await writer.write([make_event(trace_id="old", timestamp=time.time_ns() - DAY)])
    due = []
    keeping(days=0.5, is_due=lambda: bool(due))
    await asyncio.sleep(0.2)
    assert (await reader.counts())["events"] == 1
    due.append(True)
    await until(reader, 0)


async def test_projects_may_have_other_days_and_what_is_in_none_has_those_of_all(keeping, writer, reader, make_event):
    now = time.time_ns()
    for project in ("audit", "shop", "trial", None):
        for days in (0, 3, 20):
            await writer.write([make_event(trace_id=f"{project} {days}", timestamp=now - days * DAY, project=project)])
    keeping(days=10, days_of=[("trial", 1), ("audit", 0), ("not there", 5)])
    await until(reader, 3 + 2 + 1 + 2)
    kept = {run.trace.id for run in (await reader.traces(TraceFilter(runs=True), 100))[0]}
    assert kept == {"audit 0", "audit 3", "audit 20", "shop 0", "shop 3", "trial 0", "None 0", "None 3"}


async def test_a_project_alone_may_have_days(keeping, writer, reader, make_event):
    for project in ("trial", "shop"):
        await writer.write([make_event(trace_id=project, timestamp=0, project=project)])
    keeping(days_of=[("trial", 1)])
    await until(reader, 1)
    assert await reader.trace("shop")
