"""OTLP protobuf. See `mapping.otlp.protobuf_messages` for the classes."""

from __future__ import annotations

from typing import Any

from mapping.errors import Problem
from mapping.otlp.not_stored import NotStored
from mapping.otlp.part_count import LOGS, TRACES, check_parts
from mapping.otlp.protobuf_messages import ExportLogsServiceRequest, ExportTraceServiceRequest, parse, values_of
from mapping.otlp.wire import wrong_id
from mapping.sanitize.changes import Changes
from mapping.values import MAX_DEPTH, TOO_DEEP, double, json_text, past_text


class ProtobufWire:
    """`mapping.otlp.wire.Wire` for `application/x-protobuf`."""

    def traces(self, body: bytes, changes: Changes) -> Any:
        check_parts(TRACES, body)
        return parse(ExportTraceServiceRequest, body, changes)

    def logs(self, body: bytes, changes: Changes) -> Any:
        check_parts(LOGS, body)
        return parse(ExportLogsServiceRequest, body, changes)

    def count(self, signal: NotStored, body: bytes) -> int:
        return signal.in_protobuf(body)

    def hex_id(self, value: bytes, digits: int, field: str) -> str:
        if value and len(value) * 2 != digits:
            raise wrong_id(field, digits, value.hex())
        return value.hex() if any(value) else ""

    def attributes(self, key_values: Any, changes: Changes) -> dict[str, Any]:
        attributes = {}
        for pair in key_values:
            value = pair.value
            kind = value.WhichOneof("value")
            attributes[pair.key] = getattr(value, kind) if kind in _PLAIN else _nested(value, MAX_DEPTH, changes)
        return attributes

    def value(self, any_value: Any, changes: Changes) -> Any:
        return _nested(any_value, MAX_DEPTH, changes)


_PLAIN = frozenset({"string_value", "int_value", "bool_value", "bytes_value"})


def _nested(value: Any, room: int, changes: Changes) -> Any:
    """Return an AnyValue that may still nest `room` levels. Below zero it becomes JSON text."""
    kind = value.WhichOneof("value")
    if kind in _PLAIN:
        return getattr(value, kind)
    if kind == "double_value":
        return double(value.double_value)
    if kind in {"array_value", "kvlist_value"}:
        return _container(value, kind, room, changes)
    return None  # unset, or a kind that is newer than this


def _container(value: Any, kind: str, room: int, changes: Changes) -> Any:
    if room == 0:
        return json_text(_container(value, kind, -1, changes))
    if past_text(room):
        return TOO_DEEP
    try:
        inner = values_of(value, kind, changes)
    except Problem:
        undecoded = getattr(value, kind)
        changes.note(kind, "protobuf", undecoded)
        return undecoded
    if kind == "array_value":
        return [_nested(item, room - 1, changes) for item in inner]
    return {pair.key: _nested(pair.value, room - 1, changes) for pair in inner}
