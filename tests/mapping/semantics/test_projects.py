"""Which project an event belongs to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.export.from_json import event_as_read
from mapping.export.to_otlp import requests_of
from mapping.json.events import Options, decode_event, map_event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.semantics.projects import DEFAULT_PROJECT_RULE, PROJECT_ATTRIBUTES, ProjectRule
from receiver.http.shown import event_json
from storage.surreal import rows

OF_KEY = ProjectRule(of_key="of the key")


@pytest.mark.parametrize(
    ("resource", "project"),
    [
        ({"service.namespace": "shop"}, "shop"),
        ({"openinference.project.name": "phoenix"}, "phoenix"),
        ({"openinference.project.name": "phoenix", "service.namespace": "shop"}, "shop"),
        ({"openinference.project.name": "phoenix", "service.namespace": ""}, "phoenix"),
        ({"service.namespace": 7}, "7"),
        ({"service.namespace": ["a"]}, None),
        ({"service.name": "web"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_it_is_what_the_resource_says_under_the_first_attribute_that_it_has(resource, project):
    assert DEFAULT_PROJECT_RULE.project_of(resource) == project
    assert OF_KEY.project_of(resource) == "of the key"
    assert ProjectRule(()).project_of(resource) is None


def test_the_setting_names_other_attributes():
    rule = ProjectRule(("team", "service.namespace"))
    assert rule.project_of({"service.namespace": "shop", "team": "red"}) == "red"


values = st.none() | st.text(max_size=3) | st.integers() | st.booleans() | st.lists(st.text(max_size=2), max_size=2)


@given(st.dictionaries(st.sampled_from([*PROJECT_ATTRIBUTES, "service.name"]), values), st.none() | st.text(max_size=2))
def test_whatever_a_sender_says_it_is_a_text_or_none_and_that_of_a_key_counts(resource, said):
    project = DEFAULT_PROJECT_RULE.project_of(resource, said)
    assert project is None or (isinstance(project, str) and project)
    assert OF_KEY.project_of(resource, said) == "of the key"
    if said:
        assert project == said


def request(*keys):
    attributes = [{"key": "service.namespace", "value": {"stringValue": "shop"}}]
    item = {"traceId": "1" * 32, "spanId": "2" * 16, "events": [{"name": "e"}], "body": {"stringValue": "line"}}
    resource, scope, leaf = keys
    return json.dumps({resource: [{"resource": {"attributes": attributes}, scope: [{leaf: [item]}]}]}).encode()


SPANS, LOGS = request("resourceSpans", "scopeSpans", "spans"), request("resourceLogs", "scopeLogs", "logRecords")


@pytest.mark.parametrize(("rule", "project"), [(DEFAULT_PROJECT_RULE, "shop"), (OF_KEY, "of the key")])
def test_spans_their_events_and_records_have_it(rule, project):
    events = [
        *map_traces(JsonWire(), SPANS, 1, projects=rule).events,
        *map_logs(JsonWire(), LOGS, 1, projects=rule).events,
    ]
    assert [event.project for event in events] == [project] * 3


def test_a_span_that_comes_as_a_record_has_that_of_its_own_resource():
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": "chat",
        "startTimeUnixNano": 1,
        "endTimeUnixNano": 2,
        "resource": {"attributes": {"service.namespace": "shop"}},
    }
    record = {"body": {"stringValue": json.dumps(span)}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    for rule, project in ((DEFAULT_PROJECT_RULE, "shop"), (OF_KEY, "of the key")):
        (event,) = map_logs(JsonWire(), body, 1, projects=rule).events
        assert (event.span_id, event.project) == ("2" * 16, project)


def test_a_json_event_names_it():
    sent = decode_event(b'{"event_id": "1", "project": "shop"}')
    assert map_event(sent, Options(), "id").project == "shop"
    assert map_event(sent, Options(), "id", projects=OF_KEY).project == "of the key"
    assert map_event(decode_event(b'{"event_id": "1"}'), Options(), "id").project is None


def test_ids_that_clients_choose_are_those_of_the_key_s_project_but_for_uuids():
    def id_of(body, rule, key=None):
        return map_event(decode_event(json.dumps(body).encode()), Options(), "new", key, projects=rule).id

    for body, key in (({"event_id": "1"}, None), ({"properties": {"a": 1}}, "1")):
        assert len({id_of(body, rule, key) for rule in (DEFAULT_PROJECT_RULE, OF_KEY, ProjectRule(of_key="b"))}) == 3
    own = {"event_id": "5c2d36d9-7c3c-5f5f-8a35-6d0a0d5a7c11"}
    assert id_of(own, OF_KEY) == own["event_id"]


def exported(event):
    """Return an event as the API shows it, stored in a trace of another project."""
    fields = {field: getattr(event, field, None) for field in rows.EventRow.__annotations__}
    stored = {**fields, "duration_ns": event.duration, "created_at": 0, "correlation": "trace_id", "project": "bank"}
    return json.loads(event_json(stored))


@pytest.mark.parametrize("event", [*map_traces(JsonWire(), SPANS, 1).events, *map_logs(JsonWire(), LOGS, 1).events])
def test_an_export_is_imported_into_the_project_it_was_in(event):
    shown = exported(event)
    assert event_as_read(json.dumps(shown).encode()).project == "bank"
    assert event_as_read(json.dumps(shown | {"project": None}).encode()).project is None
    assert event_as_read(json.dumps(shown).encode(), projects=OF_KEY).project == "of the key"
    del shown["project"]  # as earlier versions exported it
    assert event_as_read(json.dumps(shown).encode()).project == "shop"
    for signal, body in requests_of([shown | {"project": "bank"}]):
        mapped = map_traces if signal == "traces" else map_logs
        (again,) = mapped(JsonWire(), body, 1).events
        assert again.project == "bank"
