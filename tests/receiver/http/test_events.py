"""The routes that take JSON events."""

import asyncio
import itertools
import json
import re
import time
from uuid import UUID

import pytest

from mapping.errors import Code, Problem
from mapping.json.events import EventRequest
from mapping.times import parse_rfc3339

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE = {
    "timestamp": "2026-01-07T19:00:00Z",
    "event_type": "tool_call",
    "agent_id": "test-agent-001",
    "session_id": "session-12345",
    "properties": {
        "tool_name": "web_search",
        "input": "latest AI news",
        "output": "Found 10 articles about AI breakthroughs",
    },
}
BATCH = {
    "events": [
        {
            "timestamp": "2026-01-07T19:00:00Z",
            "event_type": "tool_call",
            "agent_id": "test-agent-001",
            "session_id": "session-67890",
            "properties": {"tool_name": "web_search", "input": "weather forecast", "output": "Sunny, 75F"},
        },
        {
            "timestamp": "2026-01-07T19:00:05Z",
            "event_type": "decision",
            "agent_id": "test-agent-001",
            "session_id": "session-67890",
            "properties": {"decision": "book_flight", "reasoning": "Weather is good for travel"},
        },
        {
            "timestamp": "2026-01-07T19:00:10Z",
            "event_type": "tool_call",
            "agent_id": "test-agent-001",
            "session_id": "session-67890",
            "properties": {
                "tool_name": "booking_api",
                "input": {"destination": "NYC", "date": "2026-01-15"},
                "output": "Flight booked successfully",
            },
        },
    ],
    "options": {"auto_create_traces": True, "generate_embeddings": True},
}


def event(**fields):
    return {"timestamp": "2026-01-07T19:00:00Z"} | fields


async def post(receiver, value, path="/api/v1/events", **headers):
    return await receiver.post(path, json.dumps(value), **headers)


async def post_batch(receiver, *events, **options):
    answer = await post(receiver, {"events": events, "options": options}, "/api/v1/events/batch")
    assert answer.status == 200, answer.body
    return answer.json()


async def conversation_of(receiver, events):
    """Send events of the session `s`, and return what its conversation is."""
    await post_batch(receiver, *events)
    async with asyncio.timeout(30):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.02)
    return (await receiver.read("/api/v1/sessions/s/conversation"))["turns"]


async def stored(receiver):
    return (await receiver.read("/api/v1/stats"))["events"]


class TestOne:
    async def test_is_answered_as_the_seed_answers(self, receiver):
        answer = await post(receiver, ONE)
        told = answer.json()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert set(told) == {"event_id", "trace_id", "created_at", "status"}
        assert (told["created_at"], told["status"]) == ("2026-01-07T19:00:00Z", "accepted")
        assert str(UUID(told["event_id"])) == told["event_id"]
        assert re.fullmatch("[0-9a-f]{32}", told["trace_id"])
        assert (await receiver.read(f"/api/v1/events/{told['event_id']}"))["trace_id"] == told["trace_id"]

    async def test_has_its_timestamp_echoed_as_it_was_written(self, receiver):
        answer = await post(receiver, event(timestamp="2026-01-07t20:00:00.1234567890+01:00"))
        assert answer.json()["created_at"] == "2026-01-07t20:00:00.1234567890+01:00"

    async def test_without_a_timestamp_has_the_time_of_its_arrival_and_that_is_said(self, receiver):
        before = time.time_ns()
        told = (await post(receiver, {"event_type": "tool_call"})).json()
        assert told["warning"] == "timestamp: there is none; the time of its arrival was taken"
        stored_event = await receiver.read(f"/api/v1/events/{told['event_id']}")
        assert stored_event["timestamp"] == told["created_at"]
        assert before <= parse_rfc3339(told["created_at"]) <= time.time_ns()

    async def test_is_new_each_time_unless_something_identifies_it(self, receiver):
        first, second = [(await post(receiver, ONE)).json() for _ in range(2)]
        assert first["event_id"] != second["event_id"]
        assert first["trace_id"] == second["trace_id"]  # the session's

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (event(event_id="order 7"), {}),
            (event(event_id="B76FE7D9-9499-492D-A968-805BC0A1AB3C"), {}),
            (event(), {"idempotency_key": "retry-7"}),
            (event(source={"system": "cloudwatch", "log_group": "g", "log_stream": "s", "log_id": "7"}), {}),
        ],
    )
    async def test_that_comes_again_is_one_event_with_the_same_ids(self, fresh, body, headers):
        first, second = [(await post(fresh, body, **headers)).json() for _ in range(2)]
        assert first == second
        assert await stored(fresh) == 1

    async def test_that_the_store_refuses_is_an_error(self, receiver, monkeypatch):
        async def refuse(_events):
            return [Problem(Code.INVALID_ARGUMENT, "properties: expected less")]

        monkeypatch.setattr(receiver.storage.writer, "write", refuse)
        answer = await post(receiver, ONE)
        assert (answer.status, answer.json()["message"]) == (400, "properties: expected less")


