"""opentelemetry-proto's request messages, rebuilt so that attribute values may nest at any depth.

Python's protobuf refuses a whole request if messages nest deeper than 100, and a map in a map takes three of these. So
AnyValue is rebuilt in `LEVELS` versions, each containing the next; in the last one lists and maps are bytes, which look
the same on the wire and are parsed when they are read. Everything else is as in opentelemetry-proto.

Protobuf also refuses a whole request for one text that is not UTF-8. Such a request is parsed by a second set of
classes that do not check this, and repaired. One in which a span or a record is broken is taken apart
(`protobuf_salvage.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import (
    EDITION_2023,
    DescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
)
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
from mapping.otlp.protobuf_salvage import salvaged
from mapping.sanitize.changes import Changes

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


def _files() -> Iterator[FileDescriptorProto]:
    yield _common()
    for module in (resource_pb2, trace_pb2, logs_pb2, trace_service_pb2, logs_service_pb2):
        yield FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def _any_bytes(file: FileDescriptorProto) -> FileDescriptorProto:
    """Return a file whose texts may be any bytes. proto3 has no word for that, its successors (editions) have."""
    file.syntax, file.edition = "editions", EDITION_2023
    file.options.features.field_presence = FeatureSet.IMPLICIT
    file.options.features.utf8_validation = FeatureSet.NONE
    return file


def _pool(files: Iterable[FileDescriptorProto]) -> DescriptorPool:
    pool = DescriptorPool()
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _pool(_files())
_POOL_OF_ANY_BYTES = _pool(map(_any_bytes, _files()))


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"opentelemetry.proto.{name}"))


ExportTraceServiceRequest = _message("collector.trace.v1.ExportTraceServiceRequest")
ExportLogsServiceRequest = _message("collector.logs.v1.ExportLogsServiceRequest")
_ArrayValue = _message("common.v1.ArrayValue")
_KeyValueList = _message("common.v1.KeyValueList")


def parse(message: Any, body: bytes, changes: Changes | None = None) -> Any:
    """Parse a message. What is no UTF-8 becomes U+FFFD, what is broken of a span or record is kept as bytes.

    Both are counted in `changes`. Raises Problem (INVALID_ARGUMENT) for a body that cannot be taken apart.
    """
    try:
        return message.FromString(body)
    except DecodeError:
        pass  # most often for a text, and then the other classes take it
    changes = Changes() if changes is None else changes
    lenient = GetMessageClass(_POOL_OF_ANY_BYTES.FindMessageTypeByName(message.DESCRIPTOR.full_name))
    try:
        read = lenient.FromString(body)
    except DecodeError as error:
        whole = salvaged(lenient, body, changes)
        if whole is None:
            raise invalid(
                f"body: expected a protobuf {message.DESCRIPTOR.name}; it does not decode ({error})"
            ) from None
        read = lenient.FromString(whole)
    _put_right(read, changes)
    return message.FromString(read.SerializeToString())


def _put_right(message: Any, changes: Changes) -> None:
    """Return the texts of a message that are no UTF-8, which are bytes so far, U+FFFD in the place of what is none."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.type == field.TYPE_MESSAGE:
            for inner in values:
                _put_right(inner, changes)
        elif field.type == field.TYPE_STRING and any(isinstance(one, bytes) for one in values):
            changes.replaced += 1
            texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in values]
            if field.is_repeated:
                value[:] = texts
            else:
                setattr(message, field.name, texts[0])


def values_of(value: Any, kind: str, changes: Changes) -> Any:
    """Return what an AnyValue's `array_value` or `kvlist_value` holds. Raises Problem where that does not decode."""
    inner = getattr(value, kind)
    if isinstance(inner, bytes):
        inner = parse(_ArrayValue if kind == "array_value" else _KeyValueList, inner, changes)
    return inner.values
