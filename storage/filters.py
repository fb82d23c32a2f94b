"""Which events, traces and calls are asked for.

What the API and the command line take follows from these fields, and so does what lists, the live feed and the search
index compare. Of several fields, the store's index over the first one is used: the order is from what usually leaves
the least.
"""

from __future__ import annotations

import msgspec

from mapping.calls.model import CallKind
from mapping.model import Status, TraceStatus

_COMPARED_OTHERWISE = frozenset({"since", "until", "min_duration_ns", "runs"})


class _Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None means any. `since` (inclusive) and `until` (exclusive) are nanoseconds."""

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """Return the fields that are compared for equality, in order."""
        return tuple(field for field in cls.__struct_fields__ if field not in _COMPARED_OTHERWISE)

    def equal(self) -> dict[str, str]:
        """Return the fields that are asked for, each with its value."""
        return {field: value for field in self.fields() if (value := getattr(self, field)) is not None}


class LiveFilter(_Filter, frozen=True, kw_only=True):
    """Events by fields of their own; session and agent may be their trace's."""

    trace_id: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    event_type: str | None = None
    status: Status | None = None


class EventFilter(LiveFilter, frozen=True, kw_only=True):
    """Events in a period, too."""

    since: int | None = None
    until: int | None = None


class SearchFilter(EventFilter, frozen=True, kw_only=True):
    """Events by what only the search index knows of them, too: the store keeps the service in what events share."""

    service: str | None = None


class TraceFilter(_Filter, frozen=True, kw_only=True):
    """Traces; the period is that of their start.

    `runs` asks for those with a call or a session, and what is not interpreted yet; False asks for the others.
    """

    session_id: str | None = None
    agent_id: str | None = None
    service: str | None = None
    status: TraceStatus | None = None
    since: int | None = None
    until: int | None = None
    runs: bool = True


class CallFilter(_Filter, frozen=True, kw_only=True):
    """Calls; the period is that of their start. `model` asks for calls of models by their name."""

    trace_id: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    name: str | None = None
    model: str | None = None
    kind: CallKind | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None
    min_duration_ns: int | None = None
