"""Structured log bodies, also as JSON text: finds the parts that play the role of attributes, and what kind they log.

Four shapes are known beside an application's own: AgentCore's (`input.messages`, `output.messages`), Bedrock's
model-invocation log (`bedrock_log.py`), OpenTelemetry's own log record as CloudWatch keeps it (attributes and body
inside the body), and what AWS Lambda itself logs in JSON (`type: platform.report`, and a `record`).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mapping import ids
from mapping.semantics import bedrock_log
from mapping.semantics.vocabulary import KEYS
from mapping.values import storable

# A body is parsed to be read, not to be stored in pieces: what is longer than this stays the text it is.
MAX_PARSED = 1 << 20
# Where structured logs keep attributes, by their path.
_ATTRIBUTES = (
    ("attributes",),
    ("properties",),
    ("body",),
    ("resource", "attributes"),
    ("metadata",),
    ("context",),
    ("requestMetadata",),
)
_TRACE_IDS = ("traceId", "trace_id", "trace.id", "otelTraceID", "dd.trace_id")
_SPAN_IDS = ("spanId", "span_id", "span.id", "otelSpanID", "dd.span_id")
_HEX32, _HEX16 = re.compile(r"[0-9a-fA-F]{32}"), re.compile(r"[0-9a-fA-F]{16}")
# A trace context on its way: W3C's, and X-Ray's, whose ids are written in three parts.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_XRAY_IDS = ("xray_trace_id", *_TRACE_IDS)
_XRAY = re.compile(r"(?:Root=)?1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?:;.*)?")
# What AWS Lambda says of an invocation: that it ended, in one of its records; its other records repeat a failure.
_PLATFORM, _REPORT = "platform.", ("platform.report", "platform.initReport", "platform.restoreReport")
_PLATFORM_FAILURES = ("failure", "error", "timeout")
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
    if platform_event(body) is not None:
        levels.append(_at(body, ("record",)))
    return levels


def resource_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the resource in a log record that was kept as JSON, {} if it has none."""
    return _at(body, ("resource", "attributes"))


def ids_of(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the trace id and the span id in a body, or in the metadata of a request to Bedrock; no malformed ones."""
    trace_id, span_id = _ids_in(body)
    if trace_id is None and (metadata := _at(body, ("requestMetadata",))):
        # What a caller gives Bedrock is his own: UUIDs, too.
        trace_id, span_id = _ids_in({key: ids.trace_id(v) if isinstance(v, str) else v for key, v in metadata.items()})
    return trace_id, span_id


def _ids_in(level: dict[str, Any]) -> tuple[str | None, str | None]:
    if (trace_id := _id(level, _TRACE_IDS, _HEX32)) is not None:
        return trace_id, _id(level, _SPAN_IDS, _HEX16)
    if (context := _TRACEPARENT.fullmatch(str(level.get("traceparent")))) is not None and context[1].strip("0"):
        return context[1], context[2]
    xray = (_XRAY.fullmatch(str(level[key])) for key in _XRAY_IDS if key in level)
    parts = next((found for found in xray if found is not None), None)
    return (None, None) if parts is None else ((parts[1] + parts[2]).lower(), None)


def platform_event(body: dict[str, Any]) -> str | None:
    """Return the name of an event that AWS Lambda itself logs, None for any other body."""
    named = body.get("type")
    is_one = isinstance(named, str) and named.startswith(_PLATFORM) and isinstance(body.get("record"), dict)
    return named if is_one else None


def level_of(body: dict[str, Any]) -> str | None:
    """Return the severity of AWS Lambda's report of an invocation that failed, None for any other body."""
    failed = platform_event(body) in _REPORT and body["record"].get("status") in _PLATFORM_FAILURES
    return "ERROR" if failed else None


def type_of_body(body: dict[str, Any]) -> str | None:
    """Return the event type of a body of a known shape."""
    if bedrock_log.is_model_invocation(body):
        return bedrock_log.type_of(body)
    said = body.get("body", body) if "attributes" in body else body
    if isinstance(said, dict) and any(_at(said, (part,)).get("messages") for part in ("input", "output")):
        return "message"
    return None


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
