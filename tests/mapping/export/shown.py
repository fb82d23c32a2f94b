"""Events as the API shows them, once they have been stored in the trace that they name."""

import msgspec

from mapping.times import format_rfc3339

FIELDS = (
    "event_type agent_id session_id project name status properties source resource scope span_id parent_span_id kind "
    "severity flags order"
).split()


def shown(event):
    """Return an event as `GET /api/v1/events` does, without `created_at` and `correlation`."""
    read = {"id": event.id, "trace_id": event.trace_id or "made-here", "timestamp": format_rfc3339(event.timestamp)}
    read |= {field: getattr(event, field) for field in FIELDS}
    seen = event.observed_timestamp
    read["observed_timestamp"] = None if seen is None else format_rfc3339(seen)
    return msgspec.json.decode(msgspec.json.encode(read | {"duration_ns": event.duration}))
