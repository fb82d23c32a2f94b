"""Search through HTTP, with the real model and the embedded index."""

import asyncio
import json

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTES = [
    ("one", "decision", "The forecast says sunshine all week"),
    ("one", "error", "Payment was declined by the bank"),
    ("two", "error", "The bank could not be reached"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def indexed(start_shared):
    receiver = await start_shared(data="indexed", model="minilm")
    events = [
        {"timestamp": "2026-01-07T19:00:00Z", "session_id": session, "event_type": kind, "properties": {"note": note}}
        for session, kind, note in NOTES
    ]
    await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))
    async with asyncio.timeout(60):
        while True:
            stats = await receiver.read("/api/v1/stats")
            if (stats["index_state"], stats["index_pending"]) == ("ready", 0):
                break
            await asyncio.sleep(0.05)
    assert stats["indexed"] == 3
    return receiver


def notes(told):
    return [result["event"]["properties"]["note"] for result in told["results"]]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("q=what+will+the+weather+be&mode=semantic", NOTES[0][2]),
        ("q=money+could+not+be+transferred&mode=semantic&session_id=one", NOTES[1][2]),
        ("q=declined&mode=keyword", NOTES[1][2]),
        ("q=bank+declined", NOTES[1][2]),
    ],
)
async def test_the_best_comes_first(indexed, query, first):
    assert notes(await indexed.read(f"/api/v1/search?{query}"))[0] == first


async def test_the_answer_says_what_was_searched_and_how_the_index_is(indexed):
    told = await indexed.read("/api/v1/search?q=bank&limit=1")
    assert (told["query"], told["mode"], told["index"]) == ("bank", "hybrid", {"state": "ready", "pending": 0})
    assert told["took_ms"] > 0
    assert len(told["results"]) == 1
    assert set(told["results"][0]) == {"score", "event", "highlights"}


async def test_filters_hold_for_results(indexed):
    told = await indexed.read("/api/v1/search?q=bank&event_type=error&session_id=two")
    assert notes(told) == [NOTES[2][2]]


async def test_results_may_be_grouped(indexed):
    told = await indexed.read("/api/v1/search?q=bank&mode=keyword&group_by=session")
    assert sorted(result["event"]["session_id"] for result in told["results"]) == ["one", "two"]
    assert len(notes(await indexed.read("/api/v1/search?q=the+bank+payment+forecast&group_by=session"))) == 2
