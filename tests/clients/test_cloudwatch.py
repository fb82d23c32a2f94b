"""The examples that read CloudWatch, in a real Collector: lines as CloudWatch keeps them come out as calls.

`cloudwatch/README.md` says where the lines are from.
"""

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clients.collecting import ROOT, Collector, cloudwatch, found_valid
from tests.clients.conftest import Receiver
from tests.ports import free_ports

LINES = Path(__file__).parent / "cloudwatch"
RECORDED = ROOT / "tests" / "emitters" / "fixtures" / "aws-distro.json"
GROUPS = "examples/otel-collector-cloudwatch.yaml"
BEDROCK, AGENTCORE = "examples/otel-collector-bedrock.yaml", "examples/otel-collector-agentcore.yaml"
# When each example's lines were written, so that its events are told from those of others: 2026-11-12, -13 and -14.
DAY = 86_400_000
SUPPORT, MODELS, FUNCTION = (1_794_441_600_000 + day * DAY for day in range(3))
INVOCATIONS = "/aws/bedrock/model-invocations"
FORECAST = "/aws/bedrock-agentcore/runtimes/forecast-Cd2-DEFAULT"
RUNTIME = "/aws/bedrock-agentcore/runtimes/weather-Ab1-DEFAULT"


def lines(name):
    return (LINES / name).read_text().splitlines()


def a_second_apart(start, lines):
    """Return lines as CloudWatch has them."""
    return [("stream", start + 1_000 * place, line) for place, line in enumerate(lines)]


def of_day(start):
    """Return the filter of what was written on a day."""
    since, until = (datetime.fromtimestamp(at / 1_000, UTC).isoformat() for at in (start, start + DAY))
    return {"since": since, "until": until}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    """One for all tests here: each looks at the day, or the session, of its own."""
    receiver = Receiver(tmp_path_factory.mktemp("receiver"))
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def read(otelcol, receiver, tmp_path, eventually):
    """Return a function that has a Collector read log groups, until so many more events are stored."""

    def reading(configurations, groups, expected, again=False, **environment):
        expected += receiver.stored()
        with cloudwatch(groups) as credentials:
            environment |= credentials | {"VECTADB_ENDPOINT": receiver.url}
            collector = Collector(otelcol, configurations, tmp_path, free_ports(3), environment)
            collector.set("service::extensions", "[file_storage, health_check]")
            texts = "".join((ROOT / name).read_text() for name in configurations)
            for name in re.findall(r"(?m)^  (awscloudwatch\S*):$", texts):
                collector.set(f"receivers::{name}::logs::poll_interval", "1s")
            try:
                collector.start(eventually)
                eventually(receiver.stored, expected=expected)
                if again:
                    collector.stop()
                    collector.start(eventually)  # it goes on from where it was, which the next polls show
                    time.sleep(3)
            finally:
                collector.stop()
        assert receiver.stored() == expected
        eventually(lambda: receiver.get("/api/v1/stats")["interpretation_pending"], expected=0)

    return reading


def calls(receiver, **filters):
    """Return the calls with all that is known of each, in the order of their start."""
    listed = receiver.get("/api/v1/calls", limit=200, **filters)["calls"]
    told = [receiver.get(f"/api/v1/calls/{call['id']}") for call in listed]
    return sorted(told, key=lambda call: (call["start_time"], call["kind"]))


def said(messages):
    """Return messages in a line each: `role: text`, a call as `name(arguments)`."""
    return [f"{message['role']}: {' '.join(map(_part, message['parts']))}" for message in messages]


def _part(part):
    if part["type"] == "tool_call":
        return f"{part['name']}({json.dumps(part['arguments'])})"
    if part["type"] == "tool_result":
        return json.dumps(part["result"])
    return part.get("text") or part["url"]


@pytest.mark.parametrize("more", [[], [BEDROCK], [AGENTCORE]])
def test_the_collector_finds_the_examples_valid(otelcol, tmp_path, more):
    assert found_valid(otelcol, [GROUPS, *more], tmp_path) == (0, "")


def test_log_groups_arrive_once(read, receiver):
    pages = a_second_apart(SUPPORT, ["fetched page 1", "fetched page 2"])
    read([GROUPS], {"/ecs/support-agent": pages, "/other": pages}, expected=2, again=True, LOG_GROUP_PREFIX="/ecs/")
    stored = receiver.events(**of_day(SUPPORT))
    assert [event["properties"]["body"] for event in stored] == ["fetched page 2", "fetched page 1"]
    assert {event["resource"]["aws.region"] for event in stored} == {"eu-central-1"}
    assert {event["resource"]["cloudwatch.log.group.name"] for event in stored} == {"/ecs/support-agent"}
    assert stored[0]["timestamp"] == "2026-11-12T00:00:01.000000000Z"


