"""Connections of gRPC clients: looked at, and passed on to gRPC's own server, which listens on a socket of the system.

So ports, TLS, limits on connections and the answer to a client that speaks something else are the same for gRPC as for
HTTP: gRPC's server would close such a connection without a word. It knows a connection by the name of its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from mapping.errors import Code, Problem, invalid
from receiver.grpc.heads import Heads
from receiver.http.admission import Admission, Held
from receiver.http.connection import HTTP2_PREFACE, refuse
from receiver.http.context import Ports
from receiver.http.notices import Notices
from receiver.settings import Server

_T = TypeVar("_T")

_TLS_HANDSHAKE = b"\x16\x03"
# What clients are told that do not speak gRPC, before the right port.
EXPECTED_GRPC = "expected gRPC; OTLP over HTTP goes to port"


class _End(asyncio.Protocol):
    """One of the two connections that are joined. What comes here goes to the other, as fast as that takes it."""

    transport: asyncio.Transport
    other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()


class Relay(_End):
    """A client's connection. `wrong_port` is set where it came to a port of HTTP's."""

    def __init__(self, relays: Relays, *, wrong_port: bool) -> None:
        self._relays = relays
        self.wrong_port = wrong_port
        self.client = ""
        self.name = ""
        self._head: bytearray | None = bytearray()
        self._heads = Heads(relays.limits.max_header_bytes)
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._held = Held()
        self._reads: set[asyncio.Timeout] = set()
        self._refused: dict[asyncio.Timeout, Problem] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._relays.open.add(self)
        self.client = (transport.get_extra_info("peername") or ("",))[0]
        timeout = self._relays.limits.header_timeout
        self._timer = asyncio.get_running_loop().call_later(timeout, self.transport.close)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            passed = self._passed(data)
            self._count(len(passed))
            super().data_received(passed)
        elif self._head is not None:
            self._head += data
            self._look(bytes(self._head))

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._stop_timer()
        if self._connecting is not None:
            self._connecting.cancel()
        self._relays.forget(self)
        self._relays.admission.release(self._held)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, head: bytes) -> None:
        """Decide by the first bytes whether this is a gRPC client."""
        if head.startswith(HTTP2_PREFACE):
            self._stop_timer()
            self._head = None
            passed = self._passed(head)
            if passed:
                self.transport.pause_reading()
                self._connecting = asyncio.get_running_loop().create_task(self._connect(passed))
        elif not HTTP2_PREFACE.startswith(head):
            self._stop_timer()
            self._head = None
            self._relays.refuse(self, head)

    def _passed(self, data: bytes) -> bytes:
        """Return what gRPC's server is to be given of these bytes. Where they are no calls, hang up."""
        if self.transport.is_closing():
            return b""
        try:
            return self._heads.read(data)
        except Problem as problem:
            self.transport.close()
            self._relays.tell(self, problem)
            return b""

    async def _connect(self, head: bytes) -> None:
        try:
            self.other = await self._relays.connect(self)
        except OSError:  # it stops
            self.transport.close()
            return
        self.other.transport.write(head)
        self.transport.resume_reading()

    def _count(self, size: int) -> None:
        """Hold bytes that are passed on while a message is read: where they are too many, none is read on.

        gRPC takes no more than some 64 KiB of a message that nobody reads.
        """
        if not self._reads:
            return
        try:
            self._relays.admission.hold(self._held, size)
        except Problem as problem:
            while self._reads:
                limit = self._reads.pop()
                self._refused[limit] = problem
                limit.reschedule(asyncio.get_running_loop().time())

    async def read(self, message: Callable[[], Awaitable[_T]]) -> _T:
        """Return the message of a call, once it is there.

        Raises Problem: UNAVAILABLE if too much arrives at the same time, REQUEST_TIMEOUT.
        """
        seconds = self._relays.limits.body_timeout
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                self._reads.add(limit)
                return await message()
        except TimeoutError:
            text = f"message: expected all of it within {seconds:g} s"
            raise self._refused.get(limit) or Problem(Code.REQUEST_TIMEOUT, text) from None
        finally:
            self._refused.pop(limit, None)
            self._reads.discard(limit)
            if not self._reads:
                self._relays.admission.release(self._held)

    def hand_over(self, size: int) -> None:
        """Hold no longer a message of so many bytes, which has been read."""
        self._relays.admission.let_go(self._held, size)


class Relays:
    """Makes relays, and finds them again by their names. `open` are those there are."""

    def __init__(
        self, folder: Path, server_socket: Path, limits: Server, ports: Ports, admission: Admission, notices: Notices
    ) -> None:
        self.open: set[Relay] = set()
        self.limits, self.admission = limits, admission
        self._folder, self._server_socket, self._ports, self._notices = folder, server_socket, ports, notices
        self._names: dict[str, Relay] = {}
        self._numbers = itertools.count()

    def new(self) -> Relay:
        """Return the protocol of a connection to gRPC's port."""
        return Relay(self, wrong_port=False)

    def take_over(self, transport: asyncio.Transport, head: bytes) -> None:
        """Go on with a connection to a port of HTTP's, which began in HTTP/2: its calls are refused in gRPC's form."""
        relay = Relay(self, wrong_port=True)
        transport.set_protocol(relay)
        relay.connection_made(transport)
        relay.data_received(head)

    def by_name(self, peer: str) -> Relay | None:
        """Return the relay of a call, None where its client has gone meanwhile."""
        return self._names.get(peer)

    def forget(self, relay: Relay) -> None:
        self.open.discard(relay)
        self._names.pop(relay.name, None)

    async def connect(self, relay: Relay) -> _End:
        """Return the connection to gRPC's server. Its own end is bound to a path, by which the server names it."""
        path = self._folder / str(next(self._numbers))
        relay.name = f"unix:{path}"
        self._names[relay.name] = relay
        end = _End()
        end.other = relay
        with _bound(path) as unix:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(unix, str(self._server_socket))
            await loop.create_unix_connection(lambda: end, sock=unix)
        return end

    def refuse(self, relay: Relay, head: bytes) -> None:
        """Answer a client that does not speak gRPC with the port it belongs to."""
        if head.startswith(_TLS_HANDSHAKE):
            text = (
                "expected no TLS, which is off here (server.tls): SDKs take http:// for that, Collectors tls.insecure"
            )
            self.tell(relay, invalid(text))
            relay.transport.close()  # it would not understand an answer
        else:
            problem = invalid(f"{EXPECTED_GRPC} {self._ports.otlp or self._ports.http}")
            self.tell(relay, problem)
            refuse(relay.transport, problem)

    def tell(self, relay: Relay, problem: Problem) -> None:
        """Log why a connection was refused."""
        self._notices.refused(relay.client, "grpc port", "a connection to gRPC's port", problem)


@contextlib.contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """Yield a socket that is bound to a path, which need not stay: whoever is connected knows its name."""
    unix = socket.socket(socket.AF_UNIX)
    try:
        unix.settimeout(0)
        unix.bind(str(path))
        yield unix
    except BaseException:
        unix.close()
        raise
    finally:
        path.unlink(missing_ok=True)
