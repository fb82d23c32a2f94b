"""OTLP/JSON: typed structs (`json_messages`) where all values are of their kinds, `json_lenient` where some are not.

A field may be spelt as in the proto (`resource_spans`).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, TypeVar

import msgspec

from mapping.errors import Problem, invalid
from mapping.json.decoding import decode
from mapping.otlp import json_lenient
from mapping.otlp.json_messages import (
    AnyValue,
    AsIs,
    ExportLogsServiceRequest,
    ExportTraceServiceRequest,
    KeyValue,
    Message,
    Text,
)
from mapping.otlp.not_stored import NotStored
from mapping.otlp.part_count import check_objects
from mapping.otlp.wire import whole, wrong_id
from mapping.sanitize.changes import Changes
from mapping.values import INT64_MAX, INT64_MIN, MAX_DEPTH, TOO_DEEP, double, integer, json_text, past_text, storable

_NOTHING = (b"", b"null", b"[]")

# More than 64 bits hold, however many: as text they are kept.
_DIGITS = re.compile(r"-?[1-9][0-9]{19,}")

# A field's name as the proto spells it, by its bytes in a body: `"resource_spans":`.
_CAMEL = {
    field.name.encode(): field.encode_name.encode()
    for message in Message.__subclasses__()
    for field in msgspec.structs.fields(message)
    if "_" in field.name
}
# An underscore in a key, at a tenth of what decoding costs; most bodies have them in values only.
_ANY_SNAKE = re.compile(rb'_[a-z]+"\s*:')
_SNAKE = re.compile(rb'"(' + rb"|".join(_CAMEL) + rb')"(?=\s*:)')


_Request = TypeVar("_Request", ExportTraceServiceRequest, ExportLogsServiceRequest)


class JsonWire:
    """`mapping.otlp.wire.Wire` for `application/json`."""

    def __init__(self) -> None:
        self._traces = msgspec.json.Decoder(ExportTraceServiceRequest)
        self._logs = msgspec.json.Decoder(ExportLogsServiceRequest)

    def traces(self, body: bytes, changes: Changes) -> Any:
        request = _request(self._traces, body, changes)
        if bytes(request.resource_logs) not in _NOTHING and not request.resource_spans:
            raise invalid("resourceLogs: expected resourceSpans; logs go to /v1/logs")
        return request

    def logs(self, body: bytes, changes: Changes) -> Any:
        request = _request(self._logs, body, changes)
        if bytes(request.resource_spans) not in _NOTHING and not request.resource_logs:
            raise invalid("resourceSpans: expected resourceLogs; spans go to /v1/traces")
        return request

    def count(self, signal: NotStored, body: bytes) -> int:
        return signal.in_json(body)

    def hex_id(self, value: Text, digits: int, field: str) -> str:
        if not value:
            return ""
        try:
            if len(bytes.fromhex(value)) * 2 != digits or len(value) != digits:
                raise wrong_id(field, digits, value)
        except ValueError:
            raise wrong_id(field, digits, value) from None
        return "" if value.count("0") == digits else value.lower()

    def attributes(self, key_values: list[KeyValue] | None, changes: Changes) -> dict[str, Any]:
        return {
            pair.key or "": None
            if (value := pair.value) is None
            else value.string_value
            if value.string_value is not None
            else _plain(value, MAX_DEPTH, changes)
            for pair in key_values or ()
        }

    def value(self, any_value: AnyValue | None, changes: Changes) -> Any:
        return None if any_value is None else _plain(any_value, MAX_DEPTH, changes)


_untyped = msgspec.json.Decoder()


def _request(decoder: msgspec.json.Decoder[_Request], body: bytes, changes: Changes) -> _Request:
    check_objects(body)
    body, expected = _camel(body), f"a JSON {decoder.type.__name__}"
    try:
        return decode(decoder, body, expected, changes)
    except Problem:
        given = decode(_untyped, body, expected)  # if it is JSON at all, some value in it is of a wrong kind
        if not isinstance(given, dict):
            raise
        return json_lenient.read(decoder.type, given, changes)


def _camel(body: bytes) -> bytes:
    if not _ANY_SNAKE.search(body):
        return body
    # A quote inside a string is escaped, so that only a key ends with a quote and a colon.
    return _SNAKE.sub(lambda roles: b'"' + _CAMEL[roles[1]] + b'"', body)


def _plain(value: AnyValue, room: int, changes: Changes) -> Any:
    """Return a value that may still nest `room` levels. Below zero it becomes JSON text."""
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return _integer(value.int_value, changes)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return _double(value.double_value, changes)
    if value.bytes_value is not None:
        return _bytes(value.bytes_value, changes)
    return _nested(value, room, changes)


def _nested(value: AnyValue, room: int, changes: Changes) -> Any:
    if value.array_value is None and value.kvlist_value is None:
        return storable(value.given, room) if isinstance(value, AsIs) else None
    if room == 0:
        return json_text(_nested(value, -1, changes))
    if past_text(room):
        return TOO_DEEP
    if value.array_value is not None:
        return [_plain(item, room - 1, changes) for item in value.array_value.values or ()]
    pairs = value.kvlist_value.values if value.kvlist_value else None
    return {
        pair.key or "": None if pair.value is None else _plain(pair.value, room - 1, changes) for pair in pairs or ()
    }


def _integer(value: float | str, changes: Changes) -> float | str:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return value
    number = whole(value)
    # JavaScript writes a large number that is no safe integer as 1e+30: that is what is known of it.
    if number is None or (isinstance(value, float) and not INT64_MIN <= number <= INT64_MAX):
        changes.note("intValue", "an integer of 64 bits", value)
        return value
    return integer(number)


def _double(value: float | str, changes: Changes) -> float | str:
    try:
        return double(float(value))
    except (ValueError, OverflowError):
        changes.note("doubleValue", "a number, NaN, Infinity or -Infinity", value)
        return value if isinstance(value, str) else integer(int(value))


def _bytes(value: str, changes: Changes) -> bytes | str:
    padded = value.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        changes.note("bytesValue", "base64", value)
        return value
