import json

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from mapping.errors import Code, Problem
from mapping.json.events import Options, decode_batch, decode_event, map_event
from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits
from mapping.sanitize.redaction import Redaction
from mapping.sanitize.sanitizer import Sanitizer
from mapping.values import DROPPED

SMALL = Sanitizer(Limits(attributes=2, value_length=10))
USUAL = Sanitizer(redaction=Redaction())


def event(properties, **fields):
    return Event(**{"id": "e", "timestamp": 1, "kind": "json", "properties": properties, **fields})


def cleaned(by, properties, **fields):
    one = event(properties, **fields)
    return one, by.clean([one])


def test_what_needs_nothing_stays_the_very_same():
    properties = {"gen_ai.usage.input_tokens": 5, "gen_ai.operation.name": "chat", "a": None, "b": True}
    one, changes = cleaned(USUAL, properties, name="chat", session_id="s")
    assert one.properties is properties
    assert changes == Changes()


@pytest.mark.parametrize(
    "value, kept",
    [
        ("a" * 10, "a" * 10),
        ("a" * 11, "a" * 10 + "… [cut, 11 characters]"),
        (b"a" * 10, b"a" * 10),
        (b"a" * 11, "YWFhYWFh… [cut, 11 bytes of base64]"),
        ({"k" * 11: 1}, {"k" * 10 + "… [cut, 11 characters]": 1}),
    ],
)
def test_long_values_are_cut_with_a_marker_and_counted(value, kept):
    one, changes = cleaned(SMALL, {"k": value})
    assert one.properties == {"k": kept}
    assert changes.cut == (value != kept)


def test_long_names_and_keys_are_cut_too():
    one, changes = cleaned(SMALL, {"k" * 11: 1}, name="n" * 11, resource={"r": "r" * 11})
    assert one.properties == {"k" * 10 + "… [cut, 11 characters]": 1}
    assert one.name == "n" * 10 + "… [cut, 11 characters]"
    assert one.resource == {"r": "r" * 10 + "… [cut, 11 characters]"}
    assert changes.cut == 3


def test_attributes_over_the_limit_are_dropped_but_for_those_that_were_understood():
    properties = {"a": 1, "b": 2, "c": 3, "d": 4, "session.id": "s"}
    one, changes = cleaned(Sanitizer(Limits(attributes=2)), properties)
    assert one.properties == {"a": 1, "b": 2, "session.id": "s", DROPPED: 2}
    assert changes.dropped == 2


def test_what_was_kept_of_too_many_attributes_is_kept_again():
    sanitizer = Sanitizer(Limits(attributes=2))
    once, _ = cleaned(sanitizer, {"a": 1, "b": 2, "c": 3})
    again, changes = cleaned(sanitizer, once.properties)
    assert again.properties == {"a": 1, "b": 2, DROPPED: 1}
    assert changes.dropped == 0
    more, _ = cleaned(sanitizer, {"c": 3, **once.properties})
    assert more.properties == {"c": 3, "a": 1, DROPPED: 2}


def test_lists_inside_lose_their_middle_and_maps_their_end_over_as_many_entries():
    one, changes = cleaned(Sanitizer(Limits(attributes=2)), {"list": [1, 2, 3, 4], "map": {"a": 1, "b": [2], "c": 3}})
    assert one.properties == {"list": [1, "… [cut, 2 more]", 4], "map": {"a": 1, "b": [2], DROPPED: 1}}
    assert changes.dropped == 3


def test_what_nests_deeper_is_kept_as_json_text():
    two = Sanitizer(Limits(nesting=2))
    one, changes = cleaned(two, {"a": {"b": {"c": [1]}}, "d": [[[2, "x"]]], "e": {"f": [3]}})
    assert one.properties == {"a": {"b": {"c": "[1]"}}, "d": [['[2,"x"]']], "e": {"f": [3]}}
    assert changes.flattened == 2


def test_long_ids_that_begin_alike_stay_two():
    one, _ = cleaned(SMALL, {}, session_id="a" * 20 + "1", agent_id="agent")
    two, _ = cleaned(SMALL, {}, session_id="a" * 20 + "2", agent_id="agent")
    assert one.session_id.startswith("a" * 10 + "… [cut, 21 characters] ")
    assert one.session_id != two.session_id
    assert one.agent_id == "agent"


def test_ids_that_are_secrets_are_masked_and_stay_two():
    keys = ["sk-abcdefghijklmnop1", "sk-abcdefghijklmnop2"]
    one, two = (cleaned(USUAL, {}, session_id=key)[0].session_id for key in keys)
    assert one.startswith("[REDACTED] ")
    assert one != two
    assert one == cleaned(USUAL, {}, session_id=keys[0])[0].session_id


