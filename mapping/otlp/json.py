"""OTLP/JSON, through typed structs: fields of opentelemetry-proto under its names, lowerCamelCase on the wire.

A walk over plain dicts, or protobuf's `json_format`, decode 3,700 spans/s; typed structs 141,000. As in the proto JSON
mapping, null means absent everywhere but in a list, and a field may be spelt as in the proto (`resource_spans`).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec

from mapping.errors import invalid
from mapping.json.decoding import decode
from mapping.otlp.part_count import check_objects
from mapping.otlp.wire import Number, whole, wrong_id
from mapping.sanitize.changes import Changes
from mapping.values import MAX_DEPTH, TOO_DEEP, double, integer, json_text, past_text

Text = str | None
# Doubles may be text as well: "NaN", "Infinity", "-Infinity".
Double = float | str | None


class _Message(msgspec.Struct, rename="camel", gc=False):
    """A message whose unknown fields are skipped."""


class AnyValue(_Message):
    string_value: Text = None
    bool_value: bool | None = None
    int_value: Number = None
    double_value: Double = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: Text = None


class ArrayValue(_Message):
    values: list[AnyValue] | None = None


class KeyValue(_Message):
    key: Text = None
    value: AnyValue | None = None


class KeyValueList(_Message):
    values: list[KeyValue] | None = None


class Resource(_Message):
    attributes: list[KeyValue] | None = None


class Scope(_Message):
    name: Text = None
    version: Text = None
    attributes: list[KeyValue] | None = None


class SpanStatus(_Message):
    message: Text = None
    code: Number = None


class SpanEvent(_Message):
    time_unix_nano: Number = None
    name: Text = None
    attributes: list[KeyValue] | None = None


class SpanLink(_Message):
    trace_id: Text = None
    span_id: Text = None
    trace_state: Text = None
    attributes: list[KeyValue] | None = None


class Span(_Message):
    trace_id: Text = None
    span_id: Text = None
    trace_state: Text = None
    parent_span_id: Text = None
    name: Text = None
    kind: Number = None
    start_time_unix_nano: Number = None
    end_time_unix_nano: Number = None
    attributes: list[KeyValue] | None = None
    events: list[SpanEvent] | None = None
    links: list[SpanLink] | None = None
    status: SpanStatus | None = None


class ScopeSpans(_Message):
    scope: Scope | None = None
    spans: list[Span] | None = None


class ResourceSpans(_Message):
    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


class ExportTraceServiceRequest(_Message):
    resource_spans: list[ResourceSpans] | None = None
    # No field of it: a logs request sent here by mistake would otherwise be an empty one, and be lost.
    resource_logs: msgspec.Raw = msgspec.Raw()


class LogRecord(_Message):
    time_unix_nano: Number = None
    observed_time_unix_nano: Number = None
    severity_number: Number = None
    severity_text: Text = None
    body: AnyValue | None = None
    attributes: list[KeyValue] | None = None
    trace_id: Text = None
    span_id: Text = None
    event_name: Text = None


class ScopeLogs(_Message):
    scope: Scope | None = None
    log_records: list[LogRecord] | None = None


class ResourceLogs(_Message):
    resource: Resource | None = None
    scope_logs: list[ScopeLogs] | None = None


class ExportLogsServiceRequest(_Message):
    resource_logs: list[ResourceLogs] | None = None
    resource_spans: msgspec.Raw = msgspec.Raw()  # as above


_NOTHING = (b"", b"null", b"[]")

# More than 64 bits hold, however many: as text they are kept.
_DIGITS = re.compile(r"-?[1-9][0-9]{19,}")

# A field's name as the proto spells it, by its bytes in a body: `"resource_spans":`.
_CAMEL = {
    field.name.encode(): field.encode_name.encode()
    for message in _Message.__subclasses__()
    for field in msgspec.structs.fields(message)
    if "_" in field.name
}
# An underscore in a key, at a tenth of what decoding costs; most bodies have them in values only.
_ANY_SNAKE = re.compile(rb'_[a-z]+"\s*:')
_SNAKE = re.compile(rb'"(' + rb"|".join(_CAMEL) + rb')"(?=\s*:)')


class JsonWire:
    """`mapping.otlp.wire.Wire` for `application/json`."""

    def __init__(self) -> None:
        self._traces = msgspec.json.Decoder(ExportTraceServiceRequest)
        self._logs = msgspec.json.Decoder(ExportLogsServiceRequest)

    def traces(self, body: bytes, changes: Changes) -> Any:
        check_objects(body)
        request = decode(self._traces, _camel(body), "a JSON ExportTraceServiceRequest", changes)
        if bytes(request.resource_logs) not in _NOTHING and not request.resource_spans:
            raise invalid("resourceLogs: expected resourceSpans; logs go to /v1/logs")
        return request

    def logs(self, body: bytes, changes: Changes) -> Any:
        check_objects(body)
        request = decode(self._logs, _camel(body), "a JSON ExportLogsServiceRequest", changes)
        if bytes(request.resource_spans) not in _NOTHING and not request.resource_logs:
            raise invalid("resourceSpans: expected resourceLogs; spans go to /v1/traces")
        return request

    def hex_id(self, value: Text, digits: int, field: str) -> str:
        if not value:
            return ""
        try:
            if len(bytes.fromhex(value)) * 2 != digits or len(value) != digits:
                raise wrong_id(field, digits, value)
        except ValueError:
            raise wrong_id(field, digits, value) from None
        return "" if value.count("0") == digits else value.lower()

    def attributes(self, key_values: list[KeyValue] | None) -> dict[str, Any]:
        return {
            pair.key or "": None
            if (value := pair.value) is None
            else value.string_value
            if value.string_value is not None
            else _plain(value, MAX_DEPTH)
            for pair in key_values or ()
        }

    def value(self, any_value: AnyValue | None) -> Any:
        return None if any_value is None else _plain(any_value, MAX_DEPTH)


def _camel(body: bytes) -> bytes:
    if not _ANY_SNAKE.search(body):
        return body
    # A quote inside a string is escaped, so that only a key ends with a quote and a colon.
    return _SNAKE.sub(lambda roles: b'"' + _CAMEL[roles[1]] + b'"', body)


def _plain(value: AnyValue, room: int) -> Any:
    """Return a value that may still nest `room` levels. Below zero it becomes JSON text."""
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return _integer(value.int_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return _double(value.double_value)
    if value.bytes_value is not None:
        return _bytes(value.bytes_value)
    return _nested(value, room)


def _nested(value: AnyValue, room: int) -> Any:
    if value.array_value is None and value.kvlist_value is None:
        return None
    if room == 0:
        return json_text(_nested(value, -1))
    if past_text(room):
        return TOO_DEEP
    if value.array_value is not None:
        return [_plain(item, room - 1) for item in value.array_value.values or ()]
    pairs = value.kvlist_value.values if value.kvlist_value else None
    return {pair.key or "": None if pair.value is None else _plain(pair.value, room - 1) for pair in pairs or ()}


def _integer(value: float | str) -> int | str:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return value
    return integer(whole(value, "intValue"))


def _double(value: float | str) -> float | str:
    try:
        return double(float(value))
    except ValueError:
        raise invalid(f"doubleValue: expected a number, NaN, Infinity or -Infinity, got {str(value)[:40]!r}") from None


def _bytes(value: str) -> bytes:
    padded = value.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"bytesValue: expected base64, got {value[:40]!r}") from None
