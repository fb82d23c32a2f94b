"""Event fields that OTLP has no field for travel as attributes of our own, so that an export can be imported unchanged.

An item with the attribute `vectadb.event_id`, a UUID, gets this id; the other `vectadb.*` attributes replace what the
mapping derived. All of them are removed from the event's properties.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mapping import ids
from mapping.model import Event
from mapping.times import parse_rfc3339
from mapping.values import INT64_MAX

PREFIX = "vectadb."
EVENT_ID = f"{PREFIX}event_id"


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise ValueError


def _trace_id(value: object) -> str:
    if isinstance(value, str) and len(value) <= ids.MAX_TRACE_ID and value.strip("0"):
        return ids.trace_id(value)
    raise ValueError


def _source(value: object) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise ValueError


def _order(value: object) -> int | None:
    if value is None or (type(value) is int and 0 < value <= INT64_MAX):
        return value
    raise ValueError


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value in words:
            return str(value)
        raise ValueError

    return read


# The fields, and how each is read. After a ValueError it is an ordinary attribute.
_OF_ALL: dict[str, Callable[[object], Any]] = {
    "event_type": _text,
    "agent_id": _text,
    "session_id": _text,
    "project": _text,
    "name": _text,
    "status": _one_of("ok", "error", "unset"),
}
_OF_RECORDS: dict[str, Callable[[object], Any]] = {
    **_OF_ALL,
    "kind": _one_of("json", "span_event"),
    "trace_id": _trace_id,
    "timestamp": lambda value: parse_rfc3339(str(value)),
    "severity": _text,
    "source": _source,
    "order": _order,
}
FIELDS = tuple(_OF_RECORDS)


def take_back(event: Event) -> None:
    """Set the event's fields from its `vectadb.*` attributes, if its `vectadb.event_id` is a UUID."""
    properties = event.properties
    given = properties[EVENT_ID]
    if not isinstance(given, str) or ids.event_id(given) != given:
        return
    del properties[EVENT_ID]
    event.id = given
    named = f"{PREFIX}name" in properties
    for field, read in (_OF_RECORDS if event.kind == "log_record" else _OF_ALL).items():
        key = PREFIX + field
        if key in properties:
            try:
                setattr(event, field, read(properties[key]))
            except ValueError:
                continue
            del properties[key]
    if event.kind == "json":
        event.resource = event.resource or None
    if event.kind == "span_event" and event.name and not named and properties.get("event.name") == event.name:
        del properties["event.name"]  # the record's field, which span events do not have
