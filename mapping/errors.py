"""The one error type. Whoever finds a fault raises `Problem`; `receiver.http.errors` turns it into an answer."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class _Code(NamedTuple):
    grpc: int
    http: int


class Code(Enum):
    """google.rpc.Code names with the HTTP status each one is answered with."""

    INVALID_ARGUMENT = _Code(3, 400)
    UNAUTHENTICATED = _Code(16, 401)
    PERMISSION_DENIED = _Code(7, 403)
    NOT_FOUND = _Code(5, 404)
    UNIMPLEMENTED = _Code(12, 404)
    METHOD_NOT_ALLOWED = _Code(12, 405)
    REQUEST_TIMEOUT = _Code(4, 408)
    RESOURCE_EXHAUSTED = _Code(8, 413)
    UNSUPPORTED_MEDIA_TYPE = _Code(3, 415)
    INTERNAL = _Code(13, 500)
    UNAVAILABLE = _Code(14, 503)

    @property
    def grpc(self) -> int:
        return self.value.grpc

    @property
    def http(self) -> int:
        return self.value.http


class Problem(Exception):  # noqa: N818 - what a client is told is a problem (RFC 9457); our errors are other things
    """Something a client is told about.

    `message` names the field and what was expected. `retry_after` (seconds) is sent with UNAVAILABLE only: the one
    code that asks a client to come again.
    """

    def __init__(self, code: Code, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> Problem:
    return Problem(Code.INVALID_ARGUMENT, message)
