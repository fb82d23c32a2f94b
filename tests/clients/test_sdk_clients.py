"""The exporters of JavaScript's, Go's and Java's SDKs, with and without gzip."""

import json
import subprocess

import pytest


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_spans_and_logs_arrive(sender, receiver, compression):
    run = subprocess.run(
        sender.command,
        env=sender.environment(receiver, OTEL_EXPORTER_OTLP_COMPRESSION=compression),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    sent = json.loads(run.stdout)
    tools = sent["tools"]

    stored = receiver.events(session_id="travel-conversation")
    spans = [event for event in stored if event["span_id"]]
    logs = [event for event in stored if event["kind"] == "log_record"]
    span_events = [event for event in stored if event["kind"] == "span_event"]
    assert (len(spans), len(logs), len(span_events)) == (1 + tools, tools, tools + 1)
    assert receiver.stored() == len(stored) == len(spans) + len(logs) + len(span_events)
    assert {event["trace_id"] for event in stored} == {sent["trace_id"]}
    assert {event["resource"]["service.name"] for event in stored} == {"travel-agent"}
    assert {event["agent_id"] for event in stored} == {"travel-agent"}

    calls = {event["span_id"]: event for event in spans if event["event_type"] == "tool_call"}
    properties = sorted((event["properties"] for event in calls.values()), key=lambda each: each["test.integer"])
    assert [each["test.integer"] for each in properties] == list(range(tools))
    assert [each["test.double"] for each in properties] == [call + 0.25 for call in range(tools)]
    assert {tuple(each["test.list"]) for each in properties} == {("a", "b")}
    assert json.loads(properties[0]["gen_ai.tool.call.arguments"]) == {"to": "Zürich 🛫", "seat": 0}
    assert {event["parent_span_id"] for event in logs} == set(calls)
    assert {event["properties"]["body"] for event in logs} == {f"seat {call} asked for" for call in range(tools)}

    (exception,) = (event for event in span_events if event["event_type"] == "error")
    assert exception["properties"]["exception.message"] == "no seat left"
    assert calls[exception["parent_span_id"]]["status"] == "error"
    assert [event["severity"] for event in logs].count("ERROR") == 1
