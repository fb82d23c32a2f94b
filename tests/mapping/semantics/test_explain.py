"""What gave an event its session, agent and type is told from the event as it is stored."""

import msgspec
import pytest

from mapping.json.events import EventRequest, Options, map_event
from mapping.model import Trace
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.semantics.explain import explain
from mapping.semantics.log_parsing import LogParsing
from mapping.semantics.rules import compile_rules

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
AT = "2026-01-07T19:00:00Z"


def attributes(values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def spans(properties, resource=None, scope=None, **fields):
    span = {"traceId": TRACE, "spanId": SPAN, "name": "run", "attributes": attributes(properties)} | fields
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(resource or {})},
                "scopeSpans": [{"scope": {"name": "s", "attributes": attributes(scope or {})}, "spans": [span]}],
            }
        ]
    }
    return map_traces(JsonWire(), msgspec.json.encode(request), 1).events


def log(properties=None, body=None, resource=None, rules=(), **fields):
    record = {"attributes": attributes(properties or {})} | fields
    if body is not None:
        record["body"] = {"stringValue": body}
    request = {
        "resourceLogs": [
            {"resource": {"attributes": attributes(resource or {})}, "scopeLogs": [{"logRecords": [record]}]}
        ]
    }
    reading = LogParsing(rules=compile_rules(list(rules)))
    return map_logs(JsonWire(), msgspec.json.encode(request), 1, reading=reading).events[0]


def json_event(**fields):
    return map_event(EventRequest(timestamp=AT, **fields), Options(), "id")


def explained(event, correlation="trace_id", trace=None):
    event.trace_id, event.correlation = event.trace_id or TRACE, correlation
    return explain(msgspec.to_builtins(event), trace)


def told(event, field, **more):
    return getattr(explained(event, **more), field)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (spans({"session.id": "s", "gen_ai.conversation.id": "t"})[0], ("s", "properties", "session.id")),
        (spans({}, scope={"session.id": "s"})[0], ("s", "scope", "session.id")),
        (spans({}, resource={"session.id": "s"})[0], ("s", "resource", "session.id")),
        (spans({"session.id": "s"}, events=[{"name": "exception"}])[1], ("s", "span", None)),
        (
            spans({"session.id": "s"}, events=[{"name": "e", "attributes": attributes({"session.id": "own"})}])[1],
            ("own", "properties", "session.id"),
        ),
        (log({"session.id": "s"}), ("s", "properties", "session.id")),
        (log(body='{"sessionId": "s", "event": "x"}'), ("s", "body", "sessionId")),
        (log(body='{"attributes": {"session.id": "s"}}'), ("s", "body", "session.id")),
        (log(body="took 3 ms, session_id=s, done"), ("s", "body", "session_id")),
        (log(body='payload {\\"conversation_id\\": \\"c-1\\"}'), ("c-1", "body", "conversation_id")),
        (
            log(body="user of abc", rules=[{"name": "users", "match": r"user of (?P<session>\w+)"}]),
            ("abc", "rule", "users"),
        ),
        (json_event(session_id="s"), ("s", "event", "session_id")),
        (json_event(properties={"session_id": "s"}), ("s", "properties", "session_id")),
        (spans({})[0], (None, "default", None)),
    ],
)
def test_the_session_is_explained(event, expected):
    assert told(event, "session_id") == expected


def test_what_an_event_has_from_its_trace_is_said_to_be_the_trace_s():
    trace = Trace(id=TRACE, start_time=0, last_event_at=0, session_id="s")
    assert told(spans({})[0], "session_id", trace=trace) == ("s", "trace", "session_id")
    assert told(spans({})[0], "agent_id", trace=trace) == (None, "default", None)


ARN = "arn:aws:bedrock-agentcore:us-east-1:1:runtime/a"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            spans({"gen_ai.agent.name": "a", "gen_ai.operation.name": "chat"})[0],
            ("a", "properties", "gen_ai.agent.name"),
        ),
        (
            spans({"traceloop.span.kind": "agent", "traceloop.entity.name": "a", "traceloop.workflow.name": "w"})[0],
            ("a", "properties", "traceloop.entity.name"),
        ),
        (spans({"traceloop.workflow.name": "w"})[0], ("w", "properties", "traceloop.workflow.name")),
        (spans({"langfuse.observation.type": "agent"})[0], ("run", "event", "name")),
        (spans({}, resource={"cloud.resource_id": ARN})[0], (ARN, "resource", "cloud.resource_id")),
        (
            spans({}, resource={"cloud.platform": "aws_bedrock_agentcore", "service.name": "a"})[0],
            ("a", "resource", "service.name"),
        ),
        (
            log(body=f'{{"resource": {{"attributes": {{"cloud.resource_id": "{ARN}"}}}}}}'),
            (ARN, "body", "cloud.resource_id"),
        ),
        (json_event(agent_id="a"), ("a", "event", "agent_id")),
    ],
)
def test_the_agent_is_explained(event, expected):
    assert told(event, "agent_id") == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (spans({"gen_ai.operation.name": "chat"})[0], ("model_call", "properties", "gen_ai.operation.name")),
        (spans({"gen_ai.tool.name": "search"})[0], ("tool_call", "properties", "gen_ai.tool.name")),
        (spans({"gen_ai.usage.input_tokens": "7"})[0], ("model_call", "properties", "gen_ai.usage.input_tokens")),
        (spans({})[0], ("span", "default", None)),
        (spans({}, events=[{"name": "exception"}])[1], ("error", "event", "name")),
        (spans({}, events=[{"name": "waiting"}])[1], ("log", "default", None)),
        (log({"event.name": "gemini_cli.tool_call"}), ("tool_call", "properties", "event.name")),
        (log(body="claude_code.user_prompt"), ("message", "event", "name")),
        (log(body="oh no", severityNumber=17), ("error", "event", "severity")),
        (log({"exception.type": "KeyError"}), ("error", "properties", "exception.type")),
        (log(body='{"modelId": "m", "operation": "Converse", "input": {}}'), ("model_call", "body", None)),
        (
            log(body="decided", rules=[{"name": "mine", "match": "decided", "event_type": "decision"}]),
            ("decision", "rule", "mine"),
        ),
        (log(body="well"), ("log", "default", None)),
        (json_event(event_type="purchase"), ("purchase", "event", "event_type")),
        (json_event(properties={"tool_name": "search"}), ("tool_call", "properties", "tool_name")),
        (json_event(), ("log", "default", None)),
    ],
)
def test_the_type_is_explained(event, expected):
    assert told(event, "event_type") == expected
