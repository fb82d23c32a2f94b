"""`Problem` is raised for every error that is reported to a client; its `Code` says which kind of error it is."""

from __future__ import annotations

from enum import StrEnum, auto


class Code(StrEnum):
    """The kind of problem, named as in google.rpc.Code or, where that has no name for it, as HTTP's status codes."""

    INVALID_ARGUMENT = auto()
    UNAUTHENTICATED = auto()
    PERMISSION_DENIED = auto()
    NOT_FOUND = auto()
    UNIMPLEMENTED = auto()
    METHOD_NOT_ALLOWED = auto()
    REQUEST_TIMEOUT = auto()
    RESOURCE_EXHAUSTED = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    UNSUPPORTED_ENCODING = auto()
    INTERNAL = auto()
    UNAVAILABLE = auto()


class Problem(Exception):  # noqa: N818 - named as in RFC 9457
    """An error that is reported to the client.

    `message` names the field and what was expected. `retry_after` (seconds) is sent with UNAVAILABLE only, the one
    code that asks a client to retry.
    """

    def __init__(self, code: Code, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> Problem:
    return Problem(Code.INVALID_ARGUMENT, message)
