"""opentelemetry-proto's request messages, rebuilt so that attribute values may nest at any depth.

Python's protobuf refuses a request, all of it, that nests past 100 messages, and a map in a map takes three of these.
So AnyValue is rebuilt in `LEVELS` versions, each holding the next; in the last one lists and maps are bytes, which look
the same on the wire and are parsed when somebody asks for them. All else is as opentelemetry-proto describes it.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from mapping.errors import invalid

# Seven messages stand around the outermost value of a span event, and a map takes three a level: 7 + 3 * 30 < 100.
LEVELS = 30

_PACKAGE = "opentelemetry.proto.common.v1"
# What holds values, by name: each has a version a level.
_HOLDERS = ("AnyValue", "ArrayValue", "KeyValueList", "KeyValue")
_BYTES = FieldDescriptorProto.TYPE_BYTES


def _common() -> FileDescriptorProto:
    file = FileDescriptorProto()
    common_pb2.DESCRIPTOR.CopyToProto(file)
    holders = [message for message in file.message_type if message.name in _HOLDERS]
    for level in range(1, LEVELS + 1):
        for holder in holders:
            file.message_type.append(_version(holder, level))
    for holder in holders:
        _point(holder, 0)
    return file


def _version(holder: DescriptorProto, level: int) -> DescriptorProto:
    version = DescriptorProto()
    version.CopyFrom(holder)
    version.name = f"{holder.name}{level}"
    _point(version, level)
    return version


def _point(holder: DescriptorProto, level: int) -> None:
    """Make a holder of this level hold its own level's messages: a value's lists and maps the next one's."""
    for field in holder.field:
        name = field.type_name.rpartition(".")[2]
        if name not in _HOLDERS:
            continue
        # A list or a map is one level: what they hold is of the next.
        inner = level + 1 if name in {"ArrayValue", "KeyValueList"} else level
        if inner > LEVELS:
            field.type = _BYTES
            field.ClearField("type_name")
        elif inner:
            field.type_name = f".{_PACKAGE}.{name}{inner}"


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    pool.AddSerializedFile(_common().SerializeToString())
    for module in (resource_pb2, trace_pb2, logs_pb2, trace_service_pb2, logs_service_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    return pool


_POOL = _pool()


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"opentelemetry.proto.{name}"))


ExportTraceServiceRequest = _message("collector.trace.v1.ExportTraceServiceRequest")
ExportLogsServiceRequest = _message("collector.logs.v1.ExportLogsServiceRequest")
_ArrayValue = _message("common.v1.ArrayValue")
_KeyValueList = _message("common.v1.KeyValueList")


def parse(message: Any, body: bytes) -> Any:
    """Parse a message. Raises Problem (INVALID_ARGUMENT)."""
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise invalid(f"body: expected a protobuf {message.DESCRIPTOR.name}; it does not decode ({error})") from None


def values_of(value: Any, kind: str) -> Any:
    """Give what an AnyValue's `array_value` or `kvlist_value` holds. Raises Problem where that does not decode."""
    inner = getattr(value, kind)
    if isinstance(inner, bytes):
        inner = parse(_ArrayValue if kind == "array_value" else _KeyValueList, inner)
    return inner.values
