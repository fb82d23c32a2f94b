import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import ids
from mapping.correlation.placement import Placement
from mapping.errors import Code, Problem
from mapping.json.events import Options, decode_batch, decode_event, map_event
from mapping.times import NS

NEW_ID = "00000000-0000-4000-8000-000000000001"
AT = "2026-01-07T19:00:00Z"
TIME = 1_767_812_400 * NS

SEED_EVENT = {
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
SEED_BATCH = {
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


def event(new_id=NEW_ID, options=None, idempotency_key=None, /, **fields):
    body = json.dumps({"timestamp": AT, **fields}).encode()
    return map_event(decode_event(body), options or Options(), new_id, idempotency_key)


def refusal(**fields):
    with pytest.raises(Problem) as caught:
        event(**fields)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


def test_the_seed_s_single_event_is_kept_as_sent():
    mapped = map_event(decode_event(json.dumps(SEED_EVENT).encode()), Options(), NEW_ID)
    assert mapped.id == NEW_ID
    assert (mapped.timestamp, mapped.kind) == (TIME, "json")
    assert (mapped.event_type, mapped.agent_id, mapped.session_id) == ("tool_call", "test-agent-001", "session-12345")
    assert mapped.properties == SEED_EVENT["properties"]
    assert (mapped.trace_id, mapped.source, mapped.status) == (None, None, "unset")
    assert (mapped.creates_trace, mapped.indexed) == (True, True)


def test_the_seed_s_batch_gives_three_events_in_one_trace():
    batch = decode_batch(json.dumps(SEED_BATCH).encode())
    events = [map_event(decode_event(raw), batch.options, f"{i}") for i, raw in enumerate(batch.events)]
    placement = Placement([], agent_window=3600 * NS)
    assert [placement.place(event, TIME) for event in events] == [None, None, None]
    assert [event.event_type for event in events] == ["tool_call", "decision", "tool_call"]
    assert len({event.trace_id for event in events}) == 1
    assert [event.correlation for event in events] == ["created", "session", "session"]


def test_only_the_timestamp_is_needed():
    mapped = event()
    assert (mapped.event_type, mapped.properties) == ("log", {})


@pytest.mark.parametrize(
    "field", ["trace_id", "event_type", "agent_id", "session_id", "event_id", "source", "properties"]
)
def test_null_means_absent(field):
    assert event(**{field: None}) == event()


@pytest.mark.parametrize("field", ["trace_id", "event_type", "agent_id", "session_id", "event_id"])
def test_an_empty_string_means_absent(field):
    assert event(**{field: ""}) == event()


def test_unknown_fields_are_ignored():
    assert event(colour="red", parent={"deep": [1]}) == event()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"timestamp": 1767812400}, "timestamp: expected `str | null`, got `int`"),
        ({"timestamp": "yesterday"}, "timestamp: expected RFC 3339"),
        ({"timestamp": "2026-01-07T19:00:00"}, "timestamp: expected RFC 3339 with a zone"),
        ({"timestamp": "2026-02-30T19:00:00Z"}, "timestamp: expected a moment that exists"),
        ({"timestamp": "0000-01-01T00:00:00Z"}, "timestamp: expected a moment"),
        ({"trace_id": 5}, "trace_id: expected `str | null`, got `int`"),
        ({"trace_id": "x" * 201}, "trace_id: expected `str` of length <= 200"),
        ({"session_id": ["s"]}, "session_id: expected `str | null`, got `array`"),
        ({"agent_id": {}}, "agent_id: expected `str | null`, got `object`"),
        ({"event_type": True}, "event_type: expected `str | null`, got `bool`"),
        ({"event_id": 1.5}, "event_id: expected `str | null`, got `float`"),
        ({"source": "cloudwatch"}, "source: expected `object | null`, got `str`"),
    ],
)
def test_what_is_wrong_is_refused_naming_the_field_and_what_was_expected(fields, message):
    assert refusal(**fields).startswith(message)


@pytest.mark.parametrize("body", [b"", b"1", b"null", b"[]", b'{"timestamp": "2026', b"\xff"])
def test_what_is_no_event_is_refused(body):
    with pytest.raises(Problem) as caught:
        decode_event(body)
    assert caught.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("body", [b'{"event_type": "x"}', b'{"event_type": "x", "timestamp": ""}'])
def test_an_event_without_a_timestamp_has_the_time_of_its_arrival(body):
    assert map_event(decode_event(body), Options(), NEW_ID, arrived=TIME).timestamp == TIME


