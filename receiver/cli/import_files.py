"""What `import` reads: lines, and the Collector's files of length-prefixed or bare protobuf; plain, gzip or zstd.

Collector's file exporter writes a line a request with `format: json`; with `format: proto`, or with `compression: zstd`
in either format, each request with its length before it (4 bytes, big-endian), compressed by itself.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from receiver import zstd
from receiver.cli.errors import CommandError

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# What else people have, by what it begins with.
_OTHER = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ\x00": "xz data",
    b"\x04\x22\x4d\x18": "LZ4 data",
    b"\xff\x06\x00\x00sNaPpY": "Snappy data",
    b"SQLite format 3\x00": "an SQLite database",
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x7fELF": "a program",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF",
    b"<?xml": "XML",
    b"<!DOCTYPE": "HTML",
    b"<html": "HTML",
}
_READS = "import reads lines of JSON, and the Collector's protobuf files; plain, gzip or zstd"

_BOM = b"\xef\xbb\xbf"
# The tag of a request's only field in protobuf: a resource with what it sent.
_RESOURCE = 0x0A
# A request, or a line, is not longer; nor is what it is compressed to.
_LONGEST = 64 * 1024**2
# Bytes of what zstd inflates that are read at a time.
_PIECE = 256 * 1024
# So many bytes of a file that is one long protobuf message go in a request.
_PART = 8 * 1024**2


class UnreadableError(Exception):
    """The file, or the rest of it, cannot be read; the message says what it is."""


class Record(NamedTuple):
    """A line, or a message of protobuf, with its place."""

    place: str
    data: bytes
    is_protobuf: bool


@contextlib.contextmanager
def opened(name: str) -> Iterator[tuple[io.BufferedReader, int]]:
    """Open a file, `-` for standard input; return it with its size, 0 if unknown. Raises CommandError."""
    if name == "-":
        if sys.stdin.isatty():
            print("paste lines; Ctrl-D ends them", file=sys.stderr)
        yield cast("io.BufferedReader", sys.stdin.buffer), 0
        return
    try:
        with Path(name).open("rb") as file:
            yield file, Path(name).stat().st_size
    except OSError as error:
        raise CommandError(f"cannot read {name}: {error.strerror}") from None


def records(name: str, file: io.BufferedReader) -> Iterator[Record]:
    """Walk the lines or messages of a file. Raises UnreadableError where it is something else, or breaks off."""
    try:
        yield from _records(name, file)
    except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
        raise UnreadableError(f"the rest cannot be decompressed: {error}") from None


def _records(name: str, reader: io.BufferedReader) -> Iterator[Record]:
    start = reader.peek(512)[:512]
    if start.startswith(_GZIP):
        yield from _records(name, io.BufferedReader(gzip.GzipFile(fileobj=reader)))
        return
    if start.startswith(_ZSTD):
        yield from _records(name, io.BufferedReader(zstd.opened(reader), _PIECE))
        return
    for begins, kind in _OTHER.items():
        if start.startswith(begins):
            raise UnreadableError(f"this is {kind}; {_READS}")
    if start[257:262] == b"ustar":
        raise UnreadableError(f"this is a tar archive; {_READS}")
    if start[:1] and start[0] < _RESOURCE - 1:  # no text: the length of a message of up to 150 MB
        yield from _framed(name, reader)
    elif len(start) > 2 and start[0] == _RESOURCE and start.lstrip()[:1] not in {b"{", b""}:
        yield from _bare(name, reader)
    else:
        yield from _lines(name, reader)


def _lines(name: str, reader: io.BufferedReader) -> Iterator[Record]:
    for number, line in enumerate(iter(lambda: reader.readline(_LONGEST + 1), b""), 1):
        if len(line) > _LONGEST:
            raise UnreadableError(f"line {number} is longer than {_LONGEST} bytes; {_READS}")
        if number == 1 and b"\x00" in line:
            raise UnreadableError(f"this is no text, and none of the files that are known; {_READS}")
        if text := line.removeprefix(_BOM).strip():
            yield from (Record(f"{name}:{number}", one, is_protobuf=False) for one in _values(text))


def _values(line: bytes) -> list[bytes]:
    """Return the JSON values of a line: messages that were compressed one by one have no ends of lines between them."""
    if b"}{" not in line:
        return [line]
    text, values, end = line.decode("utf-8", "surrogateescape"), [], 0
    decoder = json.JSONDecoder()
    try:
        while end < len(text):
            start, (_, end) = end, decoder.raw_decode(text, end)
            values.append(text[start:end].encode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return [line]
    return values


def _framed(name: str, reader: io.BufferedReader) -> Iterator[Record]:
    number = 0
    while header := reader.read(4):
        number += 1
        length = int.from_bytes(header, "big")
        data = reader.read(length) if len(header) == 4 and length <= _LONGEST else b""
        if not data or len(data) < length:
            raise UnreadableError(
                f"message {number} breaks off, or is none: expected its length in 4 bytes, and as many bytes; {_READS}"
            )
        if data.startswith(_ZSTD):
            data = zstd.opened(io.BytesIO(data)).read(_LONGEST + 1)
            if len(data) > _LONGEST:
                raise UnreadableError(f"message {number} is longer than {_LONGEST} bytes")
        yield Record(f"{name}:{number}", data, is_protobuf=data.lstrip()[:1] != b"{")


def _bare(name: str, reader: io.BufferedReader) -> Iterator[Record]:
    """Walk a file that is one message: its fields, as each is a message, some together in one."""
    number, part = 1, bytearray()
    while field := _field(reader):
        if part and len(part) + len(field) > _PART:
            yield Record(f"{name}:{number}", bytes(part), is_protobuf=True)
            number, part = number + 1, bytearray()
        part += field
    if part:
        yield Record(f"{name}:{number}", bytes(part), is_protobuf=True)


def _field(reader: io.BufferedReader) -> bytes:
    """Return the next field of a message with its tag and length, b"" at the end."""
    head = bytearray(reader.read(1))
    if not head:
        return b""
    length = shift = 0
    while head[0] == _RESOURCE and shift < 35 and (byte := reader.read(1)):
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80 and length <= _LONGEST:
            data = reader.read(length)
            if len(data) == length:
                return bytes(head) + data
            break
    raise UnreadableError(f"this is no text, and no protobuf of the Collector's; or it breaks off; {_READS}")
