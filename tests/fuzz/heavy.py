"""Requests that cost far more than their size: `python tests/fuzz/heavy.py [part of a name]`.

Each is as large as the receiver takes (20 MiB) and some KiB once compressed. Prints, for each, the answer, how long it
took, how long another client waited meanwhile, and how much memory the process has taken at its peak.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path

import target
from case import JSON, PROTOBUF
from target import Connection, Target
from wire import BYTES, Field, write

MIB = 1024 * 1024
SIZE = 20 * MIB - 1_000
IDS = write([Field(1, BYTES, b"\1" * 16), Field(2, BYTES, b"\2" * 8)])
SPAN_IDS = b'"traceId":"%b","spanId":"%b"' % (b"1" * 32, b"1" * 16)
MOMENT = b'"timestamp":"2026-01-07T19:00:00Z"'


def fields(*numbers: int, of: bytes, beside: bytes = b"") -> bytes:
    """Protobuf: this part as often as it fits, in messages that are each other's fields."""
    body = beside + of * (SIZE // len(of))
    for number in reversed(numbers):
        body = write([Field(number, BYTES, body)])
    return body


def items(before: bytes, item: bytes, after: bytes) -> bytes:
    """JSON: this item as often as it fits, in a list."""
    return before + (item + b",") * (SIZE // (len(item) + 1)) + item + after


SPANS = b'{"resourceSpans":[{"scopeSpans":[{"spans":['
RECORDS = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":['
END = b"]}]}]}"

REQUESTS: dict[str, tuple[str, str, bytes]] = {
    "protobuf: resources": ("/v1/traces", PROTOBUF, fields(of=b"\x0a\x00")),
    "protobuf: spans": ("/v1/traces", PROTOBUF, fields(1, 2, of=b"\x12\x00")),
    "protobuf: attributes": ("/v1/traces", PROTOBUF, fields(1, 2, 2, of=b"\x4a\x00", beside=IDS)),
    "protobuf: span events": ("/v1/traces", PROTOBUF, fields(1, 2, 2, of=b"\x5a\x00", beside=IDS)),
    "protobuf: links": ("/v1/traces", PROTOBUF, fields(1, 2, 2, of=b"\x6a\x00", beside=IDS)),
    "protobuf: log records": ("/v1/logs", PROTOBUF, fields(1, 2, of=b"\x12\x00")),
    "protobuf: values of an array": ("/v1/logs", PROTOBUF, fields(1, 2, 2, 5, 5, of=b"\x0a\x00")),
    "protobuf: unknown fields": ("/v1/logs", PROTOBUF, fields(of=b"\xf8\x07\x01")),
    "JSON: spans": ("/v1/traces", JSON, items(SPANS, b"{}", END)),
    "JSON: attributes": (
        "/v1/traces",
        JSON,
        items(SPANS + b"{" + SPAN_IDS + b',"attributes":[', b"{}", b"]}" + END),
    ),
    "JSON: span events": ("/v1/traces", JSON, items(SPANS + b"{" + SPAN_IDS + b',"events":[', b"{}", b"]}" + END)),
    "JSON: log records": ("/v1/logs", JSON, items(RECORDS, b"{}", END)),
    "JSON: values of an array": (
        "/v1/logs",
        JSON,
        items(RECORDS + b'{"body":{"arrayValue":{"values":[', b"{}", b"]}}}" + END),
    ),
    "JSON: half surrogate pairs": (
        "/v1/logs",
        JSON,
        RECORDS + b'{"body":{"stringValue":"' + rb"\ud800" * (SIZE // 6) + b'"}}' + END,
    ),
    "JSON: keys in snake case": ("/v1/logs", JSON, items(RECORDS + b"{", b'"time_unix_nano":1', b"}" + END)),
    "JSON: nesting": ("/v1/logs", JSON, b"[" * SIZE),
    "JSON: digits": ("/v1/logs", JSON, RECORDS + b'{"body":{"intValue":"' + b"1" * SIZE + b'"}}' + END),
    "event: digits": ("/api/v1/events", JSON, b"{" + MOMENT + b',"properties":' + b"1" * SIZE + b"}"),
    "event: values": ("/api/v1/events", JSON, items(b"{" + MOMENT + b',"properties":[', b"1", b"]}")),
    "batch: what is no event": ("/api/v1/events/batch", JSON, items(b'{"events":[', b"1", b"]}")),
    "batch: events": ("/api/v1/events/batch", JSON, items(b'{"events":[', b"{" + MOMENT + b"}", b"]}")),
}


async def measure(name: str) -> None:
    path, content_type, data = REQUESTS[name]
    body = gzip.compress(data, 9)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with tempfile.TemporaryDirectory(prefix="heavy-") as folder:
        receiver = Target(Path(folder), max_body=20 * MIB)
        try:
            await receiver.ready()
            before = receiver.peak()
            waits: list[float] = []
            other = asyncio.create_task(ask_along(receiver.port, waits))
            try:
                answer = await Connection(receiver.port).exchange("POST", head.encode() + body)
                said = f"{answer.status} after {answer.seconds:.1f} s"
            except (OSError, EOFError) as error:
                said = f"{type(error).__name__} after {target.GIVE_UP:.0f} s"
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
            waited, grown = max(waits, default=0), (receiver.peak() - before) / MIB
            print(
                f"{name}: {len(body) // 1024} KiB: {said}; others waited {waited:.2f} s; +{grown:.0f} MiB", flush=True
            )
        finally:
            receiver.kill()


async def ask_along(port: int, waits: list[float]) -> None:
    """Be another client, and note how long each answer took."""
    connection = Connection(port)
    while True:
        answer = await connection.exchange("GET", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        waits.append(answer.seconds)
        await asyncio.sleep(0.02)


async def main() -> None:
    for name in REQUESTS:
        if all(part in name for part in sys.argv[1:]):
            await measure(name)


if __name__ == "__main__":
    asyncio.run(main())
