"""Decompression of Content-Encoding under a limit: a table with a row for each encoding."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import zstandard

from mapping.errors import Code, Problem, invalid
from receiver.settings.kinds import show_size


class _Inflater(Protocol):
    """The interface of zlib's decompressors."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes | bytearray: ...


class _Zstd:
    """zstandard's decompressor with zlib's interface: its output is bounded by feeding it short pieces of input.

    128 bytes expand to 4 MiB at most (a block of 4 bytes to 128 KiB); 20 MiB of input take 100 ms.
    """

    _PIECE = 128
    _WINDOW = 8 * 1024**2  # RFC 9659: what HTTP's zstd may ask a decoder to hold

    def __init__(self) -> None:
        self._inflater = zstandard.ZstdDecompressor(max_window_size=self._WINDOW).decompressobj()
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytearray:
        inflated = bytearray()
        view = memoryview(data)
        for start in range(0, len(data), self._PIECE):
            inflated += self._inflater.decompress(view[start : start + self._PIECE])
            if self._inflater.eof:
                self.unused_data = self._inflater.unused_data + data[start + self._PIECE :]
                break
            if len(inflated) >= max_length:
                break
        return inflated  # a copy as bytes would take 20 MiB more of a bomb


class _Encoding(NamedTuple):
    start: Callable[[], _Inflater]
    error: type[Exception]


ENCODINGS: dict[str, _Encoding] = {
    "gzip": _Encoding(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error),
    "deflate": _Encoding(zlib.decompressobj, zlib.error),  # RFC 9110: the zlib format, not bare deflate
    "zstd": _Encoding(_Zstd, zstandard.ZstdError),
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
            raise invalid(
                f"body: expected {name} data, as Content-Encoding says; it does not decode ({error})"
            ) from None
        if len(part) > left:
            raise too_large(limit, "once decompressed")
        if not inflater.eof:
            raise invalid(
                f"body: expected {name} data, as Content-Encoding says; it breaks off after {len(body)} bytes"
            )
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
