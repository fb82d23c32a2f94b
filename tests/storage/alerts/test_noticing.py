"""What webhooks are to be told is noted once: of runs, and of sums that reach a threshold."""

import asyncio
import time

import pytest
from interpreted import NOON, agent, running, tool

from mapping.calls.figures import HOUR, Counted, Figures, packed
from mapping.times import NS
from storage.alerts.model import KINDS, Rules
from storage.alerts.noticing import Noticing
from storage.read.alerts import alerts as alerts_of
from storage.retention.prune import Pruner, Selection
from storage.surreal import rows
from storage.surreal.errors import ConflictError
from storage.write.idle_traces import close_once

OF_RUNS = [Rules("ops", frozenset(("failed_run", "new_error")))]
# Past all that is put off.
LATER = 60 * NS


def run_of(number, *, ago=1, failed=True, error="no such table", root=True):
    """An agent whose tool fails, so many seconds ago."""
    at = (time.time_ns() - NOON) / NS - ago - 1
    trace = f"{number:032x}"
    outer = agent(2 * number, "Planner", trace=trace, at=at)
    outer.status = "error" if failed else "ok"
    inner = tool(2 * number + 1, "query", trace=trace, at=at, above=2 * number, **{"exception.message": error})
    inner.status = "error"
    return [outer, inner] if root else [inner]


async def noted(database, rules=OF_RUNS, later=LATER):
    """Return kinds and traces of the alerts there are, the oldest first, once what is due was looked at."""
    noticing = Noticing(database, rules)
    while await noticing.look(time.time_ns() + later):
        pass
    found, _ = await alerts_of(database, 200, None)
    return sorted((row["kind"], row["trace_id"][-2:]) for row in found if "trace_id" in row)


async def test_a_run_that_failed_and_an_error_that_is_new_are_noted_once_whatever_comes_again(database):
    async with running(database, alert_after=0.0) as store:
        await store.write(*run_of(1))
        await store.settled()
        assert await noted(database) == [("failed_run", "01"), ("new_error", "01")]
        await store.write(*run_of(2), *run_of(3, failed=False))
        await store.settled()
        told = [("failed_run", "01"), ("failed_run", "02"), ("new_error", "01")]
        assert await noted(database) == told
        await store.write(tool(90, "other", trace=f"{1:032x}", above=2, at=(time.time_ns() - NOON) / NS))
        await store.settled()
        assert (await database.query("SELECT VALUE id FROM alert_queue"))[0] == [f"{1:032x}"]
        assert await noted(database) == told
        assert (await database.query("SELECT * FROM alert_queue"))[0] == []


async def test_an_error_is_not_new_where_runs_had_it_in_hours_before(database):
    async with running(database, alert_after=0.0) as store:
        await store.write(*run_of(1, ago=7200))
        await store.settled()
        assert (await database.query("SELECT * FROM alert_queue"))[0] == []
        await store.write(*run_of(2), *run_of(3, error="no disk"))
        await store.settled()
        assert await noted(database) == [("failed_run", "02"), ("failed_run", "03"), ("new_error", "03")]


async def test_an_error_is_told_once_its_run_has_ended_or_is_silent(database):
    async with running(database, alert_after=0.0) as store:
        await store.write(*run_of(1, root=False))
        await store.settled()
        assert await noted(database) == []
        assert len((await database.query("SELECT * FROM alert_queue"))[0]) == 1
        await close_once(database, time.time_ns())
        assert await noted(database, later=2 * LATER) == [("new_error", "01")]


async def test_without_webhooks_nothing_is_noted(database):
    async with running(database) as store:
        await store.write(*run_of(1))
        await store.settled()
        assert (await database.query("SELECT * FROM alert_queue"))[0] == []


async def test_what_is_interpreted_anew_after_an_upgrade_tells_only_of_the_last_hour(database):
    async with running(database) as store:
        await store.write(*run_of(1), *(event for number in range(2, 40) for event in run_of(number, ago=4000)))
        await store.settled()
        await database.query("UPDATE agent_run SET version = 'old'; DELETE interpretation_state")
    async with running(database, alert_after=0.0) as store:
        await store.settled()
        assert await noted(database) == [("failed_run", "01")]  # the error is that of older runs


async def test_what_is_deleted_is_told_of_no_more(database):
    async with running(database, alert_after=0.0) as store:
        await store.write(*run_of(1), *run_of(2))
        await store.settled()
        assert len(await noted(database)) == 3
        await Pruner(database).prune(Selection(trace_id=f"{2:032x}"), share=1.0, seconds=20)
        assert await noted(database) == [("failed_run", "01"), ("new_error", "01")]
        await store.write(*run_of(3))
        await store.settled()
        await Pruner(database).prune(Selection(trace_id=f"{3:032x}"), share=1.0, seconds=20)
        assert await noted(database) == [("failed_run", "01"), ("new_error", "01")]
        assert (await database.query("SELECT * FROM alert_queue"))[0] == []