@pytest.mark.parametrize("body", [b"{}", b'{"event": {"event_type": "x"}}', b'{"properties": {}, "agent_id": ""}'])
def test_an_event_that_says_nothing_is_refused_with_the_fields_that_there_are(body):
    with pytest.raises(Problem, match="at least one of timestamp, properties, trace_id, event_type, agent_id"):
        map_event(decode_event(body), Options(), NEW_ID, arrived=TIME)


def test_nanoseconds_and_far_years_are_kept():
    assert event(timestamp="2026-01-07T20:00:00.123456789+01:00").timestamp == TIME + 123_456_789
    assert event(timestamp="0001-01-01T00:00:00Z").timestamp < 0
    assert event(timestamp="9999-12-31T23:59:59Z").timestamp > TIME


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"a.b": {"": [None, "x\0"]}}, {"a.b": {"": [None, "x\0"]}}),
        ("plain text", {"value": "plain text"}),
        ([1, 2], {"value": [1, 2]}),
        (0, {"value": 0}),
        (False, {"value": False}),
        ("", {"value": ""}),
        ({}, {}),
        ({"n": 2**63, "m": [-(2**64)], "max": 2**63 - 1}, {"n": str(2**63), "m": [str(-(2**64))], "max": 2**63 - 1}),
    ],
)
def test_properties_may_be_any_json(sent, kept):
    assert event(properties=sent).properties == kept


def test_properties_nested_past_32_levels_are_kept_as_json_text():
    value = "leaf"
    for _ in range(40):
        value = {"k": value}
    kept = event(properties=value).properties
    for _ in range(33):  # the properties themselves, and 32 levels below
        kept = kept["k"]
    assert kept == '{"k":' * 7 + '"leaf"' + "}" * 7


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"metadata": {"a": 1}, "context": {"b": 2}}, {"a": 1, "b": 2}),
        ({"properties": {"p": 0}, "metadata": {"a": 1}}, {"p": 0, "a": 1}),
        (
            {"properties": {"a": 0}, "metadata": {"a": 1}, "context": {"a": 2}},
            {"a": 0, "metadata.a": 1, "context.a": 2},
        ),
        ({"properties": {"a": [1.5, "x"]}, "metadata": {"a": [1.5, "x"]}}, {"a": [1.5, "x"]}),
        ({"properties": "text", "metadata": {"a": 1}}, {"value": "text", "a": 1}),
        ({"metadata": "text", "context": [1]}, {"metadata": "text", "context": [1]}),
        ({"metadata": None, "context": {}}, {}),
    ],
)
def test_what_the_seed_s_own_sdk_sends_is_folded_into_the_properties(fields, kept):
    assert event(**fields).properties == kept


def test_session_agent_and_type_may_stand_in_the_properties_and_the_fields_win():
    said = {
        "session.id": "s",
        "gen_ai.agent.name": "a",
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 5,
    }
    mapped = event(properties=said)
    assert (mapped.session_id, mapped.agent_id, mapped.event_type) == ("s", "a", "model_call")
    mapped = event(properties=said, session_id="S", agent_id="A", event_type="llm.step")
    assert (mapped.session_id, mapped.agent_id, mapped.event_type) == ("S", "A", "llm.step")


@pytest.mark.parametrize(
    ("fields", "event_type", "status"),
    [
        ({"event_type": "error"}, "error", "error"),
        ({"event_type": "tool_call", "properties": {"status": "failed"}}, "tool_call", "error"),
        ({"event_type": "tool_call", "properties": {"error": "timed out"}}, "tool_call", "error"),
        ({"event_type": "tool_call", "properties": {"error": None, "status": "done"}}, "tool_call", "unset"),
        ({"properties": {"tool_name": "search", "error": False}}, "tool_call", "unset"),
        ({"properties": {"status": {"code": "error"}}}, "log", "unset"),
        ({"properties": {"status": ["error"]}}, "log", "unset"),
    ],
)
def test_the_type_says_what_it_was_and_the_status_how_it_went(fields, event_type, status):
    mapped = event(**fields)
    assert (mapped.event_type, mapped.status) == (event_type, status)


