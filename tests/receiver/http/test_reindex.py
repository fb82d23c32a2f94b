"""Filling the search index anew over HTTP: searches are answered meanwhile."""

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = {"timestamp": "2026-01-07T19:00:00Z", "properties": {"output": "an apple was refused"}}


async def ready(receiver):
    async with asyncio.timeout(60):
        while (stats := await receiver.read("/api/v1/stats"))["index_state"] != "ready" or stats["index_pending"]:
            await asyncio.sleep(0.05)
    return stats


async def test_it_fills_another_index_and_search_goes_on(start):
    receiver = await start(model="minilm")
    event_id = (await receiver.post("/api/v1/events", _json(EVENT))).json()["event_id"]
    assert (await ready(receiver))["indexed"] == 1
    answer = await receiver.post("/api/v1/reindex", "{}")
    assert (answer.status, answer.json()["index_state"]) == (200, "reindexing")
    answers = 0
    while (await receiver.read("/api/v1/stats"))["index_state"] != "ready":
        for mode in ("hybrid", "semantic", "keyword"):
            told = await receiver.read(f"/api/v1/search?q=apple&mode={mode}")
            assert [result["event"]["id"] for result in told["results"]] == [event_id]
        answers += 1
    assert answers
    assert (await ready(receiver)) | {"version": ""} == {
        "events": 1, "traces": 1, "sessions": 0, "indexed": 1, "version": "",
        "index_state": "ready", "index_progress": 1.0, "index_pending": 0,
        "interpretation_state": "ready", "interpretation_pending": 0, "interpretation_lag_seconds": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(("body", "said"), [("[]", "object"), ('{"model": "x"}', "model"), ("", "object")])
async def test_what_it_does_not_understand_is_refused(receiver, body, said):
    answer = await receiver.post("/api/v1/reindex", body)
    assert (answer.status, said in answer.json()["message"]) == (400, True)


async def test_where_search_is_off_there_is_nothing_to_fill(receiver):
    answer = await receiver.post("/api/v1/reindex", "{}")
    assert (answer.status, "search is off" in answer.json()["message"]) == (400, True)
    assert (await receiver.get("/api/v1/reindex")).status == 405


def _json(event):
    import json

    return json.dumps(event)