async def ran(database, hour, count, failed=0, usd=0.0):
    figures = Figures(count=count, failed=failed, cost=int(usd * NS), durations={1: count})
    await database.query(
        "INSERT INTO figures_queue $row",
        row={"id": rows.queue_name(), "added": [packed([Counted("run", "", hour, figures)])], "removed": []},
    )


async def texts(database, rules, now):
    await Noticing(database, [rules]).look(now)
    found, _ = await alerts_of(database, 200, None)
    return [(row["kind"], row["text"]) for row in found]


async def test_a_cost_is_told_once_for_each_span_of_time_in_which_it_is_reached(database):
    rules = Rules("ops", frozenset(("cost",)), span=24, cost=5 * NS)
    day = 20_000 * 24  # hours: the start of 2024-10-04
    await ran(database, day + 1, 10, usd=4.0)
    assert await texts(database, rules, (day + 2) * HOUR) == []
    await ran(database, day + 3, 10, usd=1.5)
    expected = (
        "cost",
        "Runs that began from 2024-10-04 00:00 to 2024-10-05 00:00 UTC cost $5.50: $5.00 is reached",
    )
    assert await texts(database, rules, (day + 4) * HOUR) == [expected]
    await ran(database, day + 5, 10, usd=9.0)
    assert await texts(database, rules, (day + 6) * HOUR) == [expected]
    await ran(database, day + 25, 1, usd=5.0)
    found = await texts(database, rules, (day + 26) * HOUR)
    assert len(found) == 2
    # Of a span that is over for an hour nothing is told any more, and nothing of one that was not looked at.
    await ran(database, day + 49, 1, usd=50.0)
    assert len(await texts(database, rules, (day + 74) * HOUR)) == 2
    assert len(await texts(database, rules, (day + 72) * HOUR + 1)) == 3


@pytest.mark.parametrize(
    ("reached", "usd", "told"),
    [(0.001, 0.0015, "$0.002: $0.001"), (0.25, 1234.5, "$1,234.50: $0.25"), (2e-9, 3e-9, "$0.000000003: $0.000000002"),
     (10, 10, "$10.00: $10.00")],
)  # fmt: skip
async def test_a_cost_is_told_with_the_places_of_the_one_that_is_reached(database, reached, usd, told):
    await ran(database, 20_000 * 24, 1, usd=usd)
    rules = Rules("ops", frozenset(("cost",)), span=24, cost=round(reached * NS))
    ((_, text),) = await texts(database, rules, (20_000 * 24 + 1) * HOUR)
    assert text.endswith(f" cost {told} is reached")


@pytest.mark.parametrize(
    ("count", "failed", "told"), [(9, 9, False), (10, 1, False), (10, 2, True), (1000, 199, False)]
)
async def test_a_failure_rate_is_told_where_there_are_runs_enough(database, count, failed, told):
    rules = Rules("ops", frozenset(("failure_rate",)), failure_rate=0.2, min_runs=10)
    await ran(database, 480_000, count, failed=failed)
    found = await texts(database, rules, 480_000 * HOUR + 5)
    when = "from 2024-10-04 00:00 to 2024-10-04 01:00 UTC"
    assert found == ([("failure_rate", f"2 of 10 runs that began {when} failed: 20% is reached")] if told else [])


async def test_two_receivers_that_look_at_once_note_the_same(connect):
    one, other = await connect(), await connect()
    async with running(one, alert_after=0.0) as store:
        await store.write(
            *(event for number in range(1, 60) for event in run_of(number, error=f"error {'ab' * number}"))
        )
        await store.settled()
        rules = [Rules(name, frozenset(KINDS), cost=NS, failure_rate=0.5) for name in ("a", "b")]

        async def look(database):
            noticing = Noticing(database, rules)
            for _ in range(20):
                try:
                    if not await noticing.look(time.time_ns() + LATER):
                        return
                except ConflictError:
                    await asyncio.sleep(0.01)

        await asyncio.gather(look(one), look(other))
        (found,) = await one.query("SELECT kind, webhook, count() AS n FROM alert GROUP BY kind, webhook")
        assert {(row["kind"], row["webhook"]): row["n"] for row in found} == {
            ("failed_run", "a"): 59,
            ("failed_run", "b"): 59,
            ("new_error", "a"): 59,
            ("new_error", "b"): 59,
            ("failure_rate", "a"): 1,
            ("failure_rate", "b"): 1,
        }
