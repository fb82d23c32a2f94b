"""Decompression of Content-Encoding under a limit: a table with a row for each encoding."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import cramjam

from mapping.errors import Code, Problem, invalid
from receiver import zstd
from receiver.settings.kinds import show_size


class _Inflater(Protocol):
    """The interface of zlib's decompressors."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes | bytearray | memoryview: ...


class _Whole:
    """A decoder of cramjam's with zlib's interface: its output is bounded by the buffer that it writes to.

    It takes all members of a body at once. A byte of input makes `most` bytes at most, so small bodies get small
    buffers.
    """

    unused_data = b""
    _FULL = "failed to write whole buffer"

    def __init__(self, decompress_into: Callable[[bytes, bytearray], int], most: int) -> None:
        self._decompress_into, self._most = decompress_into, most
        self.eof = True

    def decompress(self, data: bytes, max_length: int, /) -> bytearray | memoryview:
        self.eof = bool(data)
        buffer = bytearray(min(max_length, len(data) * self._most))
        try:
            written = self._decompress_into(data, buffer)
        except cramjam.DecompressionError as error:
            if str(error) == self._FULL:
                return buffer
            raise
        return memoryview(buffer)[:written]


class _Snappy:
    """Snappy's block format, which says its length first. Older Collectors call the framed format `snappy`, too."""

    eof, unused_data = True, b""
    _FRAMED = b"\xff\x06\x00\x00sNaPpY"

    def decompress(self, data: bytes, max_length: int, /) -> bytes | bytearray | memoryview:
        if data.startswith(self._FRAMED):
            return _framed_snappy().decompress(data, max_length)
        length = cramjam.snappy.decompress_raw_len(data)
        if length >= max_length:
            return bytearray(max_length)
        buffer = bytearray(min(length, len(data) * _SNAPPY_MOST))
        cramjam.snappy.decompress_raw_into(data, buffer)
        return buffer


# Bytes that a byte of input makes at most: a copy of 64 bytes takes 3, and LZ4 has a byte for each further 255.
_SNAPPY_MOST, _LZ4_MOST = 32, 256


def _framed_snappy() -> _Inflater:
    return _Whole(cramjam.snappy.decompress_into, _SNAPPY_MOST)


def _lz4() -> _Inflater:
    return _Whole(cramjam.lz4.decompress_into, _LZ4_MOST)


class _Encoding(NamedTuple):
    start: Callable[[], _Inflater]
    error: type[Exception]


_GZIP = _Encoding(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error)
_ZLIB = _Encoding(zlib.decompressobj, zlib.error)
ENCODINGS: dict[str, _Encoding] = {
    "gzip": _GZIP,
    "x-gzip": _GZIP,
    "deflate": _ZLIB,  # RFC 9110: the zlib format, not bare deflate
    "zlib": _ZLIB,
    "zstd": _Encoding(zstd.decompressor, zstd.ZstdError),
    "snappy": _Encoding(_Snappy, cramjam.DecompressionError),
    "x-snappy-framed": _Encoding(_framed_snappy, cramjam.DecompressionError),
    "lz4": _Encoding(_lz4, cramjam.DecompressionError),
}

# Concatenated members are one body. Each costs a copy of what follows it, hence not any number of them.
_MAX_MEMBERS = 64


def inflate(name: str, body: bytes, limit: int) -> bytes:
    """Decompress. Never produces much more than `limit` bytes. Raises Problem as `read_body` does."""
    encoding, parts, left = ENCODINGS[name], [], limit
    for _ in range(_MAX_MEMBERS):
        inflater = encoding.start()
        try:
            part = inflater.decompress(body, left + 1)
        except encoding.error as error:
            raise invalid(f"body: expected {name} data, as its encoding says; it does not decode ({error})") from None
        if len(part) > left:
            raise too_large(limit, "once decompressed")
        if not inflater.eof:
            raise invalid(f"body: expected {name} data, as its encoding says; it breaks off after {len(body)} bytes")
        parts.append(part)
        left -= len(part)
        body = inflater.unused_data
        if not body:
            return b"".join(parts)
    raise invalid(f"body: expected at most {_MAX_MEMBERS} concatenated {name} members")


def too_large(limit: int, when: str) -> Problem:
    return Problem(
        Code.RESOURCE_EXHAUSTED,
        f"body: expected at most {show_size(limit)} {when}; send smaller batches, or raise server.max_body_bytes",
    )
