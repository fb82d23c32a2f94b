"""OTLP/HTTP (specification 1.11)."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from mapping.errors import Code, Problem
from receiver.http.bodies import read_body
from receiver.http.context import KEY
from receiver.http.otlp_codec import CODECS, media_type
from receiver.http.otlp_export import SERVICES, Sender, Service

# Where Langfuse's SDKs send spans to, of the address in LANGFUSE_HOST.
_LANGFUSE = "/api/public/otel/v1/traces"


def routes() -> list[web.RouteDef]:
    # A slash at the end is accepted: exporters drop what is not found, and follow a redirect with an empty request.
    standard = [web.post(service.path + end, partial(_export, service)) for service in SERVICES for end in ("", "/")]
    (traces,) = (service for service in SERVICES if service.path == "/v1/traces")
    return [*standard, web.post(_LANGFUSE, partial(_export, traces))]


async def _export(service: Service, request: web.Request) -> web.Response:
    codec = CODECS.get(media_type(request))
    if codec is None:
        raise Problem(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type: expected {' or '.join(CODECS)}; got {media_type(request)[:80] or 'none'!r}",
        )
    sender = Sender("http", request.remote or "", partial(_is_waited_for, request), request.get(KEY))
    answer = await service.export(request.app, codec.wire, partial(read_body, request), sender)
    return web.Response(body=codec.encode(answer), headers={"Content-Type": codec.content_type})


def _is_waited_for(request: web.Request) -> bool:
    """Return whether the client has not hung up."""
    return request.transport is not None and not request.transport.is_closing()