class TestBadRequest:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "body"),
            (b"{", "body"),
            (b"\xff", "body"),
            (b"[]", "expected `object`, got `array`"),
            (b"{}", "expected an event with at least one of timestamp, properties"),
            (b'{"timestamp": 5}', "timestamp: expected `str | null`, got `int`"),
            (b'{"timestamp": "yesterday"}', "timestamp: expected RFC 3339"),
            (b'{"timestamp": "2026-01-07T19:00:00"}', "timestamp: expected RFC 3339 with a zone"),
            (b'{"timestamp": "2026-01-07T19:00:00Z", "source": "x"}', "source: expected"),
            (b'{"timestamp": "2026-01-07T19:00:00Z", "session_id": 7}', "session_id: expected"),
            (
                b'{"timestamp": "2026-01-07T19:00:00Z", "trace_id": "%s"}' % (b"x" * 201),
                "trace_id: expected `str` of length <= 200",
            ),
        ],
    )
    async def test_is_400_that_names_the_field(self, fresh, body, message):
        answer = await fresh.post("/api/v1/events", body)
        told = answer.json()
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json")
        assert set(told) == {"error", "message"}
        assert told["error"] == "invalid_argument"
        assert message in told["message"]
        assert await stored(fresh) == 0

    @pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events/batch"])
    @pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-protobuf"])
    async def test_that_is_not_json_is_415(self, receiver, path, content_type):
        answer = await receiver.post(path, b"{}", content_type)
        assert (answer.status, answer.json()["error"]) == (415, "unsupported_media_type")

    @pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events/batch"])
    async def test_with_another_method_is_405(self, receiver, path):
        answer = await receiver.send("PUT", path)
        assert (answer.status, answer.json()["error"]) == (405, "method_not_allowed")

    async def test_to_nowhere_is_404(self, receiver):
        answer = await receiver.post("/api/v1/event", b"{}")
        assert (answer.status, answer.json()["error"]) == (404, "not_found")


