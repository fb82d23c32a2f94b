"""The filters of events, traces and calls, and the orders of their lists.

The API's parameters, the commands' flags, and the comparisons of lists, the live feed and the search index all follow
from these fields. If several fields are given, the store's index over the first one is used, so they are in order of
selectivity, the most selective first.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from mapping.calls.model import CallKind
from mapping.filtering.language import Term
from mapping.model import Status, TraceStatus

# Of traces and sessions, and of calls; `storage.read` has the field of each.
Sort = Literal["start", "duration", "tokens", "cost", "events", "errors"]
SORTS: tuple[Sort, ...] = get_args(Sort)
CallSort = Literal["start", "duration", "tokens", "cost"]
CALL_SORTS: tuple[CallSort, ...] = get_args(CallSort)

_COMPARED_OTHERWISE = frozenset({"since", "until", "min_duration_ns", "runs", "filter"})


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
    """A filter of events by their own fields; session and agent may be inherited from the trace, the project is its."""

    trace_id: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    event_type: str | None = None
    project: str | None = None
    status: Status | None = None


class EventFilter(LiveFilter, frozen=True, kw_only=True):
    """A filter of events that may have a period, too."""

    since: int | None = None
    until: int | None = None


class SearchFilter(EventFilter, frozen=True, kw_only=True):
    """A filter of events by what only the search index has per event.

    `service` is the resource's; `passage` is the key of what was said (`mapping.search_text.passages`), in hexadecimal.
    """

    service: str | None = None
    passage: str | None = None


class TraceFilter(_Filter, frozen=True, kw_only=True):
    """A filter of traces; the period is that of their start.

    `runs` asks for those with a call or a session, and those not interpreted yet; False asks for the others. `filter`
    are terms of the filter language, all of which have to match.
    """

    session_id: str | None = None
    agent_id: str | None = None
    service: str | None = None
    project: str | None = None
    status: TraceStatus | None = None
    since: int | None = None
    until: int | None = None
    runs: bool = True
    filter: tuple[Term, ...] = ()


class SessionFilter(_Filter, frozen=True, kw_only=True):
    """A filter of sessions by terms of the filter language.

    Of a session, what is in traces of the `project` is listed.
    """

    project: str | None = None
    filter: tuple[Term, ...] = ()


class CallFilter(_Filter, frozen=True, kw_only=True):
    """A filter of calls; the period is that of their start. `model` asks for calls of models by their name.

    `filter` are terms of the filter language's part for calls.
    """

    trace_id: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    project: str | None = None
    name: str | None = None
    model: str | None = None
    kind: CallKind | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None
    min_duration_ns: int | None = None
    filter: tuple[Term, ...] = ()