STORED = (
    "s3://rivers-logs/AWSLogs/111122223333/BedrockModelInvocationLogs/eu-west-1/2026/11/12/09/data/"
    "00000000-0000-4000-9000-000000000011"
)
# Model, tokens (input, output, read from a cache, written to it), milliseconds, what was sent and answered.
BEDROCK_CALLS = [
    (
        ("eu.amazon.nova-pro-v1:0", (340, 21, 0, 300), 1234),
        ["user: How deep is the Ebro?"],
        ['assistant: I look it up. depth({"river": "Ebro"})'],
    ),
    (
        ("eu.amazon.nova-pro-v1:0", (375, 6, 300, 0), 640),
        [
            "user: How deep is the Ebro?",
            'assistant: I look it up. depth({"river": "Ebro"})',
            'tool: {"metres": 7}',
        ],
        ["assistant: Seven metres."],
    ),
    (("claude-sonnet-4-6", (2412, 5, 0, 2403), 0), ["user: When is high tide?"], ["assistant: At ten."]),
    (
        ("global.anthropic.claude-opus-4-7", (1795, 31, 1789, 0), 2100),
        ["user: And the tide at Tortosa?"],
        ['assistant: I look it up. tide({"at": "Tortosa"})'],
    ),
    (("amazon.nova-lite-v1:0", (11, 4, 0, 0), 390), ["user: Name a river in Portugal."], ["assistant: The Douro."]),
    (
        ("meta.llama3-3-70b-instruct-v1:0", (25, 4, 0, 0), 0),
        ["user: What is the capital of Sudan?"],
        ["assistant: \n\nKhartoum."],
    ),
    (
        ("mistral.mistral-large-2402-v1:0", (12, 5, 0, 0), 0),
        ["user: <s>[INST] Name a lake. [/INST]"],
        ["assistant:  Lake Garda."],
    ),
    (
        ("amazon.titan-text-express-v1", (8, 6, 0, 0), 0),
        ["user: User: Name a sea.\nBot:"],
        ["assistant:  The Black Sea."],
    ),
    (("eu.amazon.nova-pro-v1:0", (None, None, None, None), 0), ["user: How long is the Tagus?"], []),
    (
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", (61234, 4321, 0, 0), 0),
        [f"user: {STORED}_input.json.gz"],
        [f"assistant: {STORED}_output.json.gz"],
    ),
]


