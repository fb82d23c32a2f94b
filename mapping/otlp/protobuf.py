"""OTLP protobuf, through opentelemetry-proto's own classes."""

from __future__ import annotations

import msgspec
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mapping.errors import invalid
from mapping.otlp.wire import MAX_DEPTH, wrong_id


class ProtobufWire:
    """`mapping.otlp.wire.Wire` for `application/x-protobuf`."""

    def traces(self, body: bytes) -> Any:
        return _parse(ExportTraceServiceRequest, body)

    def logs(self, body: bytes) -> Any:
        return _parse(ExportLogsServiceRequest, body)

    def hex_id(self, value: bytes, digits: int, field: str) -> str:
        if not any(value):
            if value and len(value) * 2 != digits:
                raise wrong_id(field, digits, value.hex())
            return ""
        if len(value) * 2 != digits:
            raise wrong_id(field, digits, value.hex())
        return value.hex()

    def attributes(self, key_values: Any) -> dict[str, Any]:
        attributes = {}
        for pair in key_values:
            value = pair.value
            kind = value.WhichOneof("value")
            attributes[pair.key] = (
                getattr(value, kind) if kind in _PLAIN else None if kind is None else _nested(value, kind, 1)
            )
        return attributes

    def value(self, any_value: Any) -> Any:
        kind = any_value.WhichOneof("value")
        return None if kind is None else _nested(any_value, kind, 1)


_PLAIN = frozenset({"string_value", "int_value", "bool_value", "double_value", "bytes_value"})


def _nested(value: Any, kind: str, depth: int) -> Any:
    if kind in _PLAIN:
        return getattr(value, kind)
    if kind not in {"array_value", "kvlist_value"}:
        return None
    if depth >= MAX_DEPTH:
        plain = _nested(value, kind, depth - 10**6)  # protobuf itself stops at 100 levels
        return msgspec.json.encode(plain).decode()
    if kind == "array_value":
        inner = ((item, item.WhichOneof("value")) for item in value.array_value.values)
        return [None if of is None else _nested(item, of, depth + 1) for item, of in inner]
    return {
        pair.key: None if (of := pair.value.WhichOneof("value")) is None else _nested(pair.value, of, depth + 1)
        for pair in value.kvlist_value.values
    }


def _parse(message: Any, body: bytes) -> Any:
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise invalid(f"body: expected a protobuf {message.DESCRIPTOR.name}; it does not decode ({error})") from None
