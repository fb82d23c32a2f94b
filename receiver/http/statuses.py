"""The HTTP status and the google.rpc.Status code of the answer to each kind of problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from google.rpc import code_pb2  # type: ignore[import-untyped]  # it has stubs, but does not say so (py.typed)

from mapping.errors import Code


class Statuses(NamedTuple):
    """`grpc` is a number of google.rpc.Code."""

    http: HTTPStatus
    grpc: int


STATUSES = {
    Code.INVALID_ARGUMENT: Statuses(HTTPStatus.BAD_REQUEST, code_pb2.INVALID_ARGUMENT),
    Code.UNAUTHENTICATED: Statuses(HTTPStatus.UNAUTHORIZED, code_pb2.UNAUTHENTICATED),
    Code.PERMISSION_DENIED: Statuses(HTTPStatus.FORBIDDEN, code_pb2.PERMISSION_DENIED),
    Code.NOT_FOUND: Statuses(HTTPStatus.NOT_FOUND, code_pb2.NOT_FOUND),
    Code.UNIMPLEMENTED: Statuses(HTTPStatus.NOT_FOUND, code_pb2.UNIMPLEMENTED),
    Code.METHOD_NOT_ALLOWED: Statuses(HTTPStatus.METHOD_NOT_ALLOWED, code_pb2.UNIMPLEMENTED),
    Code.REQUEST_TIMEOUT: Statuses(HTTPStatus.REQUEST_TIMEOUT, code_pb2.DEADLINE_EXCEEDED),
    Code.RESOURCE_EXHAUSTED: Statuses(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code_pb2.RESOURCE_EXHAUSTED),
    Code.UNSUPPORTED_MEDIA_TYPE: Statuses(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code_pb2.INVALID_ARGUMENT),
    Code.UNSUPPORTED_ENCODING: Statuses(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code_pb2.INVALID_ARGUMENT),
    Code.INTERNAL: Statuses(HTTPStatus.INTERNAL_SERVER_ERROR, code_pb2.INTERNAL),
    Code.UNAVAILABLE: Statuses(HTTPStatus.SERVICE_UNAVAILABLE, code_pb2.UNAVAILABLE),
}
