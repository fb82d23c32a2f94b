"""Connections of clients: their maximum number, the time limit of a request's head, and bytes that are not HTTP.

No handler sees these errors; they are answered in the same form as all others (`receiver.http.errors`).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError, InvalidHeader, InvalidURLError, LineTooLong

from mapping.errors import Code, Problem, invalid
from receiver import settings as s
from receiver.http.errors import answer, answer_bytes
from receiver.http.notices import Notices
from receiver.settings.kinds import show_size

log = logging.getLogger(__name__)

# The time for which a client may go on sending its body after an error answer, which would be lost otherwise.
_LINGER = 3.0

# In the order in which they are tried. aiohttp's own messages quote the header or the path, which may contain a key.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (LineTooLong, "expected a request line and headers of at most {header} each (server.max_header_bytes)"),
    (InvalidHeader, "a header holds what HTTP does not allow there"),
    (InvalidURLError, "the request line does not hold a URL"),
)


# What every connection in HTTP/2 begins with, and so every gRPC client's.
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# Goes on with a connection, of which these bytes have come.
TakeOver = Callable[[asyncio.Transport, bytes], None]


class Connection(web.RequestHandler):
    """aiohttp's connection, with a time limit on the head and errors in our form.

    `take_over` goes on with those that begin in HTTP/2.
    """

    def __init__(self, manager: web.Server, limits: s.Server, notices: Notices, take_over: TakeOver) -> None:
        options: dict[str, Any] = {
            "keepalive_timeout": limits.idle_timeout,
            "max_line_size": limits.max_header_bytes,
            "max_field_size": limits.max_header_bytes,
            "max_headers": limits.max_headers,
            "lingering_time": _LINGER,
            "auto_decompress": False,  # see receiver.http.bodies
            "access_log": None,
            "logger": log,
        }
        super().__init__(manager, loop=asyncio.get_running_loop(), **options)
        self._limits, self._notices, self._take_over = limits, notices, take_over
        self._head_timer: asyncio.TimerHandle | None = None
        self._beginning: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        if self._beginning is not None:
            data = self._beginning + data
            if data.startswith(HTTP2_PREFACE):
                self._hand_over(data)
                return
            self._beginning = data if HTTP2_PREFACE.startswith(data) else None
        if self._beginning is None:
            super().data_received(data)
        if self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):
            self._end_body()
        if not self._awaits_head():
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = asyncio.get_running_loop().call_later(self._limits.header_timeout, self._head_is_late)

    def _hand_over(self, data: bytes) -> None:
        transport, self.transport = cast("asyncio.Transport", self.transport), None
        if self._task_handler is not None:
            self._task_handler.cancel()
        self.connection_lost(None)  # to aiohttp it is
        self._take_over(transport, data)

    def _end_body(self) -> None:
        """Make the reader of a body fail, because invalid HTTP follows: with aiohttp it would wait for the rest."""
        if self._current_request is not None and not self._current_request.content.is_eof():
            self._current_request.content.set_exception(web.RequestPayloadError())

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def _awaits_head(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._awaits_head() and self.transport is not None:
            seconds = self._limits.header_timeout
            self.transport.write(
                answer_bytes(Problem(Code.REQUEST_TIMEOUT, f"headers: expected all of them within {seconds:g} s"))
            )
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp could not read, or what no handler caught. Closes the connection."""
        if isinstance(exc, HttpProcessingError):
            problem = invalid(self._reason(exc))
            self._notices.refused(request.remote or "", "", "request", problem)
        else:
            problem = Problem(Code.INTERNAL, "the receiver failed on this request; its log says why")
            log.error("request from %s failed (%s)", request.remote, message or status, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        response = answer(request, problem)
        response.force_close()
        return response

    def _reason(self, error: HttpProcessingError) -> str:
        for kind, reason in _REASONS:
            if isinstance(error, kind):
                return reason.format(header=show_size(self._limits.max_header_bytes))
        if error.message.startswith("Too many headers"):
            return f"expected at most {self._limits.max_headers} headers (server.max_headers)"
        # The parser's reason is its first line; those below it quote the request.
        return f"expected an HTTP/1.1 request: {error.message.splitlines()[0].rstrip(':')}"

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log aiohttp's errors; a body with invalid framing is the sender's fault and logged as one line."""
        error = kw.get("exc_info")
        if isinstance(error, (HttpProcessingError, web.RequestPayloadError)):
            log.info("a request's body broke off or was not HTTP: %s", type(error).__name__)
        else:
            super().log_exception(*args, **kw)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer. aiohttp's own errors, raised before the middlewares, are turned into our form here."""
        if isinstance(resp, web.HTTPExpectationFailed):
            given = request.headers.get("Expect", "")
            resp = answer(request, invalid(f"Expect: expected 100-continue; got {given[:40]!r}"))
        return await super().finish_response(request, resp, start_time)


class _Refused(asyncio.Protocol):
    """A connection over the limit: answered 503, and closed after the client has had time to read that."""

    def __init__(self, limits: s.Server) -> None:
        self._limits = limits

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        text = f"all {self._limits.max_connections} connections (server.max_connections) are taken; try again"
        refuse(cast("asyncio.Transport", transport), Problem(Code.UNAVAILABLE, text))


def refuse(transport: asyncio.Transport, problem: Problem) -> None:
    """Answer a connection without a request with a problem, and close it."""
    transport.write(answer_bytes(problem))
    if transport.can_write_eof():
        transport.write_eof()
    # If the connection closed at once, with the request still unread, a connection reset would lose the answer.
    asyncio.get_running_loop().call_later(1, transport.close)


class Site(web.BaseSite):
    """A listening port. `connect` makes the protocol of a connection, None if there are as many as may be."""

    def __init__(
        self,
        runner: web.BaseRunner,
        limits: s.Server,
        port: int,
        context: ssl.SSLContext | None,
        connect: Callable[[], asyncio.Protocol | None],
    ) -> None:
        super().__init__(runner, ssl_context=context)
        self._limits, self._port, self._connect = limits, port, connect

    @property
    def name(self) -> str:
        return f"{self._limits.host}:{self._port}"

    async def start(self) -> None:
        await super().start()
        tls: dict[str, Any] = {}
        if self._ssl_context is not None:
            tls = {"ssl": self._ssl_context, "ssl_handshake_timeout": self._limits.header_timeout}
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connection, self._limits.host, self._port, backlog=self._backlog, **tls
        )
        self.bound: int = self._server.sockets[0].getsockname()[1]

    def _connection(self) -> asyncio.Protocol:
        return self._connect() or _Refused(self._limits)
