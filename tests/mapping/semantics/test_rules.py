import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.semantics.log_parsing import LogParsing
from mapping.semantics.rules import apply, compile_rules, level

LINE = "tool=charge_card session=s-1 agent=shop took 12 ms"


def rule(**keys):
    return {"name": "r", **keys}


def said(written, text, body=None):
    return apply(compile_rules(written), text, body or {})


def test_named_groups_say_session_agent_type_and_level_and_the_rest_are_properties():
    found = said(
        [rule(match=r"tool=(?P<tool_name>\w+) session=(?P<session>\S+) agent=(?P<agent>\w+)( (?P<level>!))?")], LINE
    )
    assert (found.rule, found.session, found.agent, found.event_type, found.level) == ("r", "s-1", "shop", None, None)
    assert found.properties == {"tool_name": "charge_card"}


def test_a_rule_may_say_them_with_the_groups_and_the_fields_of_a_json_body():
    written = rule(
        match=r"(?P<what>charge_\w+)",
        fields={"event": "tool_failed"},
        event_type="tool_call",
        session="{chat}-{detail.number}",
        agent="{service}",
        level="{level}",
        properties={"tool_name": "{what}", "amount": "{detail.amount}", "note": "paid {detail.amount}", "no": "{none}"},
    )
    body = {
        "event": "tool_failed",
        "chat": "c",
        "service": "shop",
        "level": "warning",
        "detail": {"number": 7, "amount": 12.5},
    }
    found = said([written], "charge_card refused", body)
    assert (found.session, found.agent, found.event_type, found.level) == ("c-7", "shop", "tool_call", "WARN")
    assert found.properties == {"what": "charge_card", "tool_name": "charge_card", "amount": 12.5, "note": "paid 12.5"}


@pytest.mark.parametrize(
    ("fields", "body", "fits"),
    [
        ({"a": "x"}, {"a": "x"}, True),
        ({"a": "x"}, {"a": "y"}, False),
        ({"a": "x"}, {}, False),
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": True}, {"a": "anything"}, True),
        ({"a": True}, {"a": None}, False),
        ({"a": False}, {"a": False}, True),
        ({"a": 5}, {"a": 5}, True),
        ({"a.b": "x"}, {"a": {"b": "x"}}, True),
        ({"a.b": "x"}, {"a.b": "x"}, True),
        ({"a.b.c": "x"}, {"a": {"b.c": "x"}}, True),
        ({"a.b": "x"}, {"a": ["x"]}, False),
        ({"a": "x", "b": "y"}, {"a": "x"}, False),
    ],
)
def test_fields_must_hold_all_of_them(fields, body, fits):
    assert (said([rule(fields=fields)], "", body) is not None) == fits


