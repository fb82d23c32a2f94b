"""A trace's fields as sums over its events. Any order, split or grouping of the same events gives the same trace."""

from __future__ import annotations

from mapping.model import Event, Trace
from mapping.semantics.event_types import SCORED


def trace_of(event: Event, trace_id: str, now: int) -> Trace:
    """Return the trace that consists of this event alone."""
    trace = Trace(
        id=trace_id,
        start_time=event.timestamp,
        last_event_at=event.ends_at,
        project=event.project,
        origin="given" if event.correlation == "trace_id" else "inferred",
        event_count=1,
        created_at=now,
        updated_at=now,
    )
    at = event.timestamp
    if event.session_id is not None:
        trace.session_id, trace.session_at = event.session_id, at
    if event.agent_id is not None:
        trace.agent_id, trace.agent_at = event.agent_id, at
    is_score = SCORED in event.properties and event.span_id is None
    if event.name is not None and not is_score:  # it is no name of what it judges
        trace.name, trace.name_at, trace.name_from_root = event.name, at, event.is_root_span
    service = event.resource.get("service.name") if event.resource else None
    if isinstance(service, str) and service:
        trace.service, trace.service_at = service, at
    if is_score:
        trace.status = "completed"  # it comes when the work is done, and does not set it going again
    if event.is_root_span:
        trace.root_status = "failed" if event.status == "error" else "completed"
        trace.status = trace.root_status
        trace.end_time = event.ends_at
    return trace


def absorb(known: Trace, new: Trace) -> Trace:
    """Return the trace of the events of both: associative and commutative, but for what the first one keeps.

    That is `created_at`, `project` and `revision`.

    A trace that was completed only because it was idle is running again, unless what has come is a score.
    """
    session_id, session_at = _first(known.session_id, known.session_at, new.session_id, new.session_at)
    agent_id, agent_at = _first(known.agent_id, known.agent_at, new.agent_id, new.agent_at)
    service, service_at = _first(known.service, known.service_at, new.service, new.service_at)
    if known.name_from_root == new.name_from_root:
        name, name_at = _first(known.name, known.name_at, new.name, new.name_at)
    else:
        root = known if known.name_from_root else new
        name, name_at = root.name, root.name_at
    statuses = {known.root_status, new.root_status}
    root_status = next((status for status in ("failed", "completed") if status in statuses), None)
    return Trace(
        id=known.id,
        start_time=min(known.start_time, new.start_time),
        last_event_at=max(known.last_event_at, new.last_event_at),
        status=root_status or ("running" if "running" in (known.status, new.status) else "completed"),
        root_status=root_status,
        end_time=max((end for end in (known.end_time, new.end_time) if end is not None), default=None)
        if root_status
        else None,
        session_id=session_id,
        session_at=session_at,
        agent_id=agent_id,
        agent_at=agent_at,
        service=service,
        service_at=service_at,
        project=known.project,
        name=name,
        name_at=name_at,
        name_from_root=known.name_from_root or new.name_from_root,
        origin="given" if "given" in (known.origin, new.origin) else "inferred",
        event_count=known.event_count + new.event_count,
        created_at=known.created_at,
        updated_at=max(known.updated_at, new.updated_at),
        revision=known.revision,
    )


def _first(value: str | None, at: int | None, other: str | None, other_at: int | None) -> tuple[str | None, int | None]:
    """Return the earliest value; of two at the same time the lesser one, so that order does not matter."""
    if value is None or at is None:
        return other, other_at
    if other is None or other_at is None or (at, value) <= (other_at, other):
        return value, at
    return other, other_at
