"""The routes that read, and what they ask of the stores. What the stores find is tested with them."""

import json

import pytest
import pytest_asyncio

from receiver.http.parameters import (
    AT,
    BUCKETS,
    BY,
    CALL_FILTERS,
    CALL_SORT,
    CURSOR,
    EVENT_FILTERS,
    FROM,
    GROUP_BY,
    LIMIT,
    MODE,
    PAGE,
    PARTS,
    PERIOD,
    PROJECT,
    QUERY,
    SEARCH_FILTERS,
    SESSION,
    SESSION_FILTERS,
    SORT,
    TRACE_FILTERS,
    WORDS,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "f605b431ae434e4b91947d3cf2ed4f16"
EVENTS = [
    {
        "event_id": f"event {number}",
        "timestamp": f"2026-01-07T19:00:0{number}.123456789Z",
        "trace_id": trace,
        "session_id": session,
        "agent_id": "agent",
        "event_type": kind,
        "properties": {"note": f"the {number}. event"},
    }
    for number, (trace, session, kind) in enumerate(
        [(TRACE, "one", "decision"), (TRACE, "one", "error"), ("a/b {c}", "two", "decision")]
    )
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": EVENTS}))
    assert answer.json()["ingested"] == 3
    return receiver


def ids(items):
    return [item["id"] for item in items]


class TestTraces:
    async def test_are_listed_newest_first(self, filled):
        told = await filled.read("/api/v1/traces")
        assert ids(told["traces"]) == ["a/b {c}", TRACE]
        assert told["next_cursor"] is None

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("session_id=one", [TRACE]),
            ("session_id=", ["a/b {c}", TRACE]),
            ("agent_id=nobody", []),
            ("status=running", ["a/b {c}", TRACE]),
            ("since=2026-01-07T19:00:02Z", ["a/b {c}"]),
            ("until=2026-01-07T20:00:02%2B01:00", [TRACE]),
            ("service=shop", []),
        ],
    )
    async def test_are_filtered(self, filled, query, found):
        assert ids((await filled.read(f"/api/v1/traces?{query}"))["traces"]) == found

    @pytest.mark.parametrize("given", [TRACE, TRACE.upper(), "f605b431-ae43-4e4b-9194-7d3cf2ed4f16"])
    async def test_are_given_with_their_events_in_order(self, filled, given):
        trace = await filled.read(f"/api/v1/traces/{given}")
        assert trace["id"] == TRACE
        assert [event["event_type"] for event in trace["events"]] == ["decision", "error"]
        assert trace["next_cursor"] is None

    async def test_are_found_by_any_text_that_a_client_gave_them(self, filled):
        assert (await filled.read("/api/v1/traces/a%2Fb%20%7Bc%7D"))["id"] == "a/b {c}"

    async def test_are_paged_with_their_events(self, filled):
        first = await filled.read(f"/api/v1/traces/{TRACE}?limit=1")
        second = await filled.read(f"/api/v1/traces/{TRACE}?limit=1&cursor={first['next_cursor']}")
        assert [event["event_type"] for event in first["events"] + second["events"]] == ["decision", "error"]
        assert second["next_cursor"] is None


class TestEvents:
    async def test_are_listed_newest_first_in_pages(self, filled):
        pages, cursor = [], ""
        while cursor is not None:
            told = await filled.read(f"/api/v1/events?limit=2&cursor={cursor}")
            pages.append([event["properties"]["note"] for event in told["events"]])
            cursor = told["next_cursor"]
        assert pages == [["the 2. event", "the 1. event"], ["the 0. event"]]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("trace_id=F605B431-ae43-4e4b-9194-7d3cf2ed4f16", 2),
            ("session_id=two", 1),
            ("event_type=decision", 2),
            ("event_type=decision&session_id=one", 1),
            ("status=error", 1),
            ("since=2026-01-07T19:00:01.123456789Z", 2),
            ("until=2026-01-07T19:00:01.123456789Z", 1),
        ],
    )
    async def test_are_filtered(self, filled, query, found):
        assert len((await filled.read(f"/api/v1/events?{query}"))["events"]) == found

    async def test_are_found_by_the_clients_id_and_by_ours(self, filled):
        event = await filled.read("/api/v1/events/event%201")
        assert event["properties"] == {"note": "the 1. event"}
        assert event["timestamp"] == "2026-01-07T19:00:01.123456789Z"
        assert await filled.read(f"/api/v1/events/{event['id'].upper()}") == event


class TestSessions:
    async def test_are_listed(self, filled):
        assert ids((await filled.read("/api/v1/sessions"))["sessions"]) == ["two", "one"]

    async def test_are_given_with_their_traces(self, filled):
        session = await filled.read("/api/v1/sessions/one")
        assert ids(session["traces"]) == [TRACE]
        assert session["event_count"] == 2