class TestBatch:
    async def test_of_the_seed_is_answered_as_the_seed_answers_with_one_trace_for_its_session(self, receiver):
        answer = await post(receiver, BATCH, "/api/v1/events/batch")
        told = answer.json()
        assert (answer.status, told["ingested"], told["failed"], told["errors"]) == (200, 3, 0, [])
        assert len(told["trace_ids"]) == 1
        assert (told["ingested_count"], told["failed_count"], told["duplicates"]) == (3, 0, 0)
        assert len(set(told["event_ids"])) == 3

    async def test_says_which_events_have_no_timestamp(self, receiver):
        told = await post_batch(receiver, event(), {"event_type": "x"}, "no event", {"agent_id": "a", "timestamp": ""})
        assert [warning["index"] for warning in told["warnings"]] == [1, 3]
        assert told["ingested"] == 3

    async def test_without_times_is_read_in_its_order(self, fresh):
        said = [
            ("user_message", {"content": "Is it raining?"}),
            ("tool_start", {"tool": "weather", "args": {"city": "Paris"}}),
            ("tool_end", {"tool": "weather", "result": "sunny"}),
            ("assistant_message", {"content": "No."}),
            ("user_message", {"content": "And in Rome?"}),
            ("assistant_message", {"content": "Neither."}),
        ]
        turns = await conversation_of(
            fresh, [{"event_type": kind, "session_id": "s", "properties": what} for kind, what in said]
        )
        assert [(turn["role"], turn["parts"][0]["type"]) for turn in turns] == [
            ("user", "text"), ("assistant", "tool_call"), ("tool", "tool_result"), ("assistant", "text"),
            ("user", "text"), ("assistant", "text"),
        ]  # fmt: skip
        texts = [part["text"] for turn in turns for part in turn["parts"] if part["type"] == "text"]
        assert texts == ["Is it raining?", "No.", "And in Rome?", "Neither."]

    async def test_whose_messages_are_of_one_second_is_read_in_its_order(self, fresh):
        said = [f"message {number}" for number in range(12)]
        message = event(event_type="user_message", session_id="s")
        turns = await conversation_of(fresh, [message | {"properties": {"content": text}} for text in said])
        assert [turn["parts"][0]["text"] for turn in turns] == said

    async def test_loses_only_the_bad_events(self, fresh):
        told = await post_batch(fresh, event(), event(timestamp="soon"), "no event", event(), {})
        assert (told["ingested"], told["failed"]) == (2, 3)
        assert [error["index"] for error in told["errors"]] == [1, 2, 4]
        assert "timestamp: expected RFC 3339" in told["errors"][0]["error"]
        assert [event_id is None for event_id in told["event_ids"]] == [False, True, True, False, True]
        assert await stored(fresh) == 2

    async def test_of_a_hundred_keeps_ninety_nine_whatever_the_other_holds(self, fresh):
        wrong = [None, True, 5, -(2**70), 1.5, "x", "\ud83d", [], [None], {}, {"a": [1]}]
        fields = [None, *EventRequest.__struct_fields__]
        others = await stored(fresh)
        for field, value in itertools.product(fields, wrong):
            events = [event(properties={"n": number}) for number in range(100)]
            events[7] = value if field is None else event(**{field: value})
            told = await post_batch(fresh, *events)
            assert all(told["event_ids"][:7] + told["event_ids"][8:]), (field, value, told["errors"])
            assert told["ingested"] == 100 - told["failed"] >= 99
            # What identifies an event makes it one that was there.
            others += told["ingested"] - told["duplicates"]
        assert await stored(fresh) == others

    async def test_names_each_trace_once_in_the_order_they_appear(self, receiver):
        a, b = "a" * 32, "b" * 32
        told = await post_batch(receiver, *(event(trace_id=trace_id) for trace_id in (b, a, b, a)))
        assert told["trace_ids"] == [b, a]

    async def test_takes_a_trace_id_as_uuid(self, receiver):
        told = await post_batch(receiver, event(trace_id="F605B431-ae43-4e4b-9194-7d3cf2ed4f16"))
        assert told["trace_ids"] == ["f605b431ae434e4b91947d3cf2ed4f16"]

    async def test_counts_what_was_there_already_as_ingested_and_as_duplicate(self, fresh):
        first = await post_batch(fresh, event(event_id="1"), event(event_id="2"))
        again = await post_batch(fresh, event(event_id="1"), event(event_id="3"), event(event_id="3"))
        assert (again["ingested"], again["failed"], again["duplicates"]) == (3, 0, 2)
        assert again["event_ids"][0] == first["event_ids"][0]
        assert await stored(fresh) == 3

    async def test_makes_no_traces_where_it_may_not(self, receiver):
        told = await post_batch(receiver, event(), event(trace_id="c" * 32), auto_create_traces=False)
        assert (told["ingested"], told["failed"]) == (1, 1)
        assert "auto_create_traces" in told["errors"][0]["error"]

    async def test_may_be_empty(self, receiver):
        told = await post_batch(receiver)
        assert (told["ingested"], told["trace_ids"], told["event_ids"]) == (0, [], [])

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"[]", "expected `object`, got `array`"),
            (b"{}", "events"),
            (b'{"events": {}}', "events: expected `array`"),
            (
                b'{"events": [], "options": {"auto_create_traces": "yes"}}',
                "options.auto_create_traces: expected `bool`",
            ),
        ],
    )
    async def test_that_is_none_is_400(self, receiver, body, message):
        answer = await receiver.post("/api/v1/events/batch", body)
        assert answer.status == 400
        assert message in answer.json()["message"]


async def test_a_store_that_opens_takes_nothing_and_says_when_to_come_again(start):
    receiver = await start(opened=False)
    answer = await post(receiver, ONE)
    assert (answer.status, answer.json()["error"]) == (503, "unavailable")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
