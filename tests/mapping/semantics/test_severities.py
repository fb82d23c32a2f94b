"""The severity of a line, as each logger writes it."""

import json

import pytest

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.semantics.severities import level


def value_of(value):
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": value_of(inner)} for key, inner in value.items()]}}
    return {kinds[type(value)]: value}


def record(**fields):
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]})
    return map_logs(JsonWire(), body.encode(), 7).events[0]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("trace T VRB verbose finest silly", "TRACE"),
        ("debug D DBG dbug FINER", "DEBUG"),
        ("FINE", "DEBUG2"),
        ("info I INF Information Informational", "INFO"),
        ("notice SUCCESS", "INFO2"),
        ("warn W WRN Warning", "WARN"),
        ("WARN+2", "WARN3"),
        ("error E ERR SEVERE fail", "ERROR"),
        ("fatal F FTL CRIT Critical", "FATAL"),
        ("ALERT", "FATAL2"),
        ("PANIC", "FATAL3"),
        ("EMERG emergency", "FATAL4"),
        ("ERROR3", "ERROR3"),
        ("ERROR+4 INFO5 loud ok 3", None),
    ],
)
def test_words_are_read_in_any_case(words, name):
    assert {level(word) for word in words.split()} == {name}


LINES = [
    ({"level": 30, "time": 1, "pid": 2, "hostname": "h", "msg": "pino"}, "INFO"),
    ({"level": 10, "msg": "pino"}, "TRACE"),
    ({"level": 35, "msg": "a level of one's own"}, "INFO"),
    ({"level": 60, "v": 0, "name": "bunyan"}, "FATAL"),
    ({"level": "50", "msg": "pino as text"}, "ERROR"),
    ({"text": "loguru", "record": {"level": {"icon": "x", "name": "WARNING", "no": 30}}}, "WARN"),
    ({"record": {"level": {"name": "MINE", "no": 38}}}, "WARN"),
    ({"levelno": 40, "msg": "Python"}, "ERROR"),
    ({"levelname": "CRITICAL", "message": "Python"}, "FATAL"),
    ({"Timestamp": "t", "Level": "Warning", "MessageTemplate": "Serilog"}, "WARN"),
    ({"@t": "t", "@mt": "CLEF", "@l": "Error"}, "ERROR"),
    ({"@t": "t", "@m": "CLEF"}, "INFO"),
    ({"LogLevel": "Information", "Category": ".NET"}, "INFO"),
    ({"LogLevel": 4, "Category": ".NET"}, "ERROR"),
    ({"status": "error", "message": "Datadog", "ddsource": "python"}, "ERROR"),
    ({"status": "critical", "message": "Datadog"}, "FATAL"),
    ({"severity": "ALERT", "message": "Google"}, "FATAL2"),
    ({"severity": 400, "message": "Google"}, "WARN"),
    ({"log": {"level": "warn"}, "message": "ECS"}, "WARN"),
    ({"log.level": "error", "message": "ECS"}, "ERROR"),
    ({"version": "1.1", "host": "h", "short_message": "GELF", "level": 3}, "ERROR"),
    ({"PRIORITY": "4", "MESSAGE": "journald"}, "WARN"),
    ({"severityLevel": 3, "message": "Application Insights"}, "ERROR"),
    ({"severityNumber": 17, "body": "OpenTelemetry"}, "ERROR"),
    ({"level": "E", "message": "glog"}, "ERROR"),
    # What says nothing of severity.
    ({"level": 3, "player": "a game's"}, None),
    ({"level": 5.5}, None),
    ({"level": True}, None),
    ({"status": "ok", "message": "done"}, None),
    ({"status": "success", "message": "done"}, None),
    ({"status": "error"}, None),
    ({"severity": "high"}, None),
]


@pytest.mark.parametrize(("line", "name"), LINES, ids=str)
def test_a_line_has_its_loggers_level_in_its_body_as_text_or_fields_and_in_its_attributes(line, name):
    assert record(body={"stringValue": json.dumps(line)}).severity == name
    assert record(body=value_of(line)).severity == name
    assert record(attributes=[{"key": key, "value": value_of(value)} for key, value in line.items()]).severity == name


def test_otlps_own_severity_comes_first_then_its_text():
    body = {"stringValue": '{"level": 50}'}
    assert record(severityNumber=9, body=body).severity == "INFO"
    assert record(severityText="W", body=body).severity == "WARN"
    assert record(severityText="odd", body=body).severity == "ERROR"
    assert record(severityText="odd").severity == "odd"


def test_a_line_of_a_failure_is_one():
    event = record(body={"stringValue": '{"level": 50, "msg": "no"}'})
    assert (event.event_type, event.status) == ("error", "error")
