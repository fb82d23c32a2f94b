"""Protobuf's wire format as a tree, so that a mutation deep inside keeps the lengths around it right.

Messages without a schema: what is length-delimited counts as a message where it reads as one.
"""

from __future__ import annotations

import contextlib
import struct
from random import Random
from typing import Any, NamedTuple

from mutations import TEXTS

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)


class Field(NamedTuple):
    """`value` is an int (VARINT), bytes, or a list of fields (BYTES)."""

    number: int
    kind: int
    value: Any


class _NoMessageError(Exception):
    pass


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def read(data: bytes) -> list[Field]:
    try:
        return _read(data)
    except _NoMessageError:
        return []


def _read(data: bytes) -> list[Field]:
    fields, at = [], 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise _NoMessageError
        if kind == VARINT:
            value, at = _read_varint(data, at)
        elif kind in {FIXED64, FIXED32}:
            size = 8 if kind == FIXED64 else 4
            value, at = data[at : at + size], at + size
        elif kind == BYTES:
            size, at = _read_varint(data, at)
            value, at = data[at : at + size], at + size
            if value:
                with contextlib.suppress(_NoMessageError):
                    value = _read(value)
        else:
            raise _NoMessageError
        if at > len(data):
            raise _NoMessageError
        fields.append(Field(number, kind, value))
    return fields


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _NoMessageError
        number |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return number, at
    raise _NoMessageError


def write(fields: list[Field]) -> bytes:
    return b"".join(map(_write_field, fields))


def _write_field(field: Field) -> bytes:
    tag = varint(field.number << 3 | field.kind)
    if isinstance(field.value, list):
        body = write(field.value)
        return tag + varint(len(body)) + body
    if field.kind == VARINT:
        return tag + varint(field.value)
    if field.kind == BYTES:
        return tag + varint(len(field.value)) + field.value
    return tag + field.value


_BYTES = (
    *(text.encode(errors="surrogatepass") for text in TEXTS),
    *(b"\xff\xfe", b"\xc3", b"\x80" * 16, b"\0" * 16, b"\0" * 8, b"\1" * 15, b"\1" * 17, b"\1" * 8),
)
_INTEGERS = (0, 1, 2, 3, 6, 24, 25, 127, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
_DOUBLES = tuple(
    struct.pack("<d", number) for number in (0.0, -0.0, 1.5, float("nan"), float("inf"), float("-inf"), 5e-324)
) + tuple(struct.pack("<Q", moment) for moment in (1, 2**63 - 1, 2**63, 2**64 - 1))


def any_field(random: Random) -> Field:
    number = random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16, 1000, 2**29 - 1))
    match random.randrange(6):
        case 0:
            return Field(number, VARINT, random.choice(_INTEGERS))
        case 1:
            return Field(number, FIXED64, random.choice(_DOUBLES))
        case 2:
            return Field(number, FIXED32, random.randbytes(4))
        case 3:
            return Field(number, GROUP, write([any_field(random)]) + varint(number << 3 | END_GROUP))
        case 4:
            return Field(number, BYTES, [any_field(random) for _ in range(random.randrange(4))])
    return Field(number, BYTES, random.choice(_BYTES))


def nested_value(depth: int, random: Random) -> bytes:
    """An AnyValue of arrays (field 5) or maps (field 6, whose pairs have it as field 2) in each other."""
    value = write([Field(3, VARINT, 7)])
    maps = random.random() < 0.5
    for _ in range(depth):
        inner = write([Field(1, BYTES, b"k"), Field(2, BYTES, value)]) if maps else value
        value = write([Field(6 if maps else 5, BYTES, write([Field(1, BYTES, inner)]))])
    return value


def mutate(fields: list[Field], random: Random) -> list[Field]:
    """Change one to some places of a message, in place. Returns the message."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        message = random.choice(list(_messages(fields)))
        at = random.randint(0, len(message))
        match random.randrange(8):
            case 0 if at < len(message):
                message[at] = _other_value(message[at], random)
            case 1 if at < len(message):
                message[at] = message[at]._replace(number=any_field(random).number)
            case 2 | 3 if at < len(message):
                # As bytes: what is shared would grow everywhere at once, a case once past the machine's memory.
                copy = message[at]._replace(value=_frozen(message[at].value))
                times = min(random.choice((1, 2, 40, 400)), 100_000 // (len(_write_field(copy)) + 1))
                message[at:at] = [copy] * times
            case 4 if at < len(message):
                del message[at]
            case 5:
                value = nested_value(random.choice((5, 16, 31, 33, 45, 90, 300)), random)
                message.insert(at, Field(random.choice((2, 5, 9)), BYTES, value))
            case 6:
                elsewhere = write(random.choice(list(_messages(fields))))
                message.insert(at, Field(any_field(random).number, BYTES, elsewhere))
            case _:
                message.insert(at, any_field(random))
    return fields


def _frozen(value: Any) -> Any:
    return write(value) if isinstance(value, list) else value


def _messages(fields: list[Field]) -> Any:
    yield fields
    for field in fields:
        if isinstance(field.value, list):
            yield from _messages(field.value)


def _other_value(field: Field, random: Random) -> Field:
    match field.kind:
        case 0:
            return field._replace(value=random.choice(_INTEGERS))
        case 1:
            return field._replace(value=random.choice(_DOUBLES))
        case 5:
            return field._replace(value=random.randbytes(4))
    return field._replace(value=random.choice(_BYTES))
