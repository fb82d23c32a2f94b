"""Log records that are spans: CloudWatch's lines become what the spans would have become; others stay log records."""

import json

import pytest

from mapping.errors import Code, Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits

TRACE, SPAN, PARENT = "6b0aaf3dce099287191b15520ac37eea", "9a62ac2f76d36e21", "d83bb08f17df8569"
START, END = 1_795_862_333_594_877_954, 1_795_862_333_673_174_620
LINE = {
    "resource": {"attributes": {"service.name": "weather.DEFAULT", "aws.service.type": "gen_ai_agent"}},
    "scope": {"name": "strands.telemetry.tracer", "version": ""},
    "traceId": TRACE,
    "spanId": SPAN,
    "parentSpanId": PARENT,
    "flags": 256,
    "name": "chat",
    "kind": "CLIENT",
    "startTimeUnixNano": START,
    "endTimeUnixNano": END,
    "durationNano": END - START,
    "attributes": {
        "session.id": "s1",
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 2021,
        "gen_ai.response.finish_reasons": ["tool_use"],
    },
    "events": [{"timeUnixNano": END, "name": "exception", "attributes": {"exception.message": "late"}}],
    "links": [{"traceId": TRACE, "spanId": PARENT, "attributes": {"why": "retry"}}],
    "status": {"code": "ERROR", "message": "too late"},
}
GROUP = {"cloudwatch.log.group.name": "aws/spans", "cloudwatch.log.stream": "default"}


def any_value(value):
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def key_values(attributes):
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def as_record(line, received, changes=None, **given):
    """Map a line as the Collector's CloudWatch receiver sends it."""
    body = line if isinstance(line, str) else json.dumps(line)
    record = {"timeUnixNano": str(END), "body": {"stringValue": body}, "attributes": key_values({"id": "37"})}
    request = {
        "resourceLogs": [{"resource": {"attributes": key_values(GROUP)}, "scopeLogs": [{"logRecords": [record]}]}]
    }
    return map_logs(JsonWire(), json.dumps(request).encode(), received, changes=changes, **given)


def as_span(line, received):
    """Map the span of a line as an SDK sends it."""
    span = {key: value for key, value in line.items() if key not in ("resource", "scope", "durationNano")}
    span |= {"kind": 3, "status": {"code": 2, "message": "too late"}, "attributes": key_values(line["attributes"])}
    for key in ("events", "links"):
        span[key] = [{**one, "attributes": key_values(one["attributes"])} for one in line[key]]
    scopes = [{"scope": {"name": line["scope"]["name"]}, "spans": [span]}]
    resource = {"attributes": key_values(GROUP | line["resource"]["attributes"])}
    request = {"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}
    return map_traces(JsonWire(), json.dumps(request).encode(), received)


def test_a_line_becomes_the_events_of_its_span(received):
    mapped, sent = as_record(LINE, received), as_span(LINE, received)
    assert mapped.events == sent.events
    assert (mapped.items, mapped.item_of, mapped.rejected) == (1, [0, 0], 0)
    span, exception = mapped.events
    assert (span.span_id, span.parent_span_id, span.kind, span.duration) == (SPAN, PARENT, "client", END - START)
    assert (span.event_type, span.session_id, span.agent_id, span.status) == (
        "model_call",
        "s1",
        "weather.DEFAULT",
        "error",
    )
    assert span.source == {"system": "cloudwatch", "log_group": "aws/spans", "log_stream": "default"}
    assert (exception.kind, exception.parent_span_id) == ("span_event", SPAN)


def test_a_span_that_comes_by_two_ways_is_one_event(received):
    direct = LINE | {"resource": {"attributes": {"service.name": "weather"}}}
    assert [event.id for event in as_record(LINE, received).events] == [
        event.id for event in as_span(direct, received).events
    ]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "client"),
        ({"traceId": TRACE.upper(), "parentSpanId": ""}, "client"),
        ({"traceId": TRACE[:-1]}, "log_record"),
        ({"traceId": "0" * 32}, "log_record"),
        ({"spanId": 7}, "log_record"),
        ({"name": None}, "log_record"),
        ({"endTimeUnixNano": ...}, "log_record"),
        ({"kind": "SPAN_KIND_SERVER"}, "server"),
        ({"kind": 2}, "server"),
    ],
)
def test_what_lacks_an_id_a_name_or_an_end_stays_a_log_record(change, kind, received):
    line = {key: value for key, value in (LINE | change).items() if value is not ...}
    assert as_record(line, received).events[0].kind == kind


def test_a_line_that_was_cut_stays_one(received):
    (event,) = as_record(json.dumps(LINE)[:-20], received).events
    assert (event.kind, event.properties["body"][:14]) == ("log_record", '{"resource": {')


def test_values_of_wrong_kinds_are_kept_and_counted(received):
    changes = Changes()
    wrong = {
        "startTimeUnixNano": "noon",
        "attributes": "none",
        "events": [7, {"name": 7}],
        "links": {"a": 1},
        "status": "OK",
        "scope": [1],
        "resource": "r",
        "parentSpanId": "x",
        "flags": "f",
        "kind": "OUTER",
    }
    span, event = as_record(LINE | wrong, received, changes).events
    assert span.properties["vectadb.malformed"] == {
        "startTimeUnixNano": "noon",
        "flags": "f",
        "kind": "SPAN_KIND_OUTER",
    }
    assert (span.timestamp, span.parent_span_id, span.scope, span.resource) == (END, None, None, GROUP)
    assert (event.name, changes.ids, changes.malformed) == (None, 1, 3)


def test_the_events_of_spans_count_as_items(received):
    line = LINE | {"events": LINE["events"] * 10}
    with pytest.raises(Problem) as problem:
        as_record(line, received, limits=Limits(items=10))
    assert problem.value.code is Code.RESOURCE_EXHAUSTED
