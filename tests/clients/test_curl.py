"""The JSON route, called by curl with two example requests."""

import json
import subprocess
import uuid

ONE = """{
    "timestamp": "2026-01-07T19:00:00Z",
    "event_type": "tool_call",
    "agent_id": "test-agent-001",
    "session_id": "session-12345",
    "properties": {
      "tool_name": "web_search",
      "input": "latest AI news",
      "output": "Found 10 articles about AI breakthroughs"
    }
  }"""

THREE = """{
    "events": [
      {
        "timestamp": "2026-01-07T19:00:00Z",
        "event_type": "tool_call",
        "agent_id": "test-agent-001",
        "session_id": "session-67890",
        "properties": {"tool_name": "web_search", "input": "weather forecast", "output": "Sunny, 75F"}
      },
      {
        "timestamp": "2026-01-07T19:00:05Z",
        "event_type": "decision",
        "agent_id": "test-agent-001",
        "session_id": "session-67890",
        "properties": {"decision": "book_flight", "reasoning": "Weather is good for travel"}
      },
      {
        "timestamp": "2026-01-07T19:00:10Z",
        "event_type": "tool_call",
        "agent_id": "test-agent-001",
        "session_id": "session-67890",
        "properties": {
          "tool_name": "booking_api",
          "input": {"destination": "NYC", "date": "2026-01-15"},
          "output": "Flight booked successfully"
        }
      }
    ],
    "options": {
      "auto_create_traces": true,
      "generate_embeddings": true
    }
  }"""


def post(curl, url, body):
    run = subprocess.run(
        [curl, "-sS", "-w", "\n%{http_code}", "-X", "POST", url, "-H", "Content-Type: application/json", "-d", body],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    answer, _, status = run.stdout.rpartition("\n")
    assert status == "200", run.stdout
    return json.loads(answer)


def test_one_event(curl, receiver):
    answer = post(curl, f"{receiver.url}/api/v1/events", ONE)
    assert set(answer) == {"event_id", "trace_id", "created_at", "status"}
    assert answer["created_at"] == "2026-01-07T19:00:00Z"
    assert answer["status"] == "accepted"
    assert str(uuid.UUID(answer["event_id"])) == answer["event_id"]

    (event,) = receiver.events()
    assert (event["id"], event["trace_id"]) == (answer["event_id"], answer["trace_id"])
    assert event["timestamp"] == "2026-01-07T19:00:00.000000000Z"
    assert event["properties"] == json.loads(ONE)["properties"]
    assert (event["event_type"], event["agent_id"], event["session_id"]) == (
        "tool_call",
        "test-agent-001",
        "session-12345",
    )


def test_a_batch_of_one_session_makes_one_trace(curl, receiver):
    answer = post(curl, f"{receiver.url}/api/v1/events/batch", THREE)
    assert (answer["ingested"], answer["failed"], answer["errors"]) == (3, 0, [])
    (trace_id,) = answer["trace_ids"]

    trace = receiver.get(f"/api/v1/traces/{trace_id}")
    assert trace["session_id"] == "session-67890"
    assert [event["id"] for event in trace["events"]] == answer["event_ids"]
    assert [event["properties"] for event in trace["events"]] == [
        event["properties"] for event in json.loads(THREE)["events"]
    ]
    assert receiver.stored() == 3
