"""The kinds of lines of an export: an event as it is read, or OTLP/JSON."""

from __future__ import annotations

import msgspec

from mapping.errors import Problem
from mapping.json.decoding import decode

EVENT = "/api/v1/events/batch"
_OTLP = {"/v1/traces": "resourceSpans", "/v1/logs": "resourceLogs"}

_ABSENT = (b"", b"null", b"[]")


class LineError(Exception):
    """A line is invalid; the message says what was expected."""


class _LineFields(msgspec.Struct, rename="camel"):
    """The fields of a line that identify its kind."""

    id: msgspec.Raw = msgspec.Raw()
    kind: msgspec.Raw = msgspec.Raw()
    resource_spans: msgspec.Raw = msgspec.Raw()
    resource_logs: msgspec.Raw = msgspec.Raw()
    resource_metrics: msgspec.Raw = msgspec.Raw()


class _OtlpScope(msgspec.Struct, rename="camel"):
    spans: list[msgspec.Raw] | None = None
    log_records: list[msgspec.Raw] | None = None


class _OtlpResource(msgspec.Struct, rename="camel"):
    scope_spans: list[_OtlpScope] | None = None
    scope_logs: list[_OtlpScope] | None = None


class _OtlpRequest(msgspec.Struct, rename="camel"):
    resource_spans: list[_OtlpResource] | None = None
    resource_logs: list[_OtlpResource] | None = None


_line = msgspec.json.Decoder(_LineFields)
_request = msgspec.json.Decoder(_OtlpRequest)


def routes_of(text: bytes) -> list[str]:
    """Return the routes to which a line is sent: `EVENT`, or those of OTLP. Raises LineError."""
    try:
        line = decode(_line, text, "a JSON object")
    except Problem as problem:
        raise LineError(problem.message) from None
    values = {"resourceSpans": line.resource_spans, "resourceLogs": line.resource_logs}
    if routes := [route for route, field in _OTLP.items() if bytes(values[field]) not in _ABSENT]:
        return routes
    if bytes(line.id) and bytes(line.kind):
        return [EVENT]
    if bytes(line.resource_metrics):
        raise LineError("metrics are not stored here")
    raise LineError(
        "expected an event as export writes it, with its id and kind, or OTLP/JSON with resourceSpans or resourceLogs"
    )


def counted(route: str, text: bytes) -> tuple[str, int]:
    """Return `spans` or `log_records`, and how many of them are in a request that this route has accepted."""
    request = decode(_request, text, "a request")  # it is valid, because the receiver has accepted it
    if route == "/v1/traces":
        scopes = [scope for resource in request.resource_spans or () for scope in resource.scope_spans or ()]
        return "spans", sum(len(scope.spans or ()) for scope in scopes)
    scopes = [scope for resource in request.resource_logs or () for scope in resource.scope_logs or ()]
    return "log_records", sum(len(scope.log_records or ()) for scope in scopes)