def test_a_name_is_taken_from_the_properties_where_it_is_one():
    assert event(properties={"name": "step 1"}).name == "step 1"
    assert event(properties={"name": ""}).name is None
    assert event(properties={"name": {"first": "Ada"}}).name is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("4BF92F3577B34DA6A3CE929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("order 7", "order 7"),
        ("x" * 200, "x" * 200),
        ("0" * 32, None),
        ("00000000-0000-0000-0000-000000000000", None),
    ],
)
def test_trace_ids_are_kept_one_way(sent, kept):
    assert event(trace_id=sent).trace_id == kept


def test_the_source_is_kept_with_what_else_it_says():
    source = {"system": "cloudwatch", "log_group": "g", "log_stream": "s", "region": "eu", "deep": {"n": 2**64}}
    assert event(source=source).source == {**source, "deep": {"n": str(2**64)}}
    assert event(source={}).source is None


def test_an_event_id_makes_a_retry_the_same_event():
    assert event(NEW_ID, event_id="order-7").id == event("other", event_id="order-7").id == ids.event_id("order-7")
    assert event(event_id="order-8").id != event(event_id="order-7").id
    assert event(event_id="4BF92F35-77B3-4DA6-A3CE-929D0E0E4736").id == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


def test_an_idempotency_key_makes_a_retry_the_same_event():
    one = event(NEW_ID, None, "key")
    assert one.id == event("other", None, "key").id
    assert one.id != event(NEW_ID, None, "other key").id
    UUID(one.id)


SOURCE = {"system": "cloudwatch", "log_group": "g", "log_stream": "s", "log_id": "1"}


def test_a_log_id_makes_a_retry_the_same_event():
    assert event(NEW_ID, source=SOURCE).id == event("other", source=SOURCE).id
    assert event(source={"log_id": 1}).id == event("other", source={"log_id": "1"}).id


@pytest.mark.parametrize("part", list(SOURCE))
def test_a_log_id_counts_with_its_system_group_and_stream(part):
    assert event(source={**SOURCE, part: "other"}).id != event(source=SOURCE).id


def test_the_event_id_decides_before_the_key_and_that_before_the_log_id():
    assert event(NEW_ID, None, "key", event_id="e", source=SOURCE).id == event(event_id="e").id
    assert event(NEW_ID, None, "key", source=SOURCE).id == event(NEW_ID, None, "key").id


def test_an_event_that_nothing_identifies_is_new_each_time():
    assert event("a").id == "a"
    assert event("b", source={"system": "x", "log_id": ""}).id == "b"


def test_options_left_out_mean_their_defaults():
    assert decode_batch(b'{"events": []}').options is None
    assert decode_batch(b'{"events": [], "options": {}}').options == Options()
    assert Options() == Options(auto_create_traces=True, generate_embeddings=True, extract_relationships=False)


def test_options_reach_the_event():
    mapped = event(NEW_ID, Options(auto_create_traces=False, generate_embeddings=False))
    assert (mapped.creates_trace, mapped.indexed) == (False, False)


def test_a_bad_event_in_a_batch_costs_only_itself():
    batch = decode_batch(b'{"events": [{"timestamp": 5}, {"timestamp": "' + AT.encode() + b'"}, 7, "\\ud800"]}')
    outcomes = []
    for raw in batch.events:
        try:
            outcomes.append(map_event(decode_event(raw), Options(), NEW_ID).timestamp)
        except Problem as problem:
            outcomes.append(problem.message.partition(":")[0])
    assert outcomes == ["timestamp", TIME, "body", "body"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "body: expected a JSON object with a list `events`"),
        (b"{}", "body: expected a JSON object with a list `events`"),
        (b'{"events": {}}', "events: expected `array`, got `object`"),
        (b'{"events": [], "options": {"auto_create_traces": "yes"}}', "options.auto_create_traces: expected `bool`"),
    ],
)
def test_what_is_no_batch_is_refused(body, message):
    with pytest.raises(Problem) as caught:
        decode_batch(body)
    assert caught.value.message.startswith(message)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = ("trace_id", "event_type", "agent_id", "session_id", "event_id")
fields_of_an_event = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(texts, st.text() | anything)
    | dict.fromkeys(["properties", "metadata", "context"], anything)
    | {"source": st.dictionaries(st.sampled_from(list(SOURCE)), anything) | anything},
)


@given(fields_of_an_event)
def test_any_json_is_an_event_or_is_refused(fields):
    try:
        mapped = event(**fields)
    except Problem as problem:
        refused = problem.message.partition(":")[0]
    else:
        refused = ""
        properties = fields.get("properties")
        assert set(properties if isinstance(properties, dict) else ()) <= set(mapped.properties)
    assert refused in {"", "source", *texts}
