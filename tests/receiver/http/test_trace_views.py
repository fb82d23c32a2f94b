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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": EVENTS}))
    assert answer.json()["ingested"] == len(EVENTS)
    return receiver


@pytest.mark.parametrize("given", [TRACE, "F605B431-ae43-4e4b-9194-7d3cf2ed4f16"])
async def test_a_traces_outline(filled, given):
    told = await filled.read(f"/api/v1/traces/{given}/outline")
    assert (told["id"], told["event_count"], told["truncated"]) == (TRACE, 2, False)
    assert [(event["name"], event["status"]) for event in told["events"]] == [("step 0", "unset"), ("step 1", "error")]
