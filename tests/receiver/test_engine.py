"""The embedded engine's process dies under load: it is started again, and clients see that as a store that is away."""

import asyncio
import json
import os
import signal

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

SENDERS = 8
EVENTS = 20
KILLS = 3
GOES_ON_WITHIN = 60


def batch(name):
    events = [
        {"timestamp": "2026-01-09T12:00:00Z", "event_id": f"{name}-{number}", "session_id": f"session-{number}"}
        for number in range(EVENTS)
    ]
    return json.dumps({"events": events})


class Clients:
    """Senders and a reader. `acknowledged` holds the ids of each batch, `refusals` what Retry-After said."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.acknowledged, self.refusals = {}, []
        self.stopping = False

    async def send(self, sender):
        number = 0
        while not self.stopping:
            name = f"{sender}-{number}"
            answer = await self.receiver.post("/api/v1/events/batch", batch(name))
            if answer.status == 200:
                self.acknowledged[name] = answer.json()["event_ids"]
                number += 1
            else:  # it is sent again, until it is taken
                await self.refused(answer)

    async def read(self):
        while not self.stopping:
            answer = await self.receiver.get("/api/v1/events?limit=50")
            if answer.status != 200:
                await self.refused(answer)

    async def refused(self, answer):
        assert answer.status == 503, answer.body
        self.refusals.append(int(answer.headers["Retry-After"]))
        await asyncio.sleep(0.05)

    async def go_on(self):
        enough = len(self.acknowledged) + 3 * SENDERS
        async with asyncio.timeout(GOES_ON_WITHIN):
            while len(self.acknowledged) < enough:
                await asyncio.sleep(0.01)


async def test_an_engine_that_is_killed_under_load_costs_clients_a_503_and_no_event(start):
    receiver = await start()
    clients = Clients(receiver)
    async with asyncio.TaskGroup() as running:
        running.create_task(clients.read())
        for sender in range(SENDERS):
            running.create_task(clients.send(sender))
        for _ in range(KILLS):
            await clients.go_on()
            seen = len(clients.refusals)
            os.kill(receiver.storage._database._connection.pid, signal.SIGKILL)
            await clients.go_on()
            assert len(clients.refusals) > seen
        clients.stopping = True

    assert min(clients.refusals) >= 1
    batches = len(clients.acknowledged)
    ids = {event_id for batch_ids in clients.acknowledged.values() for event_id in batch_ids}
    assert len(ids) == batches * EVENTS
    # A batch that was stored and whose acknowledgement did not come was sent again: it is there once, too.
    assert (await receiver.read("/api/v1/stats"))["events"] == len(ids)
    assert await listed(receiver) == sorted(ids)
    for number in range(EVENTS):
        assert (await receiver.read(f"/api/v1/sessions/session-{number}"))["event_count"] == batches


async def listed(receiver):
    found, cursor = [], ""
    while cursor is not None:
        page = await receiver.read(f"/api/v1/events?limit=200{cursor and f'&cursor={cursor}'}")
        found += [event["id"] for event in page["events"]]
        cursor = page["next_cursor"]
    return sorted(found)
