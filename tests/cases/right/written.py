"""Requests written by hand: spans and logs with attributes, at moments in seconds."""

import hashlib
import json
from typing import Any

START = 1_795_850_000
# Seconds that a span lasts where nothing else is said.
LASTS = 0.5

Item = dict[str, Any]


def _id(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]


def _value(value: Any) -> Item:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value)}


def _attributes(values: dict[str, Any]) -> list[Item]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _nanoseconds(second: float) -> str:
    return str(round((START + second) * 1_000_000_000))


def span(
    name: str,
    at: float,
    *,
    until: float | None = None,
    under: str | None = None,
    called: str | None = None,
    trace: str = "trace",
    error: str | None = None,
    raised: tuple[str, str] | None = None,
    **attributes: Any,
) -> Item:
    """Write a span. `called` is what others know it by (else its name) when they stand `under` it.

    Attributes are written with two underscores for a dot. `raised` is the type and message of an exception.
    """
    item = {
        "traceId": _id(trace, 32),
        "spanId": _id(f"{trace} {called or name}", 16),
        "name": name,
        "startTimeUnixNano": _nanoseconds(at),
        "endTimeUnixNano": _nanoseconds(at + LASTS if until is None else until),
        "attributes": _attributes({key.replace("__", "."): value for key, value in attributes.items()}),
    }
    if under is not None:
        item["parentSpanId"] = _id(f"{trace} {under}", 16)
    if error is not None or raised is not None:
        item["status"] = {"code": 2, "message": error or ": ".join(raised or ())}
    if raised is not None:
        told = {"exception.type": raised[0], "exception.message": raised[1]}
        moment = item["endTimeUnixNano"]
        item["events"] = [{"name": "exception", "timeUnixNano": moment, "attributes": _attributes(told)}]
    return item


def log(name: str, at: float, *, trace: str | None = None, of: str | None = None, **attributes: Any) -> Item:
    """Write a log record with an event's name; `of` is the span that it names."""
    told = {"event.name": name} | {key.replace("__", "."): value for key, value in attributes.items()}
    item = {"timeUnixNano": _nanoseconds(at), "attributes": _attributes(told)}
    if trace is not None:
        item["traceId"] = _id(trace, 32)
    if trace is not None and of is not None:
        item["spanId"] = _id(f"{trace} {of}", 16)
    return item


def request(*items: Item, scope: str = "written", service: str = "svc") -> str:
    """Write spans and records as the list of files of a case."""
    resource = {"attributes": _attributes({"service.name": service})}
    spans = [item for item in items if "name" in item]
    records = [item for item in items if "name" not in item]
    written: Item = {}
    if spans:
        written["resourceSpans"] = [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]
    if records:
        written["resourceLogs"] = [
            {"resource": resource, "scopeLogs": [{"scope": {"name": scope}, "logRecords": records}]}
        ]
    return json.dumps([written])
