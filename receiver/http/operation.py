"""The description of an operation of `/api/v1`, written once beside its handler: requests are checked by it, and
`receiver.http.openapi` publishes it.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

from mapping.errors import Code, Problem
from receiver.http.context import project_of
from receiver.http.otlp_codec import expect_json
from receiver.http.parameters import Parameter, read_query
from receiver.http.statuses import STATUSES

_Given = dict[str, Any]
_Handler = Callable[[web.Request, _Given], Awaitable[web.StreamResponse]]
_Decorated = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The errors of any request: it is invalid, its key is or may not do it, or the store cannot answer now.
_ALWAYS = (Code.INVALID_ARGUMENT, Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.UNAVAILABLE)
_OF_BODIES = (Code.REQUEST_TIMEOUT, Code.RESOURCE_EXHAUSTED, Code.UNSUPPORTED_MEDIA_TYPE)


class Operation(NamedTuple):
    """`answers` is the answer's msgspec type, `bodies` the types of the body. `query` is None if it is not checked."""

    name: str
    summary: str
    answers: Any
    query: tuple[Parameter, ...] | None
    headers: tuple[Parameter, ...]
    bodies: tuple[Any, ...]
    examples: dict[str, Any]
    media_type: str

    def codes(self, path: str) -> list[Code]:
        """Return the error codes that may be answered on this path, in the order of their status."""
        of_path = (Code.NOT_FOUND,) if "{" in path else ()
        of_body = _OF_BODIES if self.bodies else ()
        return sorted((*_ALWAYS, *of_path, *of_body), key=lambda code: STATUSES[code].http)


def operation(
    summary: str,
    answers: Any,
    *,
    query: tuple[Parameter, ...] | None = (),
    headers: tuple[Parameter, ...] = (),
    bodies: tuple[Any, ...] = (),
    examples: dict[str, Any] | None = None,
    media_type: str = "application/json",
) -> Callable[[_Handler], _Decorated]:
    """Wrap a handler so that it receives its query's values by name. Raises Problem for a bad query or content type."""

    def decorate(handler: _Handler) -> _Decorated:
        @functools.wraps(handler)
        async def handle(request: web.Request) -> web.StreamResponse:
            given = {} if query is None else read_query(request, *query)
            _confine(given, project_of(request))
            if bodies:
                expect_json(request)
            return await handler(request, given)

        name = handler.__name__.strip("_")
        _OPERATIONS[handle] = Operation(name, summary, answers, query, headers, bodies, examples or {}, media_type)
        return handle

    return decorate


def _confine(given: _Given, project: str | None) -> None:
    """Ask for the project alone that the key is confined to. Raises Problem (PERMISSION_DENIED) for another one."""
    if project is None or "project" not in given:
        return
    if given["project"] not in (None, project):
        raise other_project(given["project"], project)
    given["project"] = project


def other_project(asked: str, project: str) -> Problem:
    text = f"project: this API key is confined to {project!r}; got {asked[:80]!r}"
    return Problem(Code.PERMISSION_DENIED, text)


def missing(kind: str, given: str) -> Problem:
    return Problem(Code.NOT_FOUND, f"no {kind} has the id {given[:200]!r}")


_OPERATIONS: dict[Any, Operation] = {}


def operation_of(handler: Any) -> Operation | None:
    """Return a handler's description, or None if it was not decorated with `operation`."""
    return _OPERATIONS.get(handler)
