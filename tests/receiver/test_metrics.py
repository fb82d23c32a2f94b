import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def metrics(receiver):
    answer = await receiver.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(answer.body.decode()))
    assert all(re.fullmatch("vectadb_receiver_[a-z_]+", family.name) for family in families)
    return {
        (sample.name.removeprefix("vectadb_receiver_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def post(receiver, *events):
    return await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))


async def test_events_are_counted_by_what_became_of_them(fresh):
    event = {"timestamp": "2026-01-07T19:00:00Z"}
    await post(fresh, event | {"event_id": "1"}, event | {"event_id": "1"}, {"timestamp": "soon"}, event)
    counted = await metrics(fresh)
    assert counted["accepted_events_total", "events"] == 2
    assert counted["duplicate_events_total", "events"] == 1
    assert counted["rejected_items_total", "events"] == 1
    assert counted["commit_duration_seconds_count", "events"] == 1


async def test_requests_are_counted_by_route_and_code_and_unknown_paths_as_one(fresh):
    for path in ("/a", "/b", "/api/v1/events/1", "/api/v1/events/2"):
        await fresh.get(path)
    counted = await metrics(fresh)
    assert counted["requests_total", "404", "unknown"] == 2
    assert counted["requests_total", "404", "/api/v1/events/{id}"] == 2
    assert counted["request_duration_seconds_count", "unknown"] == 2


async def test_two_receivers_in_a_process_count_for_themselves(start):
    one, another = await start(data="one"), await start(data="another")
    await post(one, {"timestamp": "2026-01-07T19:00:00Z"})
    assert ("accepted_events_total", "events") not in await metrics(another)


async def test_stores_that_are_not_open_show_as_not_ready_and_without_an_index(start):
    counted = await metrics(await start(opened=False))
    assert counted["ready",] == 0
    assert ("index_pending",) not in counted
