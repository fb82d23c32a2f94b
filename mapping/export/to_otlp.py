"""Writes events as OTLP/JSON, which any OTLP receiver accepts: the inverse of `spans.py` and `logs.py`.

A span contains those of its span events that are passed with it. Span events without their span, and JSON events,
become log records. Fields that OTLP does not have, or that the mapping would not derive again, are added as attributes
of our own (`mapping/otlp/vectadb_attributes.py`): every request is mapped as on arrival, and compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

import msgspec

from mapping.ids import named
from mapping.model import SPAN_KINDS, Event, Mapped
from mapping.otlp import vectadb_attributes
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import DROPPED, SCHEMA_URL, identity, is_placeholder, map_traces
from mapping.otlp.wire import UINT32_MAX, UINT64_MAX, Wire
from mapping.semantics.severities import NAMES
from mapping.times import format_rfc3339, parse_rfc3339

Read = Mapping[str, Any]
Item = dict[str, Any]

_STATUS_CODES = {"ok": 1, "error": 2}
_HEX32, _HEX16 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")
# A link's fields, those that it always has, and the others.
_LINK, _LINK_MORE = {"trace_id", "span_id", "attributes"}, {"trace_state", "flags"}

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


class _Signal(NamedTuple):
    """`fields` are those of a request, of a resource and of a scope."""

    name: str
    fields: tuple[str, str, str]
    write: Callable[[Read], Item]
    map: Callable[[Wire, bytes, int], Mapped]


class ExportRequest(NamedTuple):
    """`signal` is `traces` or `logs`, `body` one Export...ServiceRequest as JSON."""

    signal: str
    body: bytes


def requests_of(events: Sequence[Read]) -> Iterator[ExportRequest]:
    """Yield the requests of events, at most one per signal."""
    spans = [event for event in events if event["kind"] in SPAN_KINDS and not is_placeholder(event["properties"])]
    by_id = {(span["trace_id"], span["span_id"]): span for span in spans}
    of_span: dict[str, list[Read]] = {}
    records: list[Read] = []
    for event in events:
        if event["kind"] == "span_event":
            span = by_id.get((event["trace_id"], event["parent_span_id"]))
            if span is not None and _origin(span) == _origin(event):
                of_span.setdefault(span["id"], []).append(event)
                continue
        if event["kind"] not in SPAN_KINDS:
            records.append(event)
    for signal, those in ((_TRACES, spans), (_LOGS, records)):
        if those:
            yield ExportRequest(signal.name, _request(signal, those, of_span))


def _request(signal: _Signal, events: Sequence[Read], of_span: Mapping[str, list[Read]]) -> bytes:
    by_origin: dict[bytes, list[Read]] = {}
    for event in events:
        by_origin.setdefault(_origin(event), []).append(event)
    resources_field, scopes_field, items_field = signal.fields
    resources: list[Item] = []
    pairs: list[tuple[Item, Read]] = []  # in the order in which the mapping gives events
    for those in by_origin.values():
        items: list[Item] = []
        for event in those:
            items.append(item := signal.write(event))
            pairs.append((item, event))
            nested = [(_span_event(child), child) for child in _in_order(event, of_span.get(event["id"], ()))]
            if nested:
                item["events"] = [inner for inner, _ in nested]
                pairs += nested
        scope = {**_scope(those[0]["scope"] or {}), items_field: items}
        resources.append({**_resource(those[0]["resource"] or {}), scopes_field: [scope]})
    request = {resources_field: resources}
    # A moment that is written where an event has it: what has none is seen to differ.
    mapped = signal.map(JsonWire(), msgspec.json.encode(request), 1).events
    for (item, event), mapped_again in zip(pairs, mapped, strict=True):
        _keep(item, event, mapped_again)
    return msgspec.json.encode(request)


def _keep(item: Item, event: Read, mapped_again: Event) -> None:
    """Add the fields that the mapping does not derive from an item."""
    shown = {"timestamp": format_rfc3339(mapped_again.timestamp)}
    lost = {
        field: event.get(field)
        for field in vectadb_attributes.FIELDS
        if event.get(field) != shown.get(field, getattr(mapped_again, field))
    }
    if lost or mapped_again.id != event["id"]:
        item["attributes"] += _attributes({vectadb_attributes.EVENT_ID: event["id"]})
        item["attributes"] += _attributes({vectadb_attributes.PREFIX + field: value for field, value in lost.items()})


def _origin(event: Read) -> bytes:
    return _canonical([event["resource"], event["scope"]])


def _resource(resource: Read) -> Item:
    attributes = dict(resource)
    url = _taken(attributes, SCHEMA_URL, _is_text)
    item = {"resource": _dropped(attributes) | {"attributes": _attributes(attributes)}}
    return item | ({"schemaUrl": url} if url else {})


def _scope(scope: Read) -> Item:
    attributes = dict(scope.get("attributes") or {})
    item = {field: scope[field] for field in ("name", "version") if field in scope} | _dropped(attributes)
    if attributes:
        item["attributes"] = _attributes(attributes)
    return {"scope": item} | ({"schemaUrl": scope["schema_url"]} if _is_text(scope.get("schema_url")) else {})


def _dropped(properties: Item, kinds: Iterable[str] = ("attributes",)) -> Item:
    """Remove how much was dropped of an item from its properties, and return it as the fields it was."""
    return {
        name: dropped
        for _, name, key in map(DROPPED.__getitem__, kinds)
        if (dropped := _taken(properties, key, _is_count))
    }


def _span(event: Read) -> Item:
    properties = dict(event["properties"])
    start, duration = parse_rfc3339(event["timestamp"]), event["duration_ns"]
    item: Item = {"traceId": event["trace_id"], "spanId": event["span_id"]}
    if event["parent_span_id"]:
        item["parentSpanId"] = event["parent_span_id"]
    if state := _taken(properties, "otel.trace_state", _is_text):
        item["traceState"] = state
    item |= {"name": event["name"] or "", "kind": SPAN_KINDS.index(event["kind"])}
    end = None if duration is None else start + duration
    if end is None and (written := _taken(properties, "otel.end_time", _is_moment)):
        end = parse_rfc3339(written)
    if end != start or duration is not None:  # else its end is all that it told of its time
        item["startTimeUnixNano"] = str(start)
    if end is not None:
        item["endTimeUnixNano"] = str(end)
    item |= _flags(event) | _dropped(properties, DROPPED)
    links = _taken(properties, "otel.links", _are_links) or ()
    status = {"code": _STATUS_CODES[event["status"]]} if event["status"] in _STATUS_CODES else {}
    if message := _taken(properties, "otel.status_description", _is_text):
        status["message"] = message
    item["attributes"] = _attributes(properties)
    if links:
        item["links"] = [_link(link) for link in links]
    return item | ({"status": status} if status else {})


def _span_event(event: Read) -> Item:
    properties = dict(event["properties"])
    item = {"timeUnixNano": str(parse_rfc3339(event["timestamp"])), "name": event["name"] or ""} | _dropped(properties)
    return item | {"attributes": _attributes(properties)}


def _moments(event: Read) -> Item:
    """Return a record's moments, as far as OTLP can have them."""
    fields = {"timeUnixNano": event["timestamp"], "observedTimeUnixNano": event.get("observed_timestamp")}
    moments = {field: parse_rfc3339(written) for field, written in fields.items() if written}
    return {field: str(moment) for field, moment in moments.items() if 0 < moment <= UINT64_MAX}


