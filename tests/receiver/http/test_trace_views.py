"""Traces as they are looked at, over HTTP. What they hold is tested with the store."""

import json

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "f605b431ae434e4b91947d3cf2ed4f16"
EVENTS = [
    {
        "event_id": f"event {number}",
        "timestamp": f"2026-01-07T19:00:0{number}Z",
        "trace_id": TRACE,
        "agent_id": "agent",
        "event_type": kind,
        "properties": {"name": f"step {number}"},
    }
    for number, kind in enumerate(["decision", "error"])
]
EVENTS += [
    {
        "event_id": "event 2",
        "timestamp": "2026-01-07T19:00:02Z",
        "trace_id": TRACE,
        "event_type": "model_call",
        "properties": {
            "name": "step 2",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "How deep\n is it?"},
            ],
            "output": [{"type": "tool_use", "id": "c", "name": "depth", "input": {"at": "Tortosa"}}],
        },
    }
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": EVENTS}))
    assert answer.json()["ingested"] == len(EVENTS)
    return receiver


@pytest.mark.parametrize("given", [TRACE, "F605B431-ae43-4e4b-9194-7d3cf2ed4f16"])
async def test_a_traces_outline(filled, given):
    told = await filled.read(f"/api/v1/traces/{given}/outline")
    assert (told["id"], told["event_count"], told["truncated"]) == (TRACE, 3, False)
    assert [(event["name"], event["status"]) for event in told["events"]] == [
        ("step 0", "unset"),
        ("step 1", "error"),
        ("step 2", "unset"),
    ]


async def test_when_traces_began(filled):
    told = await filled.read("/api/v1/activity?buckets=2&since=2026-01-07T18:00:00Z&until=2026-01-07T20:00:00Z")
    assert told == {
        "since": "2026-01-07T18:00:00.000000000Z",
        "until": "2026-01-07T20:00:00.000000000Z",
        "complete": True,
        "buckets": [
            {"start": "2026-01-07T18:00:00.000000000Z", "traces": 0, "failed": 0},
            {"start": "2026-01-07T19:00:00.000000000Z", "traces": 1, "failed": 0},
        ],
        "earlier": 0,
        "later": 0,
    }
    assert len((await filled.read("/api/v1/activity"))["buckets"]) == 1  # one trace: a nanosecond


@pytest.mark.parametrize("buckets", ["0", "201", "many"])
async def test_activity_takes_a_number_of_buckets(receiver, buckets):
    answer = await receiver.get(f"/api/v1/activity?buckets={buckets}")
    assert answer.status == 400
    assert answer.json()["message"] == f"buckets: expected a whole number from 1 to 200; got '{buckets}'"


async def test_what_an_event_says(filled):
    assert await filled.read("/api/v1/events/event%202/messages") == {
        "system": [{"type": "text", "text": "Be brief."}],
        "sent": [{"role": "user", "parts": [{"type": "text", "text": "How deep\n is it?"}]}],
        "answered": [
            {
                "role": "assistant",
                "parts": [{"type": "tool_call", "id": "c", "name": "depth", "arguments": {"at": "Tortosa"}}],
            }
        ],
        "tool": None,
        "error": None,
        "missing": 0,
    }


async def test_a_trace_as_one_conversation(filled):
    told = await filled.read(f"/api/v1/traces/{TRACE}/conversation")
    said = [(turn["role"], turn["parts"][0]["type"], turn["agent_id"]) for turn in told["turns"]]
    assert said == [
        ("error", "text", "agent"),
        ("system", "text", "agent"),
        ("user", "text", "agent"),
        ("assistant", "tool_call", "agent"),
    ]
    assert told["turns"][0]["parts"] == [{"type": "text", "text": "step 1 failed"}]
    assert told["turns"][3]["event_id"] == (await filled.read("/api/v1/events/event%202"))["id"]
    assert told["truncated"] is False


@pytest.mark.parametrize("place", range(6))
async def test_a_conversation_is_entered_at_any_moment_and_read_both_ways(receiver, place):
    session, moments = f"entered at {place}", [f"2026-01-07T19:00:0{second}Z" for second in range(5)]
    for moment in moments:
        said = {"role": "user", "content": f"said at {moment}"}
        properties = {"gen_ai.operation.name": "chat", "messages": [said]}
        event = {"timestamp": moment, "agent_id": "a", "session_id": session, "event_type": "model_call"}
        await receiver.post("/api/v1/events", json.dumps(event | {"properties": properties}))
    (trace,) = (await receiver.read(f"/api/v1/traces?session_id={session.replace(' ', '+')}"))["traces"]

    async def texts(side, at):
        told = await receiver.read(f"/api/v1/traces/{trace['id']}/conversation?from={side}&at={at}")
        return [turn["parts"][0]["text"] for turn in told["turns"]]

    at = f"2026-01-07T19:00:0{place}Z"
    all_texts = [f"said at {moment}" for moment in moments]
    assert await texts("end", at) + await texts("start", at) == all_texts
    assert await texts("start", at) == all_texts[place:]


async def test_a_moment_to_enter_at_is_checked(filled):
    answer = await filled.get(f"/api/v1/traces/{TRACE}/conversation?at=noon")
    assert answer.status == 400
    assert answer.json()["message"].startswith("at: expected a moment in RFC 3339")
