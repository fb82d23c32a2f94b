"""The one place where an error becomes an answer.

`/api` routes answer `{"error": CODE, "message": TEXT}`; everything else a google.rpc.Status in the request's encoding,
JSON where the request has none, as OTLP/HTTP asks.
"""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # it has stubs, but does not say so (py.typed)

from mapping.errors import Code, Problem
from receiver.http.context import json_answer
from receiver.http.otlp_codec import CODECS, JSON, media_type

log = logging.getLogger(__name__)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return _answer(request, problem)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        message = f"{refused.method} {request.path}: expected {allowed}"
        return _answer(request, Problem(Code.METHOD_NOT_ALLOWED, message), {"Allow": allowed})
    except web.HTTPNotFound:
        code = Code.NOT_FOUND if _is_api(request) else Code.UNIMPLEMENTED
        message = (
            f"{request.path}: there is nothing here; OTLP goes to /v1/traces and /v1/logs, events to /api/v1/events"
        )
        return _answer(request, Problem(code, message))
    except Exception:
        log.exception("%s %s failed", request.method, request.rel_url.raw_path)
        return _answer(request, Problem(Code.INTERNAL, "the receiver failed on this request; its log says why"))


def _is_api(request: web.Request) -> bool:
    return request.path.startswith("/api/")


def _answer(request: web.Request, problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    # Neither encoding takes lone surrogates, which a message can quote from the request.
    message = problem.message.encode(errors="replace").decode()
    if _is_api(request):
        answer = json_answer({"error": problem.code.name.lower(), "message": message}, problem.code.http)
    else:
        codec = CODECS.get(media_type(request), JSON)
        body = codec.encode(Status(code=problem.code.grpc, message=message))
        answer = web.Response(body=body, status=problem.code.http, headers={"Content-Type": codec.content_type})
    answer.headers.update(headers or {})
    if problem.code is Code.UNAVAILABLE:
        answer.headers["Retry-After"] = str(problem.retry_after)
    if problem.code is Code.UNAUTHENTICATED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
