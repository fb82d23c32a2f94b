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
LOG = {
    "resourceLogs": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "kitchen"}}]},
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "timeUnixNano": "1767812400000000000",
                            "body": {"stringValue": "The soup is too salty"},
                            "attributes": [{"key": "session.id", "value": {"stringValue": "two"}}],
                        }
                    ]
                }
            ],
        }
    ]
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def indexed(start_shared):
    receiver = await start_shared(data="indexed", model="minilm")
    events = [
        {"timestamp": "2026-01-07T19:00:00Z", "session_id": session, "event_type": kind, "properties": {"note": note}}
        for session, kind, note in NOTES
    ]
    await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))
    await receiver.post("/v1/logs", json.dumps(LOG))
    silent = {"timestamp": "2026-01-07T19:00:00Z", "event_id": "silent", "properties": {"note": "not to be searched"}}
    await receiver.post(
        "/api/v1/events/batch", json.dumps({"events": [silent], "options": {"generate_embeddings": False}})
    )
    async with asyncio.timeout(60):
        while True:
            stats = await receiver.read("/api/v1/stats")
            if (stats["index_state"], stats["index_pending"]) == ("ready", 0):
                break
            await asyncio.sleep(0.05)
    assert stats["indexed"] == 4
    return receiver


def notes(told):
    return [result["event"]["properties"].get("note") for result in told["results"]]


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
    assert set(told["results"][0]) == {"score", "event", "passage", "occurrences", "prompt", "highlights"}
    assert told["results"][0]["occurrences"] == {"events": 1, "traces": 1}


async def test_filters_hold_for_results(indexed):
    told = await indexed.read("/api/v1/search?q=bank&event_type=error&session_id=two")
    assert notes(told) == [NOTES[2][2]]


async def test_the_service_filters_what_is_searched_and_counted(indexed):
    told = await indexed.read("/api/v1/search?q=bank+soup&service=kitchen")
    assert [result["event"]["resource"]["service.name"] for result in told["results"]] == ["kitchen"]
    assert (await indexed.read("/api/v1/facets?service=kitchen"))["events"] == 1
    event_id = told["results"][0]["event"]["id"]
    assert notes(await indexed.read(f"/api/v1/events/{event_id}/similar?service=bakery")) == []


async def test_results_may_be_grouped(indexed):
    told = await indexed.read("/api/v1/search?q=bank&mode=keyword&group_by=session")
    assert sorted(result["event"]["session_id"] for result in told["results"]) == ["one", "two"]
    assert len(notes(await indexed.read("/api/v1/search?q=the+bank+payment+forecast&group_by=session"))) == 2


async def test_a_group_says_how_many_more(indexed):
    told = await indexed.read("/api/v1/search?q=bank&mode=semantic&group_by=session")
    assert {result["event"]["session_id"]: result["more"] for result in told["results"]} == {"one": 1, "two": 1}


async def test_results_show_where_the_words_are(indexed):
    (result,) = (await indexed.read("/api/v1/search?q=declining&mode=keyword"))["results"]
    (passage,) = result["highlights"]
    assert [passage["text"][start:end] for start, end in passage["ranges"]] == ["declined"]


async def test_parts_are_told_on_request(indexed):
    told = await indexed.read("/api/v1/search?q=declined+by+the+bank&parts=true")
    best = told["results"][0]["parts"]
    assert best["keyword"]["rank"] == best["semantic"]["rank"] == 1
    assert 0 < best["semantic"]["score"] <= 1
    assert "parts" not in (await indexed.read("/api/v1/search?q=bank&parts=false"))["results"][0]
    assert (await indexed.get("/api/v1/search?q=bank&parts=yes")).status == 400


async def test_facets_count_what_is_indexed(indexed):
    told = await indexed.read("/api/v1/facets")
    assert told["took_ms"] > 0
    assert (told["events"], told["index"]) == (4, {"state": "ready", "pending": 0})
    assert told["facets"] == {
        "event_type": [
            {"value": "error", "count": 2},
            {"value": "decision", "count": 1},
            {"value": "log", "count": 1},
        ],
        "agent_id": [],
        "service": [{"value": "kitchen", "count": 1}],
        "project": [],
        "status": told["facets"]["status"],
    }
    assert sum(each["count"] for each in told["facets"]["status"]) == 4


async def test_facets_take_the_filters_and_a_limit(indexed):
    told = await indexed.read("/api/v1/facets?session_id=two&limit=1")
    assert told["events"] == 2
    assert told["facets"]["event_type"] == [{"value": "error", "count": 1}]
    assert (await indexed.read("/api/v1/facets?since=2026-01-08T00:00:00Z"))["events"] == 0


async def test_facets_count_what_has_the_words_as_keyword_search_finds_it(indexed):
    told = await indexed.read("/api/v1/facets?q=bank")
    found = await indexed.read("/api/v1/search?q=bank&mode=keyword")
    assert told["events"] == len(found["results"]) == 2
    assert told["facets"]["event_type"] == [{"value": "error", "count": 2}]
    assert (await indexed.read("/api/v1/facets?q=nobodysaidthis"))["events"] == 0


async def test_without_words_the_events_that_facets_count_are_listed(indexed):
    told = await indexed.read("/api/v1/search")
    assert (told["query"], told["mode"], told["next_cursor"]) == (None, None, None)
    assert len(told["results"]) == (await indexed.read("/api/v1/facets"))["events"] == 4
    errors = await indexed.read("/api/v1/search?event_type=error")
    assert sorted(notes(errors)) == sorted(note for _, kind, note in NOTES if kind == "error")


async def test_a_list_without_words_comes_in_pages_and_each_event_once(indexed):
    whole = [result["event"]["id"] for result in (await indexed.read("/api/v1/search"))["results"]]
    pages, cursor = [], ""
    while cursor is not None:
        told = await indexed.read(f"/api/v1/search?limit=1&cursor={cursor}")
        pages += [result["event"]["id"] for result in told["results"]]
        cursor = told["next_cursor"]
    assert pages == whole
    assert (await indexed.get("/api/v1/search?q=bank&cursor=x")).status == 400
    assert (await indexed.get("/api/v1/search?cursor=x")).status == 400
    assert (await indexed.get("/api/v1/search?group_by=trace")).status == 400


async def test_events_like_one_are_found(indexed):
    (declined,) = (await indexed.read("/api/v1/search?q=declined&mode=keyword"))["results"]
    route = f"/api/v1/events/{declined['event']['id']}/similar"
    told = await indexed.read(route)
    assert told["event_id"] == declined["event"]["id"]
    assert told["results"][0]["event"]["properties"]["note"] == NOTES[2][2]
    assert len(told["results"]) == 3
    assert declined["event"]["id"] not in {result["event"]["id"] for result in told["results"]}
    assert notes(await indexed.read(f"{route}?session_id=one")) == [NOTES[0][2]]
    grouped = await indexed.read(f"{route}?group_by=session&limit=2")
    assert {result["event"]["session_id"]: result["more"] for result in grouped["results"]} == {"one": 0, "two": 1}


async def test_an_event_that_is_not_there_is_like_none(indexed):
    answer = await indexed.get("/api/v1/events/nobody/similar")
    assert answer.status == 404
    assert "no event has the id 'nobody'" in answer.json()["message"]


async def test_an_event_that_was_not_to_be_indexed_says_so(indexed):
    answer = await indexed.get("/api/v1/events/silent/similar")
    assert answer.status == 400
    assert "generate_embeddings" in answer.json()["message"]
