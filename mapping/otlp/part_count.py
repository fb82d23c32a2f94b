"""Count the parts of a large request before it is decoded.

An empty message takes two bytes on the wire and a hundred once decoded: 20 MiB of them would take gigabytes. So only
the enclosing messages are decoded, with their parts left as bytes, which costs a fifth, and the parts are counted. In
JSON every part has an opening brace.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from mapping.errors import Code, Problem

# Real requests of 20 MiB have at most half a million parts: a part that is not empty takes tens of bytes.
MOST_PARTS = 2_000_000
# A smaller body cannot hold enough parts to matter.
_LARGE = 256 * 1024

# The numbers of the repeated fields (and of those that lead to them), as opentelemetry-proto gives them.
_RESOURCE: dict[int, Any] = {1: {}}  # attributes
_SCOPE: dict[int, Any] = {3: {}}
_SPAN: dict[int, Any] = {9: {}, 11: {3: {}}, 13: {4: {}}}  # attributes, events and links with theirs
_LOG_RECORD: dict[int, Any] = {6: {}}
_TRACES = {1: {1: _RESOURCE, 2: {1: _SCOPE, 2: _SPAN}}}
_LOGS = {1: {1: _RESOURCE, 2: {1: _SCOPE, 2: _LOG_RECORD}}}


class Part(NamedTuple):
    """A message decoded only to count its parts: its class, and how its fields are decoded (None: not at all)."""

    message: Any
    fields: list[tuple[str, Part | None]]


_POOL = DescriptorPool()


def part(numbers: dict[int, Any], name: str) -> Part:
    """Return a message with these repeated fields, given by number with their own; a field without any is an item."""
    message = DescriptorProto(name=name)
    for number in numbers:
        message.field.add(
            name=f"f{number}",
            number=number,
            label=FieldDescriptorProto.LABEL_REPEATED,
            type=FieldDescriptorProto.TYPE_BYTES,
        )
    file = FileDescriptorProto(name=f"{name}.proto", package="weight", syntax="proto3", message_type=[message])
    _POOL.AddSerializedFile(file.SerializeToString())
    return Part(
        GetMessageClass(_POOL.FindMessageTypeByName(f"weight.{name}")),
        [(f"f{number}", part(inner, f"{name}_{number}") if inner else None) for number, inner in numbers.items()],
    )


TRACES = part(_TRACES, "Traces")
LOGS = part(_LOGS, "Logs")


def check_parts(request: Part, body: bytes) -> None:
    """Raise Problem (RESOURCE_EXHAUSTED) if a large protobuf body has more parts than any real request has."""
    if len(body) > _LARGE and _left(request, body, MOST_PARTS) < 0:
        raise _too_many()


def check_objects(body: bytes) -> None:
    """Raise Problem (RESOURCE_EXHAUSTED) if a JSON body has too many objects; an attribute counts as two."""
    if len(body) > _LARGE and body.count(b"{") > 2 * MOST_PARTS:
        raise _too_many()


def _too_many() -> Problem:
    return Problem(
        Code.RESOURCE_EXHAUSTED,
        f"body: expected at most {MOST_PARTS} spans, log records, attributes, events and links in all; "
        "send smaller batches",
    )


def _left(read: Part, body: bytes, room: int) -> int:
    """Return how many parts are still allowed after those of this message; counting stops below zero."""
    try:
        message = read.message.FromString(body)
    except DecodeError:
        return room  # the decoder reports what is wrong
    for field, inner in read.fields:
        values = getattr(message, field)
        room -= len(values)
        if room < 0 or inner is None:
            continue
        for value in values:
            room = _left(inner, value, room)
            if room < 0:
                return room
    return room