def test_the_first_that_fits_decides_those_of_higher_priority_first():
    written = [
        {"name": "any", "match": "charge"},
        {"name": "early", "match": "charge", "priority": 5},
        {"name": "other", "match": "refund", "priority": 9},
    ]
    assert said(written, "charge").rule == "early"
    assert said([written[0], {**written[0], "name": "second"}], "charge").rule == "any"
    assert said(written, "nothing") is None
    assert said([], "charge") is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "rules: expected a list, got dict"),
        (["x"], "rule 1: expected keys and values, got str"),
        ([rule(match="a"), {"match": "x"}], "rule 2: name: expected a text"),
        ([rule(match="a"), rule(match="b")], "rule 'r': name: expected another for each rule"),
        ([rule()], "rule 'r': match, fields: expected at least one"),
        ([rule(match="a", sesion="x")], "rule 'r': sesion: unknown; expected one of name, match, fields, session"),
        ([{"name": "r", "match": "a", "": "x"}], "rule 'r': : unknown; expected one of name, match"),
        ([rule(match="(")], "rule 'r': match: '\\(' is no regular expression"),
        ([rule(match=7)], "rule 'r': match: expected a regular expression, got int"),
        ([rule(match="a", priority="high")], "rule 'r': priority: expected a whole number, got str"),
        ([rule(match="a", priority=True)], "rule 'r': priority: expected a whole number, got bool"),
        ([rule(fields=["a"])], "rule 'r': fields: expected keys and values, got list"),
        ([rule(fields={"a": {"b": 1}})], "rule 'r': fields.a: expected a text, a list of texts, or true"),
        ([rule(fields={"a": []})], "rule 'r': fields.a: expected"),
        ([rule(match="a", properties="x")], "rule 'r': properties: expected keys and values, got str"),
        ([rule(match="a", properties={"p": []})], "rule 'r': properties.p: expected a text, got list"),
        ([rule(match="a", session=["x"])], "rule 'r': session: expected a text, got list"),
        ([rule(match="(?P<a>.)", session="{b}")], "rule 'r': session: {b} is no group of `match` \\(groups: a\\)"),
        ([rule(match="x", properties={"p": "{b}"})], "rule 'r': properties.p: {b} is no group .* \\(groups: none\\)"),
        ([rule(match="a", level="loud")], "rule 'r': level: expected one of trace, debug, .*; got 'loud'"),
    ],
)
def test_what_is_no_rule_is_refused_naming_the_rule_and_the_key(written, message):
    with pytest.raises(ValueError, match=message):
        compile_rules(written)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("warning", "WARN"),
        ("Critical", "FATAL"),
        ("error", "ERROR"),
        ("INFO2", "INFO2"),
        (" debug ", "DEBUG"),
        ("INFO5", None),
        ("loud", None),
        ("", None),
    ],
)
def test_levels_are_opentelemetry_s(word, name):
    assert level(word) == name


def map_record(rules, **fields):
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]}
    import json

    return map_logs(JsonWire(), json.dumps(body).encode(), 7, reading=LogParsing(rules=compile_rules(rules))).events[0]


def test_a_rule_decides_what_a_record_is_before_the_vocabulary_does():
    rules = yaml.safe_load(r"""
    - name: payment tool
      match: 'tool=(?P<tool_name>\w+) session=(?P<session>\S+) agent=(?P<agent>\w+)'
      event_type: tool_call
      properties: {took: fast}
      level: error
    """)
    event = map_record(rules, body={"stringValue": LINE}, attributes=[{"key": "took", "value": {"intValue": 12}}])
    assert (event.session_id, event.agent_id, event.event_type) == ("s-1", "shop", "tool_call")
    assert (event.severity, event.status) == ("ERROR", "error")
    assert event.properties == {"took": 12, "tool_name": "charge_card", "rule": "payment tool", "body": LINE}


def test_a_rule_reads_a_json_body_and_leaves_to_the_vocabulary_what_it_does_not_say():
    rules = [rule(fields={"kind": "paid"}, event_type="decision")]
    body = '{"kind": "paid", "session_id": "s", "level": "info"}'
    event = map_record(rules, body={"stringValue": body})
    assert (event.session_id, event.event_type, event.severity, event.status) == ("s", "decision", "INFO", "unset")
    structured = {"kvlistValue": {"values": [{"key": "kind", "value": {"stringValue": "paid"}}]}}
    assert map_record(rules, body=structured).event_type == "decision"
    assert map_record(rules, body={"stringValue": "paid"}).event_type == "log"
    assert "rule" not in map_record(rules, body={"stringValue": "paid"}).properties


def test_a_rule_does_not_change_which_event_a_record_is():
    record = {"body": {"stringValue": LINE}, "timeUnixNano": "5"}
    assert map_record([], **record).id == map_record([rule(match="tool", event_type="x")], **record).id


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(), anything), st.text(st.characters(exclude_characters="{}")))
def test_any_record_is_tried(text, body, path):
    rules = compile_rules([rule(fields={path: True}, session="{" + path + "}", properties={"p": "{" + path + "}!"})])
    found = apply(rules, text, body)
    assert found is None or body
