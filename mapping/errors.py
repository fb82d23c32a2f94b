"""What is raised for a fault that a client is told about: `Problem`, with a `Code` that says of which kind it is."""

from __future__ import annotations

from enum import StrEnum, auto


class Code(StrEnum):
    """What kind of problem it is, by names of google.rpc.Code and, where that has none, of HTTP's status codes."""

    INVALID_ARGUMENT = auto()
    UNAUTHENTICATED = auto()
    PERMISSION_DENIED = auto()
    NOT_FOUND = auto()
    UNIMPLEMENTED = auto()
    METHOD_NOT_ALLOWED = auto()
    REQUEST_TIMEOUT = auto()
    RESOURCE_EXHAUSTED = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    INTERNAL = auto()
    UNAVAILABLE = auto()


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
