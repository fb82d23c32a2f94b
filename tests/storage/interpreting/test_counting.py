"""Counts by time are those of the runs that are stored, whatever becomes of these, counted yet or not."""

import asyncio
from collections import defaultdict

import pytest
from interpreted import NOON, agent, model, running, tool

from mapping.calls.figures import BY, HOUR, Figures, unpacked
from mapping.errors import Problem
from mapping.model import Event
from mapping.times import NS
from storage.interpreting import counting
from storage.interpreting.counting import count_some
from storage.read.figures import by_name, figures_in, reach_of
from storage.read.overview import breakdown, hours_of_errors, overview
from storage.retention.prune import Pruner, Selection
from storage.surreal.errors import ConflictError

HOURS = 3600


async def counted(database):
    """Return the figures of all time by kind and name."""
    reach = await reach_of(database, None, None)
    if reach is None:
        return {}
    found = await figures_in(database, reach.span, dict.fromkeys(BY))
    assert found.complete
    return {(by, name): each for by in BY for name, each in by_name(found.counted[by]).items()}


async def of_runs(database):
    """Return the same, of the runs' own rows."""
    (runs,) = await database.query("SELECT VALUE figures FROM agent_run")
    sums = defaultdict(lambda: Figures(durations={}))
    for told in runs:
        for one in unpacked(told):
            sums[one.by, one.name].add(one.figures)
    return dict(sums)


async def count_all(database):
    while await count_some(database, 7):
        pass


async def check(database):
    right = await of_runs(database)
    assert await counted(database) == right
    await count_all(database)
    assert await counted(database) == right
    assert (await database.query("SELECT * FROM figures_queue"))[0] == []
    assert all(step for step in right.values())


def run_of(number, *, at=0, failed=False, session=None):
    trace = f"{number:032x}"
    fields = {"trace": trace, "session": session}
    return [
        agent(1, f"agent {number % 3}", at=at, seconds=10, **fields),
        model(2, 10 * number, 1, above=1, at=at + 1, seconds=number, **fields),
        *([tool(3, f"tool {number % 2}", above=1, at=at + 2, **fields)] if failed else []),
    ]


async def test_runs_count_by_agent_model_and_tool(store):
    await store.write(*run_of(1), *run_of(2, failed=True), *run_of(4, at=30 * HOURS))
    await store.settled()
    await check(store.database)
    figures = await counted(store.database)
    assert (figures["run", ""].count, figures["run", ""].input_tokens) == (3, 70)
    assert (figures["agent", "agent 1"].count, figures["agent", "agent 1"].input_tokens) == (2, 50)
    assert figures["model", "gpt-4o"].count == 3
    assert figures["model", "gpt-4o"].percentile(0.5) == pytest.approx(2 * NS, rel=0.02)
    assert figures["tool", "tool 0"].count == 1


async def test_what_a_run_becomes_later_takes_the_place_of_what_it_was(store):
    one, two, three = run_of(2, failed=True)
    await store.write(one, two)
    await store.settled()
    await count_all(store.database)
    await store.write(three)
    await store.settled()
    await check(store.database)
    assert (await counted(store.database))["run", ""].count == 1


async def test_what_is_deleted_counts_no_longer(store):
    for number in range(6):
        await store.write(*run_of(number, at=number * HOURS, session="a" if number < 2 else None))
    await store.settled()
    await count_all(store.database)
    pruner = Pruner(store.database)
    await pruner.prune(Selection(trace_id=f"{5:032x}"), share=1, seconds=30)
    await check(store.database)
    await pruner.prune(Selection(session_id="a"), share=1, seconds=30)
    await check(store.database)
    assert (await counted(store.database))["run", ""].count == 3
    await pruner.prune(Selection(before=NOON + 10**6 * NS), share=1, seconds=30)
    await check(store.database)
    assert await counted(store.database) == {}
    assert (await overview(store.database, None, None)).span is None
    assert (await store.database.query("SELECT * FROM figures"))[0] == []


async def test_a_session_s_part_that_is_deleted_counts_no_longer(store):
    await store.write(
        model(1, session="a"), model(2, session="b", at=1), tool(3, session="b", at=2), model(4, session="a", at=3)
    )
    await store.settled()
    await Pruner(store.database).prune(Selection(session_id="b"), share=1, seconds=30)
    store.interpreter.added(0)
    async with asyncio.timeout(60):
        while await store.rows("interpretation_queue"):
            await asyncio.sleep(0.01)
    await check(store.database)
    figures = await counted(store.database)
    assert (figures["model", "gpt-4o"].count, ("tool", "look") in figures) == (2, False)


async def test_log_records_that_are_moved_to_another_trace_count_there(store):
    record = Event(
        id="00000000-0000-4000-8000-00000000000a",
        timestamp=NOON,
        kind="log_record",
        session_id="s",
        trace_id=None,
        name="gen_ai.client.inference.operation.details",
        properties={"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.conversation.id": "s"},
    )
    await store.write(record)
    await store.settled()
    assert (await counted(store.database))["run", ""].count == 1
    await store.write(*run_of(1, at=1, session="s"))
    await store.settled()
    assert len(await store.rows("agent_trace")) == 1
    await check(store.database)
    assert (await counted(store.database))["run", ""].count == 1


async def test_of_two_who_count_at_once_one_does(store):
    for number in range(1, 5):
        await store.write(*run_of(number))
        await store.settled()
    results = await asyncio.gather(*(count_some(store.database) for _ in range(4)), return_exceptions=True)
    assert [
        result for result in results if isinstance(result, BaseException) and not isinstance(result, ConflictError)
    ] == []
    await check(store.database)


