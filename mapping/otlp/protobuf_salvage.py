"""Takes a protobuf request apart in which a span or a log record does not decode, so that it costs only itself.

Each message stands behind its length, so that what is broken inside one ends with it. Of a span, record, event, link,
resource or scope that is broken, those fields stay that decode; the bytes of the others become its attribute
`vectadb.malformed`. Where the lists of the request itself are broken, nothing can be told apart; where most of what
they hold is, it is something else, such as spans sent to `/v1/logs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from mapping.sanitize.changes import MALFORMED, Changes

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_ITEMS = frozenset({"Span", "LogRecord"})


class _Field(NamedTuple):
    """A field of a message: its number and wire type, where it begins, and where what it holds begins and ends."""

    number: int
    wire_type: int
    start: int
    value: int
    end: int


class _Broken(Exception):  # noqa: N818 - no error that anybody reports
    """The bytes do not go on with a field."""


def salvaged(message: Any, body: bytes, changes: Changes) -> bytes | None:
    """Return a request's bytes without what does not decode; None where it cannot be taken apart, or most is broken."""
    items = _Items()
    try:
        whole = _group(message, body, items, changes)
    except _Broken:
        return None
    return whole if 2 * items.broken <= items.count else None


class _Items:
    """How many spans or records there are, and how many of them are broken."""

    count = broken = 0


def _group(message: Any, data: bytes, items: _Items, changes: Changes) -> bytes:
    """Take apart what holds lists of spans or records. Raises _Broken."""
    kept: list[bytes] = []
    for field in _fields(data):
        inner = _inner(message, field)
        value = data[field.value : field.end]
        name = inner.DESCRIPTOR.name if inner is not None else ""
        items.count += name in _ITEMS
        if _decodes(message, data[field.start : field.end]):
            items.count += 0 if name in _ITEMS or inner is None else _count(inner.FromString(value))
            kept.append(data[field.start : field.end])
        elif inner is None:
            raise _Broken
        else:
            items.broken += name in _ITEMS
            mended = _holder(inner, value, changes) if _attributes(inner) else _group(inner, value, items, changes)
            kept.append(_written(field.number, mended))
    return b"".join(kept)


def _count(group: Any) -> int:
    """Return how many spans or records a message holds that decodes."""
    return sum(
        len(value) if field.message_type.name in _ITEMS else sum(map(_count, value))
        for field, value in group.ListFields()
        if field.is_repeated and field.message_type is not None and field.name != "attributes"
    )


def _holder(message: Any, data: bytes, changes: Changes) -> bytes:
    """Return those fields of what has attributes that decode, and the others' bytes as an attribute."""
    kept: list[bytes] = []
    broken: list[bytes] = []
    end = 0
    try:
        for field in _fields(data):
            piece, end = data[field.start : field.end], field.end
            inner = _inner(message, field)
            if _decodes(message, piece):
                kept.append(piece)
            elif inner is not None and _attributes(inner):
                kept.append(_written(field.number, _holder(inner, data[field.value : field.end], changes)))
            else:
                broken.append(piece)
    except _Broken:
        broken.append(data[end:])
    if broken:
        lost = b"".join(broken)
        changes.note(message.DESCRIPTOR.name, "protobuf", lost)
        attributes = _attributes(message)
        pair: Any = GetMessageClass(attributes.message_type)(key=MALFORMED)
        pair.value.bytes_value = lost
        kept.append(_written(attributes.number, pair.SerializeToString()))
    return b"".join(kept)


def _attributes(message: Any) -> Any:
    return message.DESCRIPTOR.fields_by_name.get("attributes")


def _inner(message: Any, field: _Field) -> Any:
    """Return the message that a field holds, None if it holds none."""
    known = message.DESCRIPTOR.fields_by_number.get(field.number)
    if field.wire_type != _LENGTH or known is None or known.message_type is None:
        return None
    return GetMessageClass(known.message_type)


def _decodes(message: Any, data: bytes) -> bool:
    try:
        message.FromString(data)
    except DecodeError:
        return False
    return True


def _fields(data: bytes) -> Iterator[_Field]:
    """Yield the fields of a message. Raises _Broken where they end before it does."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        wire_type = tag & 7
        if wire_type == _VARINT:
            value, (_, end) = at, _varint(data, at)
        elif wire_type == _LENGTH:
            length, value = _varint(data, at)
            end = value + length
        elif wire_type in (_FIXED64, _FIXED32):
            value, end = at, at + (8 if wire_type == _FIXED64 else 4)
        else:
            raise _Broken
        if end > len(data) or tag >> 3 == 0:
            raise _Broken
        yield _Field(tag >> 3, wire_type, start, value, end)
        at = end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends. Raises _Broken."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise _Broken


def _written(number: int, value: bytes) -> bytes:
    """Write a field that holds a message."""
    return _write_varint(number << 3 | _LENGTH) + _write_varint(len(value)) + value


def _write_varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
