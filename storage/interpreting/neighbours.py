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
# Events of traces that are read because others of their sessions have changed. Where these have more, only traces that
# have changed are written, as far as those nearest to them tell.
MOST_EVENTS = 20_000


class Presence(NamedTuple):
    """A session's part of a trace: from when to when (nanoseconds), and whether something loose is in it.

    The same session id in two projects is two sessions.
    """

    session_id: str
    project: str | None
    trace_id: str
    first: int
    last: int
    loose: bool


def presences_of(
    trace_id: str, session_id: str | None, facts: Iterable[Fact], project: str | None = None
) -> list[Presence]:
    """Return the sessions' parts of a trace. What names no session belongs to the trace's, `session_id`."""
    found: dict[str, Presence] = {}
    for fact in facts:
        telling = fact.telling
        session = telling.session_id or session_id
        if session is None:
            continue
        one = Presence(session, project, trace_id, telling.start, telling.end, is_loose(telling))
        known = found.get(session)
        found[session] = (
            one
            if known is None
            else one._replace(
                first=min(one.first, known.first), last=max(one.last, known.last), loose=one.loose or known.loose
            )
        )
    return list(found.values())


def together(presences: Iterable[Presence]) -> list[list[str]]:
    """Return the traces in groups that may tell of the same calls: of a session, near in time, one of them loose."""
    groups = _Groups()
    by_session: defaultdict[tuple[str, str | None], list[Presence]] = defaultdict(list)
    for one in presences:
        groups.root(one.trace_id)
        by_session[one.session_id, one.project].append(one)
    for members in by_session.values():
        # Those so far that what follows may be near to, by whether they are loose; of one group the last to end.
        near: dict[bool, list[Presence]] = {True: [], False: []}
        for one in sorted(members, key=lambda one: (one.first, one.trace_id)):
            for loose in (True, False) if one.loose else (True,):
                met = [other for other in near[loose] if other.last >= one.first - NEAR]
                for other in met:
                    groups.join(one.trace_id, other.trace_id)
                near[loose] = [max(met, key=lambda other: other.last)] if met else []
            near[one.loose].append(one)
    return groups.all()


class _Groups:
    """Traces that belong together, by union-find."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, trace_id: str) -> str:
        at = trace_id
        while (above := self._parent.setdefault(at, at)) != at:
            self._parent[at] = at = self._parent[above]
        return at

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def all(self) -> list[list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for trace_id in self._parent:
            found[self.root(trace_id)].append(trace_id)
        return [sorted(group) for group in found.values()]