class TestSearch:
    @pytest.mark.parametrize("route", ["search?q=the+1.+event&mode=keyword&event_type=error", "search", "facets"])
    async def test_says_that_it_is_off(self, receiver, route):
        answer = await receiver.get(f"/api/v1/{route}")
        assert (answer.status, "search is off" in answer.json()["message"]) == (400, True)


async def test_stats_count(filled):
    told = await filled.read("/api/v1/stats")
    index = {"indexed", "index_pending", "index_progress", "index_state"}
    interpretation = {"interpretation_state", "interpretation_pending", "interpretation_lag_seconds"}
    assert set(told) == {"events", "traces", "sessions", "version", *index, *interpretation}
    assert (told["events"], told["traces"], told["sessions"]) == (3, 2, 2)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/traces/none",
        "/api/v1/traces/none/outline",
        "/api/v1/traces/none/conversation",
        "/api/v1/events/none",
        "/api/v1/events/none/messages",
        "/api/v1/events/none/similar",
        "/api/v1/sessions/none",
        "/api/v1/sessions/none/conversation",
        "/api/v1/calls/none",
        "/api/v1/calls/none/explain",
    ],
)
async def test_what_is_not_there_is_404(receiver, path):
    answer = await receiver.get(path)
    assert (answer.status, answer.json()["error"]) == (404, "not_found")
    assert "'none'" in answer.json()["message"]


TAKES = {
    "/api/v1/traces": [*TRACE_FILTERS, SORT, *PAGE],
    "/api/v1/traces/none": PAGE,
    "/api/v1/traces/none/outline": [],
    "/api/v1/traces/none/conversation": [SESSION, FROM, AT, CURSOR],
    "/api/v1/sessions/none/conversation": [PROJECT, FROM, AT, CURSOR],
    "/api/v1/calls": [*CALL_FILTERS, CALL_SORT, *PAGE],
    "/api/v1/calls/none": [],
    "/api/v1/calls/none/explain": [],
    "/api/v1/events/none/messages": [],
    "/api/v1/activity": [*TRACE_FILTERS, BUCKETS],
    "/api/v1/overview": [*PERIOD, PROJECT],
    "/api/v1/breakdown": [BY, *PERIOD, PROJECT, LIMIT],
    "/api/v1/events": [*EVENT_FILTERS, *PAGE],
    "/api/v1/events/none": [],
    "/api/v1/sessions": [*SESSION_FILTERS, SORT, *PAGE],
    "/api/v1/sessions/none": [PROJECT],
    "/api/v1/events/none/similar": [GROUP_BY, *SEARCH_FILTERS, LIMIT],
    "/api/v1/search": [QUERY, MODE, GROUP_BY, PARTS, *SEARCH_FILTERS, *PAGE],
    "/api/v1/facets": [WORDS, *SEARCH_FILTERS, LIMIT],
    "/api/v1/stats": [PROJECT],
}


class TestParameter:
    @pytest.mark.parametrize("path", TAKES)
    async def test_that_is_unknown_is_an_error_that_names_the_known_ones(self, receiver, path):
        answer = await receiver.get(f"{path}?colour=red")
        allowed = ", ".join(parameter.name for parameter in TAKES[path]) or "none"
        assert answer.status == 400
        assert answer.json()["message"] == f"colour: unknown parameter; allowed: {allowed}"

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("limit=0", "limit: expected a whole number from 1 to 200; got '0'"),
            ("limit=201", "limit: expected a whole number from 1 to 200"),
            ("limit=-1", "limit: expected"),
            ("limit=1.5", "limit: expected"),
            ("limit=%C2%B2", "limit: expected"),
            ("limit=1&limit=2", "limit: expected once, got 2 times"),
            ("since=yesterday", "since: expected a moment in RFC 3339 with its zone"),
            ("until=2026-01-07T19:00:00", "until: expected a moment in RFC 3339 with its zone"),
            ("status=running", "status: expected one of ok, error, unset; got 'running'"),
            ("cursor=x", "cursor: expected"),
            ("cursor=%FF", "cursor: expected"),
        ],
    )
    async def test_that_is_wrong_is_an_error_that_names_it(self, receiver, query, message):
        answer = await receiver.get(f"/api/v1/events?{query}")
        assert (answer.status, answer.json()["error"]) == (400, "invalid_argument")
        assert message in answer.json()["message"]

    @pytest.mark.parametrize("path", ["/api/v1/traces", "/api/v1/sessions", "/api/v1/traces/none"])
    async def test_is_checked_on_every_route_that_takes_it(self, receiver, path):
        answer = await receiver.get(f"{path}?limit=1000")
        assert "limit: expected" in answer.json()["message"]


@pytest.mark.parametrize("path", TAKES)
async def test_a_store_that_opens_is_503(start, path):
    receiver = await start(opened=False)
    answer = await receiver.get(path + {"search": "?q=x", "breakdown": "?by=tool"}.get(path.rpartition("/")[2], ""))
    assert (answer.status, answer.json()["error"]) == (503, "unavailable")
