"""`POST /mcp`: MCP over streamable HTTP, for whoever has a key.

The session manager of the package `mcp` is an ASGI application, which is called here with a whole request and answers
with a whole body: no session is kept and no stream is open, so that any of several receivers may answer, and a stop has
nothing to end. `GET`, by which a client would listen, is 405, as the protocol has it where a server has nothing to
tell. Tools ask the routes of this application, with the key of the one who asks, as if each question were a request.

The package is imported, and the server made, when somebody asks: it takes half a second and 55 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from aiohttp import web

from mapping.errors import Code, Problem
from receiver.http.admission import ADMISSION, HELD
from receiver.http.bodies import decoded, read_body
from receiver.http.context import KEYS, SETTINGS
from receiver.http.cors import is_allowed
from receiver.mcp import NOT_INSTALLED
from receiver.mcp.asking import Ask, Refused
from receiver.settings import Settings, is_loopback

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

_PATH = "/mcp"
_KEYS = ("Authorization", "X-API-Key")
# Where a request's scope has what asks for its sender.
_ASK = "vectadb.ask"


class Mcp:
    """The route. `serving` is a cleanup context of the application."""

    def __init__(self, app: web.Application) -> None:
        app.router.add_post(_PATH, self._answer)
        self._starting = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def serving(self, _app: web.Application) -> AsyncIterator[None]:
        yield
        if self._running is not None:
            self._stop.set()
            await self._running

    async def _answer(self, request: web.Request) -> web.Response:
        if not request.app[KEYS].in_force:
            _check_sender(request, request.app[SETTINGS])
        scope = _scope(request, asking(request))
        body = await read_body(request)
        request.app[ADMISSION].release(request[HELD])  # what is stored does not wait for a question
        manager = await self._started()
        return await _called(manager, scope, body)

    async def _started(self) -> StreamableHTTPSessionManager:
        async with self._starting:
            if self._manager is None:
                self._manager = await asyncio.to_thread(_made)
                ready = asyncio.Event()
                self._running = asyncio.create_task(self._run(self._manager, ready))
                await ready.wait()
            return self._manager

    async def _run(self, manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
        async with manager.run():
            ready.set()
            await self._stop.wait()


def _made() -> StreamableHTTPSessionManager:
    try:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415 - see above

        from receiver.mcp.server import server  # noqa: PLC0415
    except ModuleNotFoundError:
        raise Problem(Code.UNIMPLEMENTED, NOT_INSTALLED) from None

    def ask_of(context: Any) -> Ask:
        ask: Ask = context.request.scope[_ASK]
        return ask

    return StreamableHTTPSessionManager(server(ask_of), json_response=True, stateless=True)


def asking(request: web.Request) -> Ask:
    """Return what asks this application's own routes, as the sender of a request whose body is still to be read."""
    keys = {name: request.headers[name] for name in _KEYS if name in request.headers}
    sender = request.clone(method="GET", headers=keys)

    async def ask(*parts: str, **parameters: str | None) -> Any:
        path = "/".join(["/api/v1", *(quote(part, safe="") for part in parts)])
        query = urlencode({name: value for name, value in parameters.items() if value is not None})
        asked = sender.clone(rel_url=f"{path}?{query}")
        answer = await request.app._handle(asked)  # noqa: SLF001 - aiohttp's own way: routes, middlewares, handler
        assert isinstance(answer, web.Response)  # noqa: S101 - for mypy: no read that a tool asks for is a stream
        assert isinstance(answer.body, bytes)  # noqa: S101
        told = await decoded(answer.body, msgspec.json.decode)
        if answer.status != 200:
            raise Refused(told["message"], answer.status)
        return told

    return ask


def _check_sender(request: web.Request, settings: Settings) -> None:
    """Refuse pages of other sites, which no key keeps out: a browser on this machine would let them ask.

    Raises Problem (PERMISSION_DENIED).
    """
    if not is_loopback(settings.server.host):
        return
    origin = request.headers.get("Origin", "")
    if not is_loopback(_host(f"//{request.host}")):
        raise Problem(Code.PERMISSION_DENIED, f"Host: expected this machine, or an API key; got {request.host[:80]!r}")
    if origin and not is_loopback(_host(origin)) and not is_allowed(origin, settings.server.cors):
        allowed = "expected this machine, one of server.cors.allowed_origins, or an API key"
        raise Problem(Code.PERMISSION_DENIED, f"Origin: {allowed}; got {origin[:80]!r}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _scope(request: web.Request, ask: Ask) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": _PATH,
        "raw_path": _PATH.encode(),
        "query_string": b"",
        "root_path": "",
        # aiohttp has read the body, and inflated it.
        "headers": [
            (name.lower(), value)
            for name, value in request.raw_headers
            if name.lower() not in {b"content-length", b"content-encoding", b"transfer-encoding"}
        ],
        "client": None,
        "server": None,
        _ASK: ask,
    }


async def _called(manager: StreamableHTTPSessionManager, scope: dict[str, Any], body: bytes) -> web.Response:
    """Call the ASGI application with a whole request, and return what it answers."""
    asked = [{"type": "http.request", "body": body, "more_body": False}]
    answer = web.Response()
    content = bytearray()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        return await asyncio.Future()  # that the client hangs up ends no question

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.set_status(message["status"])
            for name, value in message["headers"]:
                if name.lower() != b"content-length":
                    answer.headers[name.decode("latin-1")] = value.decode("latin-1")
        else:
            content.extend(message.get("body", b""))

    await manager.handle_request(scope, receive, send)
    answer.body = bytes(content)
    return answer
