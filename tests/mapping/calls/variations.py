"""Variations: small inputs in the ways of many programs and versions, and what is right of each.

`varied/` has them, written by hand after the programs' sources and conventions. `right` was written before what comes
out was looked at. Times are milliseconds; `{"json": ...}` is an attribute that is JSON text, `{"has": [...]}` a text
with these words in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from mapping.calls.conversation import turns_of
from mapping.calls.headlines import error_line
from mapping.calls.interpret import interpret
from mapping.calls.reading import tell
from mapping.correlation.placement import Placement
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.times import NS
from tests.cases.shown import plain

DATA = Path(__file__).parent / "varied"
VARIATIONS = {
    f"{path.stem}: {one['name']}": one for path in sorted(DATA.glob("*.json")) for one in json.loads(path.read_bytes())
}

_START = 1_790_000_000_000
_SCALARS = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
_STATUSES = {"ok": 1, "error": 2}
_SEVERITIES = {"INFO": 9, "WARN": 13, "ERROR": 17}


def tellings_of(sent: list[dict[str, Any]]) -> list[Any]:
    spans = {"resourceSpans": [_in_resource(one, "scopeSpans", "spans", _span(one)) for one in sent if "span" in one]}
    logs = {
        "resourceLogs": [
            _in_resource(one, "scopeLogs", "logRecords", _record(one)) for one in sent if "span" not in one
        ]
    }
    events = [
        *map_traces(JsonWire(), json.dumps(spans).encode(), 0).events,
        *map_logs(JsonWire(), json.dumps(logs).encode(), 0).events,
    ]
    placement = Placement([], agent_window=3_600 * NS)
    tellings = []
    # Spans come first: what names no trace belongs to its session's.
    for event in sorted(events, key=lambda event: event.trace_id is None):
        assert placement.place(event, 0) is None
        tellings.append(tell(msgspec.structs.asdict(event) | {"duration_ns": event.duration}))
    return tellings


def shown(tellings: list[Any]) -> dict[str, Any]:
    """Give what is right of a variation, as far as any of them says it."""
    run = interpret(tellings)
    totals, turns = run.totals, turns_of(run)
    sessions = {session for session, _ in run.by_session}
    return {
        "tokens": f"{totals.input_tokens}/{totals.output_tokens}",
        "cache": f"{totals.cache_read_tokens}/{totals.cache_write_tokens}",
        "reasoning": totals.reasoning_tokens,
        "cost": totals.cost / NS,
        "errors": totals.errors,
        "models": totals.models,
        "model names": sorted(str(call.name) for call in run.calls if call.kind == "model"),
        "tool count": totals.tools,
        "tools": sorted(_tool(call) for call in run.calls if call.kind == "tool"),
        "agent calls": sorted(str(call.name) for call in run.calls if call.kind == "agent"),
        "agents": dict(Counter(call.agent for call in run.calls if call.kind != "agent")),
        "sessions": {session: _tokens(run.by_session, session) for session in sorted(sessions)},
        "failures": [
            *(error_line(call) for call in run.calls if call.fails_first),
            *(error.failure and error.failure.message for error in run.errors),
        ],
        "turns": [line for turn in turns for part in turn["parts"] if (line := _line(turn["role"], part))],
        "turns' agents": [turn.get("agent_id") for turn in turns],
    }


def is_right(right: Any, told: Any) -> bool:
    if isinstance(right, list):
        return isinstance(told, list) and len(right) == len(told) and all(map(is_right, right, told))
    if isinstance(right, dict) and "has" in right:
        return all(word in str(told) for word in right["has"])
    return bool(right == told)


def _tokens(by_session: dict[tuple[str, str], Any], session: str) -> str:
    sums = [totals for (of_session, _), totals in by_session.items() if of_session == session]
    return f"{sum(one.input_tokens for one in sums)}/{sum(one.output_tokens for one in sums)}"


def _tool(call: Any) -> str:
    asked = f"{call.name} {plain(call.arguments)}".strip()
    if call.status == "error":
        return f"{asked} failed: {error_line(call)}"
    return asked if call.result is None else f"{asked} -> {plain(call.result)}"


def _line(role: str, part: dict[str, Any]) -> str:
    match part["type"]:
        case "text":
            return f"{role}: {plain(part['text'])}"
        case "reasoning":
            return ""
        case "tool_call":
            return f"{role} calls: {part.get('name')} {plain(part.get('arguments'))}".strip()
        case "tool_result":
            return f"{role}{' failed' if part.get('failed') else ''}: {plain(part.get('result'))}"
        case kind:
            return f"{role} shows: {kind} {part.get('media_type', '')}".strip()


def _in_resource(one: dict[str, Any], scopes: str, leaves: str, leaf: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": _attributes(one.get("resource", {"service.name": "app"}))}
    return {
        "resource": resource,
        scopes: [{"scope": {"name": one["scope"], "version": one.get("version", "")}, leaves: [leaf]}],
    }


def _span(one: dict[str, Any]) -> dict[str, Any]:
    start, end = one["ms"]
    status = {"code": _STATUSES.get(one.get("status"), 0), "message": one.get("message", "")}
    return {
        "traceId": _id(one.get("trace", 1), 32),
        "spanId": _id(one["span"], 16),
        "parentSpanId": _id(one["parent"], 16) if one.get("parent") else "",
        "name": one["name"],
        "kind": one.get("kind", 1),
        "startTimeUnixNano": _nanoseconds(start),
        "endTimeUnixNano": _nanoseconds(end),
        "attributes": _attributes(one.get("attributes", {})),
        "status": status,
        "events": [
            {"name": name, "timeUnixNano": _nanoseconds(at), "attributes": _attributes(attributes)}
            for name, at, attributes in one.get("events", ())
        ],
    }


def _record(one: dict[str, Any]) -> dict[str, Any]:
    severity = one.get("severity")
    return {
        "timeUnixNano": _nanoseconds(one["ms"]),
        "observedTimeUnixNano": _nanoseconds(one["ms"]),
        "attributes": _attributes(one.get("attributes", {})),
        "traceId": _id(one["trace"], 32) if "trace" in one else "",
        "spanId": _id(one["of"], 16) if "of" in one else "",
        "eventName": one.get("log") or "",
        **({"body": _value(one["body"])} if "body" in one else {}),
        **({"severityText": severity, "severityNumber": _SEVERITIES[severity]} if severity else {}),
    }


def _nanoseconds(milliseconds: int) -> str:
    return str((_START + milliseconds) * 1_000_000)


def _id(name: object, length: int) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()[:length]


def _attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(inner) for inner in value]}}
    if isinstance(value, dict) and value.keys() == {"json"}:
        return {"stringValue": json.dumps(value["json"], ensure_ascii=False)}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {_SCALARS[type(value)]: value}
