"""OTLP protobuf, through opentelemetry-proto's own classes."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mapping.errors import invalid
from mapping.otlp.wire import wrong_id
from mapping.storable import MAX_DEPTH, json_text


class ProtobufWire:
    """`mapping.otlp.wire.Wire` for `application/x-protobuf`."""

    def traces(self, body: bytes) -> Any:
        return _parse(ExportTraceServiceRequest, body)

    def logs(self, body: bytes) -> Any:
        return _parse(ExportLogsServiceRequest, body)

    def hex_id(self, value: bytes, digits: int, field: str) -> str:
        if value and len(value) * 2 != digits:
            raise wrong_id(field, digits, value.hex())
        return value.hex() if any(value) else ""

    def attributes(self, key_values: Any) -> dict[str, Any]:
        attributes = {}
        for pair in key_values:
            value = pair.value
            kind = value.WhichOneof("value")
            attributes[pair.key] = getattr(value, kind) if kind in _PLAIN else _nested(value, MAX_DEPTH)
        return attributes

    def value(self, any_value: Any) -> Any:
        return _nested(any_value, MAX_DEPTH)


_PLAIN = frozenset({"string_value", "int_value", "bool_value", "double_value", "bytes_value"})


def _nested(value: Any, room: int) -> Any:
    """Give an AnyValue that may still nest `room` levels. Below zero it may nest at will: protobuf stops at 100."""
    kind = value.WhichOneof("value")
    if kind in _PLAIN:
        return getattr(value, kind)
    if kind not in {"array_value", "kvlist_value"}:
        return None  # unset, or a kind that is newer than this
    if room == 0:
        return json_text(_nested(value, -1))
    if kind == "array_value":
        return [_nested(item, room - 1) for item in value.array_value.values]
    return {pair.key: _nested(pair.value, room - 1) for pair in value.kvlist_value.values}


def _parse(message: Any, body: bytes) -> Any:
    try:
        return message.FromString(body)
    except DecodeError as error:
        # The limit is protobuf's own, for the whole request; a map in a map takes three of its levels.
        reason = "it nests past 100 levels" if "MaxDepth" in str(error) else f"it does not decode ({error})"
        raise invalid(f"body: expected a protobuf {message.DESCRIPTOR.name}; {reason}") from None