def test_a_secret_that_is_cut_through_is_masked_before():
    one, _ = cleaned(Sanitizer(Limits(value_length=12), Redaction()), {"k": "it is AKIAIOSFODNN7EXAMPLE"})
    assert one.properties["k"] == "it is [REDAC… [cut, 16 characters]"
    one, changes = cleaned(
        Sanitizer(Limits(value_length=12), Redaction()), {"k": "AKIAIOSFODNN7EXAMPLE" + "." * 10_000}
    )
    assert one.properties["k"] == "[REDACTED].." + "… [cut, 10020 characters]"
    assert (changes.redacted, changes.cut) == (1, 1)


def test_secrets_are_masked_wherever_an_event_has_text():
    key = "AKIAIOSFODNN7EXAMPLE"
    one, changes = cleaned(
        USUAL,
        {"password": "x", "a": {"b": [{"token": "y"}]}, "said": f"use {key}"},
        name=f"GET /{key}",
        event_type=key,
        severity=key,
        resource={"cloud.key": key},
        scope={"name": "s", "attributes": {"api_key": "z"}},
        source={"system": key},
    )
    assert key not in repr(one)
    assert one.properties == {"password": "[REDACTED]", "a": {"b": [{"token": "[REDACTED]"}]}, "said": "use [REDACTED]"}
    assert one.scope == {"name": "s", "attributes": {"api_key": "[REDACTED]"}}
    assert changes.redacted == 9


def test_without_redaction_nothing_is_masked():
    one, changes = cleaned(Sanitizer(), {"password": "x"})
    assert (one.properties, changes.redacted) == ({"password": "x"}, 0)


def test_what_events_share_is_cleaned_once():
    resource = {"api_key": "x"}
    events = [event({}, resource=resource) for _ in range(3)]
    changes = USUAL.clean(events)
    assert changes.redacted == 1
    assert all(one.resource is events[0].resource and one.resource == {"api_key": "[REDACTED]"} for one in events)


def records(**fields):
    record = {"body": {"stringValue": "password=hunter2 " + "a" * 100}, **fields}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def test_a_record_sent_again_is_the_same_event_under_other_limits_and_patterns():
    ids = []
    for sanitizer in (Sanitizer(), USUAL, SMALL, Sanitizer(redaction=Redaction(values=["a+"]))):
        mapped = map_logs(JsonWire(), records(), 1)
        sanitizer.clean(mapped.events)
        ids.append(mapped.events[0].id)
    assert len(set(ids)) == 1


def test_records_that_differ_only_in_what_is_masked_or_cut_are_different_events():
    def id_of(body):
        mapped = map_logs(JsonWire(), records(body={"stringValue": body}), 1)
        USUAL.clean(mapped.events)
        return mapped.events[0].id, mapped.events[0].properties["body"]

    one, two = id_of("password=1"), id_of("password=2")
    assert one[1] == two[1]
    assert one[0] != two[0]


SPAN = {"traceId": "a" * 32, "spanId": "b" * 16}


@pytest.mark.parametrize(
    "request_",
    [
        {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN] * 3}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN | {"events": [{}] * 2}]}]}]},
        {"resourceSpans": [{}] * 3},
        {"resourceSpans": [{"scopeSpans": [{}] * 3}]},
    ],
    ids=["spans", "span events", "resources", "scopes"],
)
def test_a_request_of_too_many_items_is_refused_and_says_so(request_):
    body = json.dumps(request_).encode()
    assert map_traces(JsonWire(), body, 1, Limits(items=3)) is not None
    with pytest.raises(Problem, match=r"at most 2 items .* or raise limits.items") as caught:
        map_traces(JsonWire(), body, 1, Limits(items=2))
    assert caught.value.code is Code.RESOURCE_EXHAUSTED


def test_log_records_and_events_are_counted_as_well():
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add()
    request.resource_logs.add().scope_logs.add().log_records.add()
    assert map_logs(ProtobufWire(), request.SerializeToString(), 1, Limits(items=2)).items == 2
    with pytest.raises(Problem, match="at most 1 items"):
        map_logs(ProtobufWire(), request.SerializeToString(), 1, Limits(items=1))
    with pytest.raises(Problem, match="at most 1 items"):
        decode_batch(b'{"events": [{}, {}]}', Limits(items=1))


def test_a_json_event_s_own_fields_are_cleaned():
    request = decode_event(
        b'{"timestamp": "2026-01-07T19:00:00Z", "properties": {"headers": {"Cookie": "a=b"}}, '
        b'"context": {"apiKey": "x"}, "source": {"token": "y", "log_id": "1"}}'
    )
    one = map_event(request, Options(), "id")
    USUAL.clean([one])
    assert one.properties == {"headers": {"Cookie": "[REDACTED]"}, "apiKey": "[REDACTED]"}
    assert one.source == {"token": "[REDACTED]", "log_id": "1"}