def _flags(event: Read) -> Item:
    return {"flags": event["flags"]} if event.get("flags") else {}


def _in_order(span: Read, events: Sequence[Read]) -> list[Read]:
    """Return a span's events in their original order, which their ids give."""
    starts = (parse_rfc3339(span["timestamp"]), 0)  # of a span without a start the timestamp is another moment
    own = [identity(span["trace_id"], span["span_id"], span["kind"], start) for start in starts]
    places = {named("span_event", *of_span, str(n)): n for of_span in own for n in range(len(events))}
    return sorted(events, key=lambda event: (places.get(event["id"], len(events)), event["timestamp"]))


def _record(event: Read) -> Item:
    properties = dict(event["properties"])
    item = _moments(event) | _flags(event) | _dropped(properties)
    if event["severity"] in NAMES:
        item["severityNumber"] = NAMES.index(event["severity"]) + 1
    if event["kind"] == "log_record":
        if text := _taken(properties, "severity_text", _is_text):
            item["severityText"] = text
        if event["name"] and properties.get("event.name") == event["name"]:
            item["eventName"] = properties.pop("event.name")
        if (body := properties.get("body")) is not None:
            item["body"] = _value(body)
            del properties["body"]
            if "attributes.body" in properties:
                properties["body"] = properties.pop("attributes.body")
    elif event["kind"] == "span_event" and event["name"] and "event.name" not in properties:
        item["eventName"] = event["name"]
    item["attributes"] = _attributes(properties)
    if _HEX32.fullmatch(event["trace_id"]):
        item["traceId"] = event["trace_id"]
    if event["parent_span_id"]:
        item["spanId"] = event["parent_span_id"]
    return item


def _taken(properties: Item, key: str, fits: Callable[[object], bool]) -> Any:
    """Remove and return a property that the mapping made of a field, or None if the mapping would not make it."""
    return properties.pop(key) if fits(properties.get(key)) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: object) -> bool:
    return type(value) is int and 0 < value <= UINT32_MAX


def _is_moment(value: object) -> bool:
    try:
        moment = parse_rfc3339(value) if isinstance(value, str) else 0
    except ValueError:
        return False
    return 0 < moment <= UINT64_MAX and format_rfc3339(moment) == value


def _are_links(value: object) -> bool:
    return (isinstance(value, list) and value != []) and all(
        isinstance(link, dict)
        and link.keys() - _LINK_MORE == _LINK
        and isinstance(link["attributes"], dict)
        and ("flags" not in link or _is_count(link["flags"]))
        and ("trace_state" not in link or _is_text(link["trace_state"]))
        and all(
            link[field] == "" or form.fullmatch(str(link[field]))
            for field, form in (("trace_id", _HEX32), ("span_id", _HEX16))
        )
        for link in value
    )


def _link(link: Read) -> Item:
    attributes = dict(link["attributes"])
    item: Item = {"traceId": link["trace_id"], "spanId": link["span_id"]} | _dropped(attributes)
    if "trace_state" in link:
        item["traceState"] = link["trace_state"]
    if "flags" in link:
        item["flags"] = link["flags"]
    return item | {"attributes": _attributes(attributes)}


def _attributes(values: Read) -> list[Item]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> Item:
    """Return a value as an AnyValue."""
    return _FORMS[type(value)](value)


_FORMS: dict[type, Callable[[Any], Item]] = {
    NoneType: lambda _: {},
    str: lambda text: {"stringValue": text},
    bool: lambda truth: {"boolValue": truth},
    int: lambda number: {"intValue": str(number)},  # 64 bits are text, as JSON of protobuf has them
    float: lambda number: {"doubleValue": number},
    list: lambda values: {"arrayValue": {"values": [_value(value) for value in values]}},
    dict: lambda values: {"kvlistValue": {"values": _attributes(values)}},
}
_TRACES = _Signal("traces", ("resourceSpans", "scopeSpans", "spans"), _span, map_traces)
_LOGS = _Signal("logs", ("resourceLogs", "scopeLogs", "logRecords"), _record, map_logs)
