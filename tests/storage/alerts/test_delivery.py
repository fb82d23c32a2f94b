"""What waits is sent until it is taken, once, and not too often. What a webhook is sent over HTTP is tested with the
receiver (`tests/receiver/test_alerts.py`)."""

import asyncio
import contextlib
import time
from collections import Counter

import pytest

from mapping.times import NS
from storage.alerts.alerts import keep_alerting
from storage.alerts.delivery import Delivery, Outcome
from storage.alerts.model import Rules
from storage.alerts.noticing import Alert
from storage.read.alerts import alerts as alerts_of
from storage.surreal.errors import ConflictError

OPS = Rules("ops", frozenset(("failed_run",)), per_minute=5)


class Webhook:
    """Takes messages, by id, with the alerts in each; answers what is in `outcomes`, and then that it took it."""

    def __init__(self, *outcomes):
        self.outcomes, self.got, self.told = list(outcomes), [], Counter()
        self.taking = asyncio.Event()
        self.taking.set()

    async def post(self, _webhook, message, alerts):
        self.got.append((message, sorted(alert["trace_id"] for alert in alerts)))
        await self.taking.wait()
        await asyncio.sleep(0)
        return self.outcomes.pop(0) if self.outcomes else Outcome()

    def became(self, _webhook, became):
        self.told[became] += 1

    def delivery(self, database, rules=OPS, pauses=(0.0, 0.0)):
        return Delivery(database, rules, self.post, self.became, pauses=pauses)


async def wait_for(database, *traces, webhook="ops", now=None):
    rows = [
        Alert(webhook, "failed_run", trace).row(now or time.time_ns(), f"{trace} failed", trace_id=trace)
        for trace in traces
    ]
    await database.query("INSERT INTO alert $rows", rows=rows)


async def states(database):
    found, _ = await alerts_of(database, 200, None)
    return {row["trace_id"]: (row["state"], row["attempts"], row.get("last_error")) for row in found}


async def test_each_is_a_message_of_its_own_where_there_are_few(database):
    webhook = Webhook()
    await wait_for(database, "1", "2")
    delivery = webhook.delivery(database)
    await delivery.send_due()
    await delivery.send_due()
    assert sorted(traces for _, traces in webhook.got) == [["1"], ["2"]]
    assert await states(database) == {"1": ("delivered", 1, None), "2": ("delivered", 1, None)}
    assert webhook.told == {"delivered": 2}


async def test_of_many_the_last_message_of_a_minute_has_all_the_others(database):
    webhook = Webhook()
    await wait_for(database, *(f"{number:02}" for number in range(40)))
    delivery = webhook.delivery(database)
    await delivery.send_due()
    await wait_for(database, "later")
    await delivery.send_due()
    assert [len(traces) for _, traces in webhook.got] == [1, 1, 1, 1, 36]
    told = await states(database)
    assert told.pop("later") == ("waiting", 0, None)
    assert set(told.values()) == {("delivered", 1, None)}


async def test_a_message_of_several_stays_the_same_message_when_it_is_sent_again_by_another_process(database):
    webhook = Webhook(Outcome("no"))
    rules = OPS._replace(per_minute=1)
    await wait_for(database, "1", "2", "3")
    await webhook.delivery(database, rules).send_due()
    await wait_for(database, "4")
    await webhook.delivery(database, rules._replace(per_minute=2)).send_due()
    first, *others = webhook.got
    assert first[1] == ["1", "2", "3"]
    assert first in others
    assert sorted(traces for _, traces in others) == [["1", "2", "3"], ["4"]]
    assert (await states(database))["1"] == ("delivered", 2, "no")


async def test_it_is_given_up_after_the_last_pause(database):
    webhook = Webhook(*[Outcome("no")] * 9)
    await wait_for(database, "1")
    delivery = webhook.delivery(database)
    for _ in range(5):
        await delivery.send_due()
    assert await states(database) == {"1": ("failed", 3, "no")}
    assert webhook.told == {"retried": 2, "failed": 1}


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 60), (7200.0, 7200), (10.0**9, 86400)])
async def test_it_waits_longer_each_time_or_as_long_as_it_is_asked_to_up_to_a_day(database, asked, seconds):
    webhook = Webhook(Outcome("busy", asked))
    await wait_for(database, "1")
    delivery = webhook.delivery(database, pauses=(60.0, 600.0))
    before = time.time_ns()
    await delivery.send_due()
    after = time.time_ns()
    await delivery.send_due()
    assert len(webhook.got) == 1
    ((row,), _) = await alerts_of(database, 1, None)
    assert seconds * 0.99 <= (row["next_at"] - before) / NS
    assert (row["next_at"] - after) / NS <= seconds * 1.2


async def test_of_two_receivers_one_sends(connect):
    one, other = await connect(), await connect()
    webhook = Webhook()
    rules = OPS._replace(per_minute=100)
    await wait_for(one, *map(str, range(30)))

    async def send(database):
        delivery = webhook.delivery(database, rules)
        for _ in range(3):
            with contextlib.suppress(ConflictError):
                await delivery.send_due()

    await asyncio.gather(send(one), send(other))
    assert sorted(int(trace) for _, traces in webhook.got for trace in traces) == [*range(30)]


async def test_one_that_ends_meanwhile_leaves_the_message_to_the_next(database):
    webhook = Webhook()
    webhook.taking.clear()
    await wait_for(database, "1")
    sending = asyncio.create_task(webhook.delivery(database).send_due())
    while not webhook.got:
        await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    webhook.taking.set()
    await webhook.delivery(database).send_due()
    assert len(webhook.got) == 1  # it may still be taken
    await database.query("UPDATE alert SET next_at = 0")
    await webhook.delivery(database).send_due()
    assert webhook.got[0] == webhook.got[1]
    assert await states(database) == {"1": ("delivered", 2, None)}


async def test_what_the_settings_do_not_name_is_not_sent_and_what_is_old_is_deleted(database):
    webhook = Webhook()
    await wait_for(database, "other", webhook="gone")
    await wait_for(database, *map(str, range(600)), now=time.time_ns() - 31 * 86400 * NS)
    await database.query("UPDATE alert SET state = 'delivered' WHERE webhook = 'ops'")
    await wait_for(database, "new")
    task = asyncio.create_task(keep_alerting(database, [OPS], webhook.post, every=0.05))
    async with asyncio.timeout(60):
        while len(told := await states(database)) > 2 or told["other"][0] == "waiting" or told["new"][0] == "waiting":
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told["other"] == ("failed", 0, "not sent: the settings do not name this webhook any more")
    assert told["new"][0] == "delivered"


async def test_who_is_not_to_send_does_not(database):
    webhook = Webhook()
    await wait_for(database, "1")
    task = asyncio.create_task(keep_alerting(database, [OPS], webhook.post, is_due=lambda: False, every=0.01))
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert webhook.got == []


async def test_alerts_are_listed_in_pages(database):
    for number in range(5):
        await wait_for(database, str(number), now=10**18 + number)
    first, cursor = await alerts_of(database, 2, None)
    second, cursor = await alerts_of(database, 2, cursor)
    last, end = await alerts_of(database, 2, cursor)
    assert [row["trace_id"] for row in first + second + last] == ["4", "3", "2", "1", "0"]
    assert end is None