async def test_counting_goes_on_by_itself_where_it_is_due(store):
    await store.write(*run_of(1))
    await store.settled()
    task = asyncio.create_task(counting.keep_counting(store.database, every=0.01))
    await all_counted(store)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await check(store.database)


async def test_runs_made_anew_by_other_rules_count_once(store):
    await store.write(*run_of(1), *run_of(2))
    await store.settled()
    # As an earlier version wrote them: without figures.
    await store.database.query(
        "UPDATE agent_run SET figures = NONE, version = 'old'; DELETE figures_queue; DELETE interpretation_state"
    )
    async with running(store.database) as other, asyncio.timeout(30):
        while any(run["version"] == "old" for run in (await other.rows("agent_run")).values()):
            await asyncio.sleep(0.01)
    await check(store.database)
    assert (await counted(store.database))["run", ""].count == 2


async def test_any_span_of_hours_has_what_began_in_it(store):
    starts = [0, 1, 23, 24, 25, 47, 24 * 28, 24 * 28 * 3 + 5]
    await store.write(*(event for number, hour in enumerate(starts) for event in run_of(number + 1, at=hour * HOURS)))
    await store.settled()
    await count_all(store.database)
    for since, until in [(0, 1), (0, 2), (1, 24), (24, 48), (3, 24 * 28), (0, 24 * 28 + 1), (-5, 24 * 400), (26, 27)]:
        found = await overview(store.database, NOON + since * HOUR, NOON + until * HOUR)
        assert found.runs.count == sum(since <= hour < until for hour in starts), (since, until)
        assert sum(step.figures.count for step in found.steps) == found.runs.count
        for step in found.steps:
            first, end = (hour - NOON // HOUR for hour in step.span)
            assert step.figures.count == sum(first <= hour < end for hour in starts)
    whole = await overview(store.database, None, None)
    assert (whole.span.first, whole.span.end) == (NOON // HOUR, NOON // HOUR + starts[-1] + 1)


async def test_errors_are_groups_of_which_some_are_new(store):
    def failing(number, words, hour):
        return tool(
            1, "pay", trace=f"{number:032x}", at=hour * HOURS, agent="a", **{"error.type": "Refused"}, status=words
        )

    events = [failing(1, "card 12 refused", 0), failing(2, "card 77 refused", 50), failing(3, "no money", 50)]
    for event, words in zip(events, ["card 12 refused", "card 77 refused", "no money"], strict=True):
        event.status = "error"
        event.properties["otel.status_description"] = words
    await store.write(*events)
    await store.settled()
    await check(store.database)
    whole = await breakdown(store.database, "error", None, None)
    assert sorted((group.where, group.figures.count, group.is_new) for group in whole.groups) == [
        ("pay", 1, True),
        ("pay", 2, False),
    ]
    first = await breakdown(store.database, "error", None, NOON + HOUR)
    assert [(group.figures.count, group.is_new) for group in first.groups] == [(1, False)]
    later = await breakdown(store.database, "error", NOON + 50 * HOUR, NOON + 51 * HOUR)
    assert {group.name.rpartition(": ")[2]: group.is_new for group in later.groups} == {
        "card * refused": False,
        "no money": True,
    }


@pytest.mark.parametrize("is_counted", [True, False])
async def test_the_hours_of_the_first_and_the_last_of_many_errors_are_known_however_wide_steps_are(store, is_counted):
    years, month = 5 * 365 * 24, 28 * 24
    # By agents, too, of which one alone has the first and another the last.
    hours = {0: "a", 5: "b", month + 7: "c", years: "a", years + 30: "b", years + 53: "d"}
    for number, (hour, name) in enumerate(hours.items()):
        failed = tool(1, "pay", trace=f"{number:032x}", at=hour * HOURS, agent=name)
        failed.status, failed.project = "error", "shop" if hour in (5, years) else None
        await store.write(failed)
    await store.settled()
    if is_counted:
        await count_all(store.database)
    begin = NOON // HOUR

    async def seen(since=None, until=None, project=""):
        moments = [None if hour is None else NOON + hour * HOUR for hour in (since, until)]
        found = await breakdown(store.database, "error", *moments, project)
        (hours,) = await hours_of_errors(store.database, found.groups, found.steps, project)
        return hours.first - begin, hours.end - 1 - begin, found.groups[0].figures.count

    assert await seen() == (0, years + 53, 6)
    assert await seen(project="shop") == (5, years, 2)
    assert await seen(since=-years, until=years) == (0, month + 7, 3)
    assert await seen(since=1, until=years + 53) == (5, years + 30, 4)
    assert await seen(since=years + 20, until=years + 40) == (years + 30, years + 30, 1)
    await Pruner(store.database).prune(Selection(trace_id=f"{0:032x}"), share=1, seconds=30)
    assert await seen() == (5, years + 53, 5)


async def test_a_store_that_is_away_is_said(store):
    await store.database.close()
    with pytest.raises(Problem):
        await overview(store.database, None, None)


async def test_it_is_counted_while_no_events_come_until_that_takes_long(store, monkeypatch):
    come = [True]
    await store.write(*run_of(1))
    await store.settled()
    monkeypatch.setattr(counting, "_LONG", 600.0)  # longer than anything here is waited for
    keeping = asyncio.create_task(counting.keep_counting(store.database, events_come=lambda: come[0], every=0.01))
    try:
        await asyncio.sleep(0.3)
        assert len(await store.rows("figures_queue")) == 1
        come[0] = False
        await all_counted(store)
        come[0] = True
        monkeypatch.setattr(counting, "_LONG", 1.0)
        await store.write(*run_of(2))
        await store.settled()
        await all_counted(store)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    await check(store.database)


async def all_counted(store):
    async with asyncio.timeout(60):
        while await store.rows("figures_queue"):
            await asyncio.sleep(0.02)