def test_bedrock_s_log_arrives_as_calls(read, receiver):
    logged = lines("bedrock.jsonl")
    cut = logged[0][:-200]
    read([GROUPS, BEDROCK], {INVOCATIONS: a_second_apart(MODELS, [*logged, cut])}, expected=len(logged) + 1)
    found = calls(receiver, kind="model", **of_day(MODELS))
    assert [call["provider"] for call in found] == ["aws.bedrock"] * len(BEDROCK_CALLS)
    for call, (figures, sent, answered) in zip(found, BEDROCK_CALLS, strict=True):
        tokens = (f"{part}_tokens" for part in ("input", "output", "cache_read", "cache_write"))
        told = (call["name"], tuple(call[part] for part in tokens), call["duration_ns"] // 1_000_000)
        assert (told, said(call["sent"]), said(call["answered"])) == (figures, sent, answered)
    first, second = found[:2]
    assert (first["system"], second["system"]) == ([{"type": "text", "text": "You know rivers. Be brief."}],) * 2
    assert {call["trace_id"] for call in (first, second)} == {"6d1f0c3a0b7e4c529a8d3f5e7b9c1d20"}
    assert {call["session_id"] for call in (first, second)} == {"rivers-1"}
    (refused,) = [call for call in found if call["status"] == "error"]
    assert (refused["name"], refused["error"]) == ("eu.amazon.nova-pro-v1:0", "ThrottlingException")
    # What is cut short is a line of text; an embedding is no call of a model that answers.
    stored = receiver.events(**of_day(MODELS))
    assert cut in [event["properties"]["body"] for event in stored]
    assert Counter(event["event_type"] for event in stored)["embedding"] == 1


def spans_and_records():
    """Return what AWS's distribution sent for an agent, as the lines that CloudWatch keeps of it."""
    recorded = json.loads(RECORDED.read_text())

    def plain(value):
        ((kind, told),) = value.items()
        if kind == "arrayValue":
            return [plain(one) for one in told.get("values", [])]
        if kind == "kvlistValue":
            return attributes(told.get("values", []))
        return int(told) if kind == "intValue" else told

    def attributes(pairs):
        return {pair["key"]: plain(pair["value"]) for pair in pairs}

    kinds, codes = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT"), ("UNSET", "OK", "ERROR")
    found = []
    for of_resource in recorded["resourceSpans"]:
        resource = {"attributes": attributes(of_resource["resource"]["attributes"])}
        for of_scope in of_resource["scopeSpans"]:
            for span in of_scope["spans"]:
                start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                line = {
                    **span,
                    "resource": resource,
                    "scope": of_scope["scope"],
                    "attributes": attributes(span["attributes"]),
                }
                line |= {"startTimeUnixNano": start, "endTimeUnixNano": end, "durationNano": end - start}
                line |= {"kind": kinds[span["kind"]], "parentSpanId": span.get("parentSpanId", "")}
                line["status"] = {**span["status"], "code": codes[span["status"].get("code", 0)]}
                told = span.get("events", [])
                line["events"] = [
                    {**event, "timeUnixNano": int(event["timeUnixNano"]), "attributes": attributes(event["attributes"])}
                    for event in told
                ]
                found.append(("default", end // 1_000_000, json.dumps(line)))
    return recorded, found


def test_agentcore_s_spans_arrive_as_what_they_are(read, receiver):
    recorded, spans = spans_and_records()
    told = [json.loads(line) for _, _, line in spans]
    expected = len(spans) + sum(len(span["events"]) for span in told)
    # Half of them in the group of all, as older agents have them, and half in the agent's own.
    groups = {"aws/spans": spans[::2], RUNTIME: [("spans", at, line) for _, at, line in spans[1::2]]}
    read([GROUPS, AGENTCORE], groups, expected=expected)
    truth = recorded["truth"]
    whose = {"session": truth["session"]}
    models = calls(receiver, kind="model", **whose)
    assert [(call["name"], call["input_tokens"], call["output_tokens"]) for call in models] == [
        (call["model"], call.get("input_tokens"), call.get("output_tokens")) for call in truth["model_calls"]
    ]
    assert said(models[0]["sent"]) == [f"user: {truth['question']}"]
    assert said(models[2]["answered"]) == [f"assistant: {truth['answer']}"]
    assert {call["session_id"] for call in models} == {truth["session"]}
    assert [call["arguments"] for call in calls(receiver, kind="tool", **whose)] == [
        call["arguments"] for call in truth["tool_calls"]
    ]
    assert {call["name"] for call in calls(receiver, kind="agent", **whose)} == set(truth["agents"])
    stored = {event["span_id"]: event for event in receiver.events(session_id=truth["session"]) if event["span_id"]}
    assert {one: event["duration_ns"] for one, event in stored.items()} == {
        span["spanId"]: span["durationNano"] for span in told
    }
    assert stored[told[0]["spanId"]]["resource"]["service.name"] == "weather"
    assert {event["source"]["log_group"] for event in stored.values()} == {"aws/spans", RUNTIME}


def test_agentcore_s_spans_have_what_was_said_beside_them(read, receiver):
    logged = [json.loads(line) for line in lines("agentcore.jsonl")]
    groups = {"aws/spans": [], FORECAST: []}
    for line in logged:
        is_span = "endTimeUnixNano" in line
        at = line["endTimeUnixNano" if is_span else "timeUnixNano"] // 1_000_000
        groups["aws/spans" if is_span else FORECAST].append(
            ("default" if is_span else "otel-rt-logs", at, json.dumps(line))
        )
    read([GROUPS, AGENTCORE], groups, expected=len(logged))
    agent, first, tool, second = calls(receiver, session="forecast-session-0001")
    assert (agent["name"], agent["input_tokens"], agent["output_tokens"]) == ("Strands Agents", 300, 50)
    assert [(call["input_tokens"], call["output_tokens"]) for call in (first, second)] == [(100, 20), (200, 30)]
    assert first["system"] == [{"type": "text", "text": "You know the weather."}]
    assert said(first["sent"]) == ["user: Weather in Faro?"]
    assert said(first["answered"]) == ['assistant: I look. get_weather({"city": "Faro"})']
    assert (tool["name"], tool["arguments"], tool["result"]) == ("get_weather", {"city": "Faro"}, "sunny")
    assert said(second["answered"]) == ["assistant: Sunny."]
    session = receiver.get("/api/v1/sessions/forecast-session-0001")
    assert (session["input_tokens"], session["output_tokens"]) == (300, 50)


def test_lambda_s_logs_arrive_by_their_invocation(read, receiver):
    logged = lines("lambda.jsonl")
    groups = {"/aws/lambda/booking-agent": a_second_apart(FUNCTION, logged)}
    read([GROUPS], groups, expected=len(logged), LOG_GROUP_PREFIX="/aws/lambda/")
    stored = receiver.events(**of_day(FUNCTION))[::-1]
    assert [event["name"] for event in stored if event["name"]] == [
        f"platform.{name}" for name in ("initStart", "start", "runtimeDone", "report", "start", "report")
    ]
    invocations = Counter(event["session_id"] for event in stored)
    assert sorted(invocations.values()) == [1, 3, 5]  # the start of the function is before its first invocation
    assert [event["severity"] for event in stored if event["severity"]] == ["INFO", "WARN", "ERROR", "ERROR"]
    failed = [event for event in stored if event["status"] == "error"]
    assert [event["event_type"] for event in failed] == ["error", "error"]
    (trace_id,) = {event["trace_id"] for event in failed}
    assert receiver.get(f"/api/v1/traces/{trace_id}")["error_count"] == 1  # an invocation fails once
