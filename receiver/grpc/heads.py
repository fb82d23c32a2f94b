"""The heads of a client's calls, read as they pass to gRPC's server, and written anew with what is used of them.

That ends a call with INTERNAL, and without a line in any log, for every header that it cannot parse, whether anybody
reads it or not: broken base64, `grpc-encoding: zstd`, a second `host`. A path that is not
UTF-8 even ends the loop in which it takes calls, and with it gRPC for everybody until the receiver starts again (grpcio
1.85).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple

from mapping.errors import invalid
from receiver.http.connection import HTTP2_PREFACE
from receiver.settings.kinds import show_size

# Of RFC 9113: the length of a frame's own head, types of frames, and flags.
_FRAME_HEAD = 9
_HEADERS, _CONTINUATION = 1, 9
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 0x01, 0x04, 0x08, 0x20
_PRIORITY_LENGTH = 5
_LARGEST_FRAME = 16_384

# `server.max_header_bytes` is the limit of one header; a head has so many times that.
_TIMES_THE_LIMIT = 8

# The headers that are passed on as they are; keys as often as they come, of others the first.
_KEYS = {b"authorization", b"x-api-key"}
_USED = {b":method", b":scheme", b":authority", b"host", b"content-type", b"user-agent", *_KEYS}
_TIMEOUT = re.compile(rb"[0-9]{1,8}[HMSmun]")
# What the client has said of its messages. gRPC's server is told gzip, and takes any compressed message for that.
ENCODING = "sent-encoding"


class Heads:
    """Those of one connection. All that the client sends has to be read, since a head may refer to earlier ones."""

    def __init__(self, max_header_bytes: int) -> None:
        self._most = max_header_bytes * _TIMES_THE_LIMIT
        self._decoder, self._encoder = Decoder(self._most), Encoder()
        self._skip = len(HTTP2_PREFACE)
        self._frame, self._wanted = bytearray(), _FRAME_HEAD
        self._head: bytearray | None = None
        self._stream, self._ends = b"", 0

    def read(self, data: bytes) -> bytes:
        """Return what is to be passed on of what comes next. Raises Problem (INVALID_ARGUMENT) where nothing may be."""
        passed, at = [], 0
        while at < len(data):
            if self._skip:
                part = data[at : at + self._skip]
                self._skip -= len(part)
                passed.append(part)
            else:
                part = data[at : at + self._wanted - len(self._frame)]
                self._frame += part
                if len(self._frame) == self._wanted:
                    passed.append(self._read_frame())
            at += len(part)
        return b"".join(passed)

    def _read_frame(self) -> bytes:
        """Read what there is of a frame: its head, then the rest if it belongs to the head of a call."""
        frame, passed = self._frame, b""
        size, kind, flags = int.from_bytes(frame[:3], "big"), frame[3], frame[4]
        if (self._head is None) != (kind != _CONTINUATION):
            raise invalid("expected CONTINUATION after HEADERS that do not end the head of a call, and nowhere else")
        if kind not in {_HEADERS, _CONTINUATION}:
            self._skip = size
            passed = bytes(frame)
        elif len(self._head or b"") + size > self._most:
            raise invalid(f"expected the head of a call to have at most {show_size(self._most)}")
        elif len(frame) < _FRAME_HEAD + size:
            self._wanted = _FRAME_HEAD + size
            return b""
        else:
            if kind == _HEADERS:
                self._stream, self._ends = bytes(frame[5:_FRAME_HEAD]), flags & _END_STREAM
            self._head = (self._head or bytearray()) + _fragment(kind, flags, frame[_FRAME_HEAD:])
            if flags & _END_HEADERS:
                passed = self._written(self._decoded(bytes(self._head)))
                self._head = None
        self._frame, self._wanted = bytearray(), _FRAME_HEAD
        return passed

    def _decoded(self, head: bytes) -> list[tuple[bytes, bytes]]:
        try:
            return list(_used(self._decoder.decode(head, raw=True)))
        except HPACKError as error:
            raise invalid(f"expected the head of a call; it does not decode ({error})") from None

    def _written(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return frames that hold these headers: none of them for the table to which later heads could refer."""
        block = self._encoder.encode([NeverIndexedHeaderTuple(*header) for header in headers], huffman=False)
        parts = [block[at : at + _LARGEST_FRAME] for at in range(0, len(block), _LARGEST_FRAME)] or [b""]
        frames = []
        for number, part in enumerate(parts):
            kind, flags = (_HEADERS, self._ends) if number == 0 else (_CONTINUATION, 0)
            flags |= _END_HEADERS if number == len(parts) - 1 else 0
            frames += [len(part).to_bytes(3, "big"), bytes((kind, flags)), self._stream, part]
        return b"".join(frames)


def _used(headers: Iterable[Any]) -> Iterator[tuple[bytes, bytes]]:
    seen: set[bytes] = set()
    for name, value in headers:
        if name in seen and not name.startswith(b":"):
            continue
        seen |= {name} - _KEYS
        if name == b":path":
            yield name, value.decode(errors="replace").encode()
        elif name == b"te":
            yield name, b"trailers"
        elif name == b"grpc-encoding":
            if value != b"identity":
                yield name, b"gzip"
                yield ENCODING.encode(), value
        elif name in _USED or (name == b"grpc-timeout" and _TIMEOUT.fullmatch(value)):
            yield name, value


def _fragment(kind: int, flags: int, payload: bytearray) -> bytearray:
    """Return the part of a head that a frame holds. Raises Problem."""
    start = padding = 0
    if kind == _HEADERS and flags & _PADDED:
        start, padding = 1, payload[0] if payload else 0
    if kind == _HEADERS and flags & _PRIORITY:
        start += _PRIORITY_LENGTH
    if len(payload) < start + padding:
        raise invalid("expected a HEADERS frame to be longer than its padding")
    return payload[start : len(payload) - padding]
