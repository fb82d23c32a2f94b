"""How tools ask the API: over HTTP for stdio, in the receiver itself at `/mcp`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol


class Refused(Exception):  # noqa: N818 - it is an answer
    """The API refuses a request. `status` is HTTP's, the message names the parameter and what was expected."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Ask(Protocol):
    """Asks for the JSON of `/api/v1/PARTS`; parameters that are None are left out. Raises Refused."""

    def __call__(self, *parts: str, **parameters: str | None) -> Awaitable[Any]: ...
