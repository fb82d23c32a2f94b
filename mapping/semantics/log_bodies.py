"""Structured log bodies, also as JSON text: finds the parts that play the role of attributes, and what kind they log.

Three shapes are known beside an application's own: AgentCore's (`input.messages`, `output.messages`), Bedrock's
model-invocation log, and OpenTelemetry's own log record as CloudWatch keeps it (attributes and body inside the body).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mapping.semantics.vocabulary import KEYS
from mapping.values import storable

# A body is parsed to be read, not to be stored in pieces: what is longer than this stays the text it is.
MAX_PARSED = 1 << 20
# Where structured logs keep attributes, by their path.
_ATTRIBUTES = (
    ("attributes",),
    ("body",),
    ("resource", "attributes"),
    ("metadata",),
    ("context",),
    ("requestMetadata",),
)
_TRACE_IDS = ("traceId", "trace_id", "trace.id", "otelTraceID", "dd.trace_id")
_SPAN_IDS = ("spanId", "span_id", "span.id", "otelSpanID", "dd.span_id")
_HEX32, _HEX16 = re.compile(r"[0-9a-fA-F]{32}"), re.compile(r"[0-9a-fA-F]{16}")
# Whose call of a model a cloud's own log tells of: the paths of the account, the caller's identity and the model.
_CALLERS = (
    # Amazon Bedrock's model-invocation log; CloudTrail's record of a call
    (("accountId",), ("identity", "arn"), ("modelId",)),
    (("recipientAccountId",), ("userIdentity", "arn"), ("requestParameters", "modelId")),
    # Google Cloud's audit log
    (
        ("resource", "labels", "project_id"),
        ("protoPayload", "authenticationInfo", "principalEmail"),
        ("protoPayload", "resourceName"),
    ),
)
_SEARCH_DEPTH = 12


def parsed(body: object) -> Any:
    """Return the object if a body is the JSON text of one; return any other body unchanged."""
    if not isinstance(body, str) or len(body) > MAX_PARSED or body.lstrip()[:1] != "{":
        return body
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return body
    return storable(value) if isinstance(value, dict) else body


def levels_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sets of attributes that a body holds, the nearest first: its fields, theirs, its `attributes`, ..."""
    levels = [body]
    paths = {
        path: value
        for key, inner in body.items()
        if isinstance(inner, dict)
        for field, value in inner.items()
        if (path := f"{key}.{field}") in KEYS
    }
    if paths:
        levels.append(paths)
    levels.extend(found for path in _ATTRIBUTES if (found := _at(body, path)))
    return levels


def resource_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the resource in a log record that was kept as JSON, {} if it has none."""
    return _at(body, ("resource", "attributes"))


def ids_of(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the trace id and the span id in a body, without malformed ones."""
    trace_id = _id(body, _TRACE_IDS, _HEX32)
    return trace_id, _id(body, _SPAN_IDS, _HEX16) if trace_id else None


def type_of_body(body: dict[str, Any]) -> str | None:
    """Return the event type of a body of a known shape."""
    if is_model_invocation(body):
        if body.get("errorCode"):
            return "error"
        return "tool_call" if _asks_for_tool(body.get("output"), _SEARCH_DEPTH) else "model_call"
    said = body.get("body", body) if "attributes" in body else body
    if isinstance(said, dict) and any(_at(said, (part,)).get("messages") for part in ("input", "output")):
        return "message"
    return None


def is_model_invocation(body: dict[str, Any]) -> bool:
    """Return whether a body is Bedrock's log of a model call."""
    return "modelId" in body and "operation" in body and ("input" in body or "schemaType" in body)


def caller_of(body: dict[str, Any]) -> str | None:
    """Return whose call a cloud's log tells of: account, identity and model; None where one of them is not said."""
    for paths in _CALLERS:
        said = [_text_at(body, path) for path in paths]
        if all(said):
            return " ".join(map(str, said))
    return None


def _text_at(body: dict[str, Any], path: tuple[str, ...]) -> str | None:
    value = _at(body, path[:-1]).get(path[-1])
    return value if isinstance(value, str) and value else None


def _at(body: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _id(body: dict[str, Any], keys: tuple[str, ...], form: re.Pattern[str]) -> str | None:
    for key in keys:
        value = body.get(key)
        if isinstance(value, str) and form.fullmatch(value) and value.strip("0"):
            return value.lower()
    return None


def _asks_for_tool(value: object, room: int) -> bool:
    """Look for a request to use a tool: Converse's `toolUse`, or a part of type `tool_use` of Anthropic's own form."""
    if room and isinstance(value, dict):
        if "toolUse" in value or value.get("type") == "tool_use":
            return True
        return any(_asks_for_tool(inner, room - 1) for inner in value.values())
    return bool(room) and isinstance(value, list) and any(_asks_for_tool(inner, room - 1) for inner in value)
