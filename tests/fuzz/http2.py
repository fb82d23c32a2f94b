"""gRPC as bytes: calls over a connection in HTTP/2 of h2's, which checks nothing that is sent, and frames by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError
from target import GIVE_UP, Answer

METHODS = {
    path: f"/opentelemetry.proto.collector.{of}Service/Export".encode()
    for path, of in (
        ("/v1/traces", "trace.v1.Trace"),
        ("/v1/logs", "logs.v1.Logs"),
        ("/v1/metrics", "metrics.v1.Metrics"),
        ("/v1development/profiles", "profiles.v1development.Profiles"),
    )
}
_UNCHECKED = H2Configuration(
    header_encoding=None,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=False,
)
_DATA, _RESET = 0, 3
_END_STREAM = 1

Header = tuple[bytes, bytes]


def request_headers(method: bytes) -> tuple[Header, ...]:
    return (
        *((b":method", b"POST"), (b":scheme", b"http"), (b":path", method), (b":authority", b"127.0.0.1")),
        *((b"te", b"trailers"), (b"content-type", b"application/grpc"), (b"user-agent", b"fuzz")),
    )


def opening(headers: Iterable[Header]) -> bytes:
    """Return how a connection begins, with a call on stream 1."""
    connection = H2Connection(_UNCHECKED)
    connection.initiate_connection()
    connection.send_headers(1, headers)
    return connection.data_to_send()


def data_frame(data: bytes, *, end: bool) -> bytes:
    """Return frames of stream 1 that hold these bytes."""
    parts = [data[at : at + 16_384] for at in range(0, len(data), 16_384)] or [b""]
    return b"".join(
        _frame(_DATA, _END_STREAM if end and at == len(parts) - 1 else 0, part) for at, part in enumerate(parts)
    )


def reset_frame(code: int) -> bytes:
    return _frame(_RESET, 0, code.to_bytes(4, "big"))


def _frame(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + (1).to_bytes(4, "big") + payload


class Http2Connection:
    """One connection, opened when it is needed and again after it was closed. It has one call at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, headers: Iterable[Header], stream: bytes) -> Answer:
        """Send a whole call and read its answer, whose status is the gRPC status.

        Raises OSError (TimeoutError) or EOFError without an answer, ProtocolError where it is not HTTP/2, ValueError
        where it is no gRPC.
        """
        began = time.perf_counter()
        reused = self._writer is not None
        async with asyncio.timeout(GIVE_UP):
            try:
                answer = await self._call(headers, stream)
            except (OSError, EOFError, ProtocolError):
                self.close()
                if not reused:
                    raise
                # Closed after the call before, as HTTP/2 allows.
                began = time.perf_counter()
                answer = await self._call(headers, stream)
        return answer._replace(seconds=time.perf_counter() - began)

    async def _call(self, headers: Iterable[Header], stream: bytes) -> Answer:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._connection = H2Connection(_UNCHECKED)
            self._connection.initiate_connection()
        connection, writer = self._connection, self._writer
        number = connection.get_next_available_stream_id()
        connection.send_headers(number, headers)
        told: dict[str, str] = {}
        body, rest, ended = bytearray(), memoryview(stream), False
        while True:
            while not ended and (
                not rest
                or (room := min(connection.local_flow_control_window(number), connection.max_outbound_frame_size))
            ):
                part = rest[: room if rest else 0]
                rest = rest[len(part) :]
                ended = not rest
                connection.send_data(number, bytes(part), end_stream=ended)
            writer.write(connection.data_to_send())
            received = await self._reader.read(65_536)
            if not received:
                raise EOFError("closed without an answer")
            events = connection.receive_data(received)
            ends = [self._take(event, number, told, body, connection) for event in events]
            if any(ends):
                writer.write(connection.data_to_send())
                return _answer(told, bytes(body))
            for event in events:
                if isinstance(event, ConnectionTerminated):
                    told["goaway"] = f"{event.error_code} {event.additional_data!r}"
            if "goaway" in told:
                raise EOFError(f"went away: {told['goaway']}")

    def _take(self, event: Event, number: int, told: dict[str, str], body: bytearray, connection: H2Connection) -> bool:
        """Take what belongs to the answer. Returns whether it is complete."""
        if getattr(event, "stream_id", None) != number:
            return False
        if isinstance(event, ResponseReceived | TrailersReceived):
            told.update((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        elif isinstance(event, DataReceived):
            body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, number)
        elif isinstance(event, StreamReset):
            told.setdefault("reset", str(int(event.error_code)))
            return True
        return isinstance(event, StreamEnded)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = None


def _answer(told: dict[str, str], body: bytes) -> Answer:
    if "grpc-status" not in told:
        raise ValueError(f"no grpc-status: {told} {body[:300]!r}")
    if body and (body[0], int.from_bytes(body[1:5], "big")) != (0, len(body) - 5):
        raise ValueError(f"no message of gRPC's: {body[:300]!r}")
    return Answer(int(told["grpc-status"]), told, body[5:], 0)
