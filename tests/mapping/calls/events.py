"""Events as they are stored, for tests of what one of them tells."""

from __future__ import annotations

from mapping.calls.reading import tell

START, SECOND = 1_800_000_000 * 10**9, 10**9


def span(properties=(), *, name="work", scope=None, parent="b" * 16, **fields):
    return {
        "id": "e",
        "trace_id": "a" * 32,
        "kind": "internal",
        "timestamp": START,
        "duration_ns": SECOND,
        "name": name,
        "status": "unset",
        "properties": dict(properties),
        "scope": {"name": scope} if scope else None,
        "resource": {"service.name": "svc"},
        "span_id": "c" * 16,
        "parent_span_id": parent,
        **fields,
    }


def log(properties=(), *, name=None, body=None, scope=None, **fields):
    properties = dict(properties) | ({} if body is None else {"body": body})
    rest = {"kind": "log_record", "duration_ns": None, "span_id": None}
    return span(properties, name=name, scope=scope, **(rest | fields))


def span_event(properties=(), *, name="note", **fields):
    return log(properties, name=name, kind="span_event", **fields)


def json_event(properties=(), **fields):
    return log(properties, kind="json", scope=None, resource=None, **fields)


def told(properties=(), **fields):
    return tell(span(properties, **fields))


def texts(messages):
    """Return who said what, of messages that are texts."""
    return [(message["role"], part.get("text")) for message in messages for part in message["parts"]]
