"""The one place where an error becomes an answer.

`/api` routes answer `{"error": CODE, "message": TEXT}`. All others answer a google.rpc.Status in the request's
encoding, or in JSON if the request has none, as OTLP/HTTP requires.
"""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # it has stubs, but does not say so (py.typed)

from mapping.errors import Code, Problem, invalid
from receiver.http.context import json_answer
from receiver.http.decompression import ENCODINGS
from receiver.http.notices import NOTICES
from receiver.http.otlp_codec import CODECS, JSON, media_type
from receiver.http.statuses import STATUSES
from storage.errors import NotSearched, SearchOff

log = logging.getLogger(__name__)

_CANNOT_BE_SEARCHED = {
    SearchOff: "search is off: embedding.model is off; set it to static and start again",
    NotSearched: "id: the event was sent with generate_embeddings: false, and is like no other",
}


# An exporter whose endpoint lacks the path posts to `/`.
_PATHS = "OTLP goes to /v1/traces and /v1/logs, events to /api/v1/events"


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return _refuse(request, problem)
    except (NotSearched, SearchOff) as asked:
        return _refuse(request, invalid(_CANNOT_BE_SEARCHED[type(asked)]))
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        message = f"{refused.method} {request.path}: expected {allowed}"
        if refused.method == "POST":
            message += f"; {_PATHS}"
        return _refuse(request, Problem(Code.METHOD_NOT_ALLOWED, message), {"Allow": allowed})
    except web.HTTPNotFound:
        code = Code.NOT_FOUND if _is_api(request) else Code.UNIMPLEMENTED
        return _refuse(request, Problem(code, f"{request.path}: there is nothing here; {_PATHS}"))
    except Exception:
        log.exception("%s %s failed", request.method, request.rel_url.raw_path)
        return answer(request, Problem(Code.INTERNAL, "the receiver failed on this request; its log says why"))


def _refuse(request: web.Request, problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    resource = request.match_info.route.resource
    kind = resource.canonical if resource else ""
    request.app[NOTICES].refused(request.remote or "", kind, f"{request.method} {request.path}", problem)
    return answer(request, problem, headers)


def answer_bytes(problem: Problem) -> bytes:
    """Return the bytes of an answer for a connection without a valid request: a Status in JSON; it then closes."""
    status = STATUSES[problem.code]
    body = JSON.encode(Status(code=status.grpc, message=problem.message))
    head = [
        f"HTTP/1.1 {status.http:d} {status.http.phrase}",
        f"Content-Type: {JSON.content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if problem.code is Code.UNAVAILABLE:
        head.append(f"Retry-After: {problem.retry_after}")
    return "\r\n".join([*head, "", ""]).encode() + body


def _is_api(request: web.BaseRequest) -> bool:
    return request.path.startswith("/api/")


def answer(request: web.BaseRequest, problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    """Return the answer to a problem. After a timeout the connection closes."""
    # Neither encoding takes lone surrogates, which a message can quote from the request.
    message = problem.message.encode(errors="replace").decode()
    status = STATUSES[problem.code]
    if _is_api(request):
        response = json_answer({"error": problem.code, "message": message}, status.http)
    else:
        codec = CODECS.get(media_type(request), JSON)
        body = codec.encode(Status(code=status.grpc, message=message))
        response = web.Response(body=body, status=status.http, headers={"Content-Type": codec.content_type})
    response.headers.update(headers or {})
    if problem.code is Code.UNAVAILABLE:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.code is Code.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.code is Code.UNSUPPORTED_ENCODING:
        response.headers["Accept-Encoding"] = ", ".join(ENCODINGS)
    if problem.code is Code.REQUEST_TIMEOUT:
        response.force_close()
    return response
