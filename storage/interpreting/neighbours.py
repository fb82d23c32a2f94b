"""Which traces are interpreted together: those of a session, near in time, where one holds something loose.

A log record of a call that names no span, or a span without a parent, may tell of a call that stands in another trace
of its session (`mapping.calls.joining`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from storage.interpreting.memory import Fact
from storage.interpreting.results import is_loose

# How far apart what is joined may lie, in nanoseconds: an answer comes within 300 s of its request.
NEAR = 300 * 10**9
# Traces that are looked at beside one.
MOST = 64


class Presence(NamedTuple):
    """A session's part of a trace: from when to when (nanoseconds), and whether something loose is in it."""

    session_id: str
    trace_id: str
    first: int
    last: int
    loose: bool

    def meets(self, other: Presence) -> bool:
        """Say whether the two parts may tell of the same calls."""
        return (
            self.session_id == other.session_id
            and self.trace_id != other.trace_id
            and (self.loose or other.loose)
            and self.first - NEAR <= other.last
            and other.first - NEAR <= self.last
        )


def presences_of(trace_id: str, session_id: str | None, facts: Iterable[Fact]) -> list[Presence]:
    """Return the sessions' parts of a trace. What names no session belongs to the trace's, `session_id`."""
    found: dict[str, Presence] = {}
    for fact in facts:
        telling = fact.telling
        session = telling.session_id or session_id
        if session is None:
            continue
        one = Presence(session, trace_id, telling.start, telling.end, is_loose(telling))
        known = found.get(session)
        found[session] = (
            one
            if known is None
            else one._replace(
                first=min(one.first, known.first), last=max(one.last, known.last), loose=one.loose or known.loose
            )
        )
    return list(found.values())


def together(trace_ids: Iterable[str], presences: Iterable[Presence]) -> list[list[str]]:
    """Return the traces in groups that are interpreted together, as presences meet."""
    group_of = {trace_id: {trace_id} for trace_id in trace_ids}
    by_session: defaultdict[str, list[Presence]] = defaultdict(list)
    for one in presences:
        if one.trace_id in group_of:
            by_session[one.session_id].append(one)
    for members in by_session.values():
        members.sort(key=lambda one: (one.first, one.trace_id))
        for place, one in enumerate(members):
            for other in members[place + 1 : place + 1 + MOST]:
                if other.first - NEAR > one.last:
                    break
                first, second = group_of[one.trace_id], group_of[other.trace_id]
                if one.meets(other) and first is not second:
                    first |= second
                    for trace_id in second:
                        group_of[trace_id] = first
    return [sorted(group) for group in {id(group): group for group in group_of.values()}.values()]
