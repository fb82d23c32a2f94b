"""Why these events are one call: which rule joined which event, and which key of which event gave each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mapping.calls.model import Call
from mapping.semantics.explain import origin_of_role

# The rules of `joining`, for a person.
RULES = {
    "same span": "it is an event of the call's span, or a log record that names it",
    "response id": "it tells of a response with the same id",
    "call id": "it tells of a tool's call with the same id",
    "nested": "its span stands below the call's span, is of the same kind, and nothing but wrappers stand between",
    "same moment": (
        "it is a record that names no span, or another instrumentation's span; it tells the same model and tokens, or "
        "the same tool, at nearly the same moment, in the same trace or session"
    ),
    "another trace": (
        "its span stands in another trace of the session, within the time of the call: an MCP server's or an SDK's, "
        "that was not told its caller's trace"
    ),
    "told twice": "another log record of the same program tells the same model and tokens at nearly the same moment",
    "request and answer": "it is the record of the request that this answer followed in the session",
}
_FIRST = "it stands first: a span before a record, the outer one before the inner one"

# The fields of a call that an attribute gives, and the roles of the vocabulary that the attribute may play.
_ROLES = {
    "name": ("model", "tool", "agent", "own_name"),
    "agent": ("agent", "own_name", "agent_id", "whole"),
    "session_id": ("session",),
    "provider": ("provider",),
    "tool_call_id": ("call_id",),
    "response_id": ("response_id",),
    "input_tokens": ("input_tokens", "usage"),
    "output_tokens": ("output_tokens", "usage"),
    "cache_read_tokens": ("cache_read_tokens", "usage"),
    "cache_write_tokens": ("cache_write_tokens", "usage"),
    "reasoning_tokens": ("reasoning_tokens", "usage"),
    "system": ("system", "input"),
    "sent": ("input",),
    "answered": ("output",),
    "arguments": ("arguments", "input"),
    "result": ("result", "output"),
    "failure": ("error", "remark", "outcome"),
}


def explain_call(call: Call, events: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Explain a call; `events` are those that tell of it, as they are stored, by id.

    Returns `{call_id, told_by: [{event_id, rule}], fields: {FIELD: {event_id, from, key}}}`, `from` and `key` as
    `semantics.explain` has them, None where the field stands in no key of its own.
    """
    told_by = [
        {"event_id": event_id, "rule": RULES.get(call.joined_by.get(event_id, ""), _FIRST)} for event_id in call.told_by
    ]
    fields: dict[str, Any] = {}
    for field, event_id in sorted(call.given_by.items()):
        event = events.get(event_id)
        if event is None:
            continue
        origin = origin_of_role(event, _ROLES.get(field, ()))
        fields[field] = {
            "event_id": event_id,
            "from": None if origin is None else origin.place,
            "key": None if origin is None else origin.key,
        }
    return {"call_id": call.id, "told_by": told_by, "fields": fields}
