"""`GET /api/v1/openapi.json`: OpenAPI 3.1 of all of `/api/v1`, made from what requests are checked by.

Each route's `receiver.http.operation` says which rows of parameters and which msgspec types it takes and answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from mapping.errors import Code
from receiver.http import answers
from receiver.http.context import KEYS
from receiver.http.operation import Operation, operation, operation_of
from receiver.http.parameters import Parameter
from receiver.http.scopes import SCOPES
from receiver.http.statuses import STATUSES
from receiver.version import VERSION

_ROOT = "/api/v1"
_REF = "#/components/schemas/{name}"

_DESCRIPTION = """Traces of what AI agents did: JSON events in, traces, events and sessions out, and search among them.

OTLP goes to `/v1/traces` and `/v1/logs`, as OpenTelemetry has it. Of a list, pages go on with `cursor`, the
`next_cursor` of the page before; a page by several filters may have fewer than `limit`, or none, and still a next one.
An empty parameter counts as absent, an unknown one is an error. Objects that are answered may get further fields in
time."""

_KEY = "one of `auth.keys` or `auth.api_keys`; each operation says which scope it needs"
_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _KEY},
}
_RETRY_AFTER = {"description": "seconds until it is worth another try", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE = {"description": "what is asked for", "schema": {"type": "string", "const": "Bearer"}}
_ENCODINGS = {"description": "where the encoding was not known: those that are", "schema": {"type": "string"}}
_HEADERS = {
    Code.UNSUPPORTED_MEDIA_TYPE: {"Accept-Encoding": _ENCODINGS},
    Code.UNAVAILABLE: {"Retry-After": {**_RETRY_AFTER, "required": True}},
    Code.UNAUTHENTICATED: {"WWW-Authenticate": {**_CHALLENGE, "required": True}},
}

DESCRIPTION = web.AppKey("openapi", bytes)


class _Route(NamedTuple):
    method: str
    path: str
    operation: Operation


def routes() -> list[web.RouteDef]:
    return [web.get(f"{_ROOT}/openapi.json", _openapi)]


@operation("This description", dict[str, Any])
async def _openapi(request: web.Request, _given: dict[str, Any]) -> web.Response:
    return web.Response(body=request.app[DESCRIPTION], headers={"Content-Type": "application/json"})


def add_description(app: web.Application) -> None:
    """Describe the routes that the application has so far, once, because that takes 10 ms."""
    app[DESCRIPTION] = msgspec.json.encode(_describe(list(_routes(app)), asks_for_key=bool(app[KEYS].in_force)))


def _routes(app: web.Application) -> Iterator[_Route]:
    for route in app.router.routes():
        described = operation_of(route.handler)
        if described is not None and route.resource is not None and route.method != "HEAD":
            yield _Route(route.method.lower(), route.resource.canonical, described)


def _describe(routes: list[_Route], *, asks_for_key: bool) -> dict[str, Any]:
    types = [answers.Error, *(each for route in routes for each in (route.operation.answers, *route.operation.bodies))]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {str(each): schema for each, schema in zip(types, schemas, strict=True)}
    codes = dict.fromkeys(code for _, path, described in routes for code in described.codes(path))
    paths: dict[str, dict[str, Any]] = {}
    for method, path, described in routes:
        paths.setdefault(path, {})[method] = _operation(method, path, described, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "vectadb-receiver", "version": VERSION, "description": _DESCRIPTION},
        "security": [{name: []} for name in _KEYS] if asks_for_key else [{}, *({name: []} for name in _KEYS)],
        "paths": paths,
        "components": {
            "schemas": _open(components),
            "responses": {code.name: _error(code, schemas[0]) for code in codes},
            "securitySchemes": _KEYS,
        },
    }


def _open(components: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas with further fields allowed in answers."""
    closed = {each.__name__ for each in _kinds_of(answers.Answer)}
    return {
        name: {key: inner for key, inner in schema.items() if not (key == "additionalProperties" and name in closed)}
        for name, schema in components.items()
    }


def _kinds_of(kind: type[answers.Answer]) -> Iterator[type[answers.Answer]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds_of(each)


def _operation(method: str, path: str, described: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": described.name,
        "summary": described.summary,
        "description": f"Needs a key with the scope `{SCOPES[f'{method.upper()} {path}']}`, where keys are asked for.",
        "tags": [path.removeprefix(_ROOT).split("/")[1].removesuffix(".json")],
        "parameters": [
            *_path_parameters(path),
            *(_parameter(row, "query") for row in described.query or ()),
            *(_parameter(row, "header") for row in described.headers),
        ],
        "responses": {
            "200": {
                "description": described.summary,
                "content": {described.media_type: {"schema": schema_of[str(described.answers)]}},
            },
            **{
                str(STATUSES[code].http.value): {"$ref": f"#/components/responses/{code.name}"}
                for code in described.codes(path)
            },
        },
    }
    if described.bodies:
        schemas = [schema_of[str(body)] for body in described.bodies]
        content: dict[str, Any] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
        if described.examples:
            content["examples"] = {name: {"value": value} for name, value in described.examples.items()}
        shown["requestBody"] = {"required": True, "content": {"application/json": content}}
    return shown


def _path_parameters(path: str) -> list[dict[str, Any]]:
    kind = path.removeprefix(f"{_ROOT}/").partition("/")[0].removesuffix("s")
    given = {"name": "id", "in": "path", "required": True, "description": f"the id of the {kind}"}
    return [given | {"schema": {"type": "string", "minLength": 1}}] if "{id}" in path else []


def _parameter(row: Parameter, place: str) -> dict[str, Any]:
    schema = dict(row.kind.schema)
    if row.default not in (None, ()):  # no filter has no terms
        schema["default"] = row.default
    described = row.allowed if row.short is None else f"{row.allowed}; may also be written `{row.short}`"
    shown = {"name": row.name, "in": place, "required": row.required, "description": described, "schema": schema}
    # Empty counts as absent; of a text the schema says that it may be empty.
    said = row.required or place != "query" or row.kind.schema == {"type": "string"}
    return shown if said else {**shown, "allowEmptyValue": True}


def _error(code: Code, schema: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "description": STATUSES[code].http.phrase,
        "content": {"application/json": {"schema": schema}},
    }
    return shown | {"headers": _HEADERS[code]} if code in _HEADERS else shown
