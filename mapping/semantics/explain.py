"""Explains an event's placement: which rule placed it, and which keys gave its session, agent and type.

This is derived from what is stored, with the same tables as the mapping; nothing extra is stored for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mapping.model import Correlation, Trace
from mapping.semantics import log_bodies
from mapping.semantics.attribute_roles import agent_of_resource, find, text_id, type_of
from mapping.semantics.event_types import event_type
from mapping.semantics.vocabulary import KEYS, NAMED_BY_SPAN, ROLES


class ValuePlace(NamedTuple):
    """The origin of a value: `place` as in `ExplainedValue`, and the key there, None if there is no key."""

    place: str
    key: str | None


class ExplainedValue(NamedTuple):
    """A value, the place it comes from and the key there.

    Places are the event's `properties`, the `body` of a log, the `scope`, the `resource`; `event` for the event's own
    fields, `span` for the span of a span event, `rule` for a user's own rule (then `key` is its name), `trace` for an
    inherited value, `default` if nothing gives it.
    """

    value: str | None
    place: str
    key: str | None


class Explanation(NamedTuple):
    """The explanation of an event's placement and fields."""

    event_id: str
    trace_id: str
    correlation: Correlation
    session_id: ExplainedValue
    agent_id: ExplainedValue
    event_type: ExplainedValue


class _Level(NamedTuple):
    place: str
    attributes: Mapping[str, Any]


def explain(event: Mapping[str, Any], trace: Trace | None) -> Explanation:
    """Explain an event as it is stored, and its trace."""
    return Explanation(
        event["id"],
        event["trace_id"],
        event["correlation"],
        _told(event, trace, "session_id", ("session",)),
        _told(event, trace, "agent_id", ("agent", "own_name", "agent_id", "whole")),
        ExplainedValue(event.get("event_type"), *_origin_of_type(event)),
    )


def _told(event: Mapping[str, Any], trace: Trace | None, field: str, roles: tuple[str, ...]) -> ExplainedValue:
    value = event.get(field)
    if value is None:
        inherited = getattr(trace, field, None)
        return (
            ExplainedValue(inherited, "trace", field)
            if inherited is not None
            else ExplainedValue(None, "default", None)
        )
    return ExplainedValue(value, *_origin_of_id(event, str(value), field, roles))


def _levels(event: Mapping[str, Any]) -> Iterator[_Level]:
    """Yield the sets of attributes that speak of an event, the nearest first."""
    properties = event["properties"]
    yield _Level("properties", properties)
    body = properties.get("body")
    if event["kind"] == "log_record" and isinstance(body, dict):
        for level in log_bodies.levels_of(body):
            yield _Level("body", level)
    yield _Level("scope", (event.get("scope") or {}).get("attributes") or {})
    yield _Level("resource", event.get("resource") or {})


def _keys(attributes: Mapping[str, Any], role: str) -> list[str]:
    """Return the keys that play a role in a set of attributes, by their precedence."""
    number = ROLES.index(role)
    ranked = [(KEYS[key][1], key) for key in attributes if key in KEYS and KEYS[key][0] == number]
    return [key for _, key in sorted(ranked)]


def origin_of_role(event: Mapping[str, Any], roles: tuple[str, ...]) -> ValuePlace | None:
    """Return which key of an event plays one of these roles of the vocabulary, None where none does."""
    for role in roles:
        for level in _levels(event):
            if keys := _keys(level.attributes, role):
                return ValuePlace(level.place, keys[0])
    return None


def _origin_of_id(event: Mapping[str, Any], value: str, field: str, roles: tuple[str, ...]) -> ValuePlace:
    properties = event["properties"]
    for level in _levels(event):
        for role in roles:
            for key in _keys(level.attributes, role):
                if text_id(level.attributes[key]) == value:
                    return ValuePlace(level.place, key)
        if field == "agent_id" and (named := _agent_key(event, level, value)) is not None:
            return ValuePlace(level.place if named != "name" else "event", named)
    if event["kind"] not in {"span_event", "log_record"}:
        return ValuePlace("event", field)  # of a span: it was imported with what its trace had told it
    if "rule" in properties:
        return ValuePlace("rule", str(properties["rule"]))
    if event["kind"] == "span_event":
        return ValuePlace("span", None)
    return ValuePlace("body", _key_in_text(properties.get("body"), value))


def _agent_key(event: Mapping[str, Any], level: _Level, value: str) -> str | None:
    """Return the key of an agent that is known by more than a key: by its own span's name, or as a whole resource."""
    if (
        level.place == "properties"
        and event.get("name") == value
        and any(key in level.attributes for key in NAMED_BY_SPAN)
    ):
        return "name"
    resource = log_bodies.resource_of(dict(level.attributes)) if level.place == "body" else dict(level.attributes)
    if level.place in {"body", "resource"} and agent_of_resource(resource) == value:
        return next(key for key in ("cloud.resource_id", "service.name") if resource.get(key) == value)
    return None


def _key_in_text(body: object, value: str) -> str | None:
    """Return the word that a value is written behind, as `session_id` in `session_id=x`."""
    found = re.search(rf"([\w.-]+(?: id)?)[\\\"']*\s?[:=]\s?[\\\"']*{re.escape(value)}", str(body))
    return found[1] if found else None


def _origin_of_type(event: Mapping[str, Any]) -> ValuePlace:
    kind, properties = event.get("event_type"), event["properties"]
    if kind is None:
        return ValuePlace("default", None)
    name, is_log = str(event.get("name") or ""), event["kind"] == "log_record"
    for level in _levels(event):
        if level.place in {"properties", "body"}:
            if is_log and event_type(str(level.attributes.get("event.name"))) == kind:
                return ValuePlace(level.place, "event.name")
            for key in _keys(level.attributes, "type"):
                if type_of(find({key: level.attributes[key]})) == kind:
                    return ValuePlace(level.place, key)
    if event["kind"] in {"log_record", "span_event"} and event_type(name) is not None:
        return ValuePlace("event", "name")
    if "rule" in properties:
        return ValuePlace("rule", str(properties["rule"]))
    return _implied_type(event, kind) or (
        ValuePlace("event", "event_type") if event["kind"] == "json" and kind != "log" else ValuePlace("default", None)
    )


# What a type follows from where no word names it: roles whose keys the event carries.
_IMPLIED = {"tool_call": ("tool",), "model_call": ("usage", "input_tokens", "output_tokens"), "error": ("error",)}


def _implied_type(event: Mapping[str, Any], kind: str) -> ValuePlace | None:
    body = event["properties"].get("body")
    if isinstance(body, dict) and log_bodies.type_of_body(body) == kind:
        return ValuePlace("body", None)
    for level in _levels(event):
        if level.place in {"properties", "body"}:
            for role in _IMPLIED.get(kind, ()):
                if keys := _keys(level.attributes, role):
                    return ValuePlace(level.place, keys[0])
    if kind == "error" and event.get("severity"):
        return ValuePlace("event", "severity")
    return None
