"""The messages between the receiver and its child processes: four bytes of length, then MessagePack.

Each module has request types of its own; every request is answered with a `Reply`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    import asyncio

_LENGTH = struct.Struct(">I")

Outcome = Literal["done", "invalid", "unavailable", "unusable", "working"]


class Reply(msgspec.Struct):
    """An answer. `value` is the result, or a message if the outcome is not `done`. `invalid` requests change nothing.

    `working` reports the present step of a request that takes long; its final answer follows. `number` is the
    request's, if requests have numbers because their answers come in another order.
    """

    outcome: Outcome
    value: Any = None
    number: int = 0


def framed(message: msgspec.Struct) -> bytes:
    """Return a message as bytes to send."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


def write(stream: IO[bytes], message: msgspec.Struct) -> None:
    stream.write(framed(message))
    stream.flush()


def read(stream: IO[bytes]) -> bytes | None:
    """Return the next message, or None if the stream ends, even in the middle of a message."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


async def receive(stream: asyncio.StreamReader) -> bytes:
    """Return the next message. Raises asyncio.IncompleteReadError if the stream ends."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return await stream.readexactly(length)


def taken_from(buffer: bytearray) -> Iterator[bytes]:
    """Yield the complete messages at the start of the buffer, and remove them from it."""
    start = 0
    while len(buffer) - start >= _LENGTH.size:
        end = start + _LENGTH.size + _LENGTH.unpack_from(buffer, start)[0]
        if len(buffer) < end:
            break
        yield bytes(buffer[start + _LENGTH.size : end])
        start = end
    del buffer[:start]
