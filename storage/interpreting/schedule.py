"""Which traces are to be interpreted next, and when.

A trace that changes is interpreted at once, and then again as soon as it has twice as many events, or after a while
that is in proportion to what that took of this process's time: so a long trace that grows costs no more than a few
times what its events cost, and a small one follows its events. Traces of one session that are interpreted together
wait together, until as many events wait as the last time had.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

# Times what an interpretation took, until the next of the same trace; and of traces of one session, most of which have
# not changed.
_WAIT, _WAIT_TOGETHER = 10.0, 3.0
# Seconds until a trace that events were deleted of is looked at: more of it is about to go.
_AFTER_DELETION = 5.0
# Seconds that a pace is remembered for at least; and how many.
_FORGOTTEN_AFTER, _PACES = 1.0, 10_000


class _Pace(NamedTuple):
    """When a trace was interpreted last, how many events it had, and when it may be again."""

    at: float
    size: int
    again: float


class _SessionPace(NamedTuple):
    """How many events traces of a session had that were interpreted together, and when they may be again."""

    size: int
    again: float


class Pending(NamedTuple):
    """A trace that is to be interpreted: since when, because of which records and how many events in them, and when at
    the earliest.
    """

    since: float
    records: frozenset[str]
    events: int
    earliest: float


class Schedule:
    """Traces that have changed. `clock` gives seconds, `size_of` how many events are known of a trace, and so on."""

    def __init__(
        self, clock: Callable[[], float], size_of: Callable[[str], int], sessions_of: Callable[[str], Iterable[str]]
    ) -> None:
        self._clock = clock
        self._size_of = size_of
        self._sessions_of = sessions_of
        self._pending: dict[str, Pending] = {}
        # Traces that are being interpreted; what has changed of one since then is pending again.
        self._begun: dict[str, Pending] = {}
        # How many of its traces each record waits for.
        self._waits_for: dict[str, int] = {}
        self._paces: dict[str, _Pace] = {}
        self._sessions: dict[str, _SessionPace] = {}

    def add(self, record: str, traces: Mapping[str, int]) -> None:
        """Take note of a record: traces with how many events they got; 0 for those that lost some."""
        now = self._clock()
        self._waits_for[record] = len(traces)
        for trace_id, events in traces.items():
            earliest = now if events else now + _AFTER_DELETION
            known = self._pending.get(trace_id)
            if known is None:
                self._pending[trace_id] = Pending(now, frozenset((record,)), events, earliest)
            else:
                later = max(earliest, known.earliest) if not events else known.earliest
                self._pending[trace_id] = Pending(known.since, known.records | {record}, known.events + events, later)

    def begin(self, trace_ids: Iterable[str]) -> list[str]:
        """Take note of traces that are being interpreted, until `done` or `again`. Returns those that had changed."""
        begun = [trace_id for trace_id in trace_ids if trace_id in self._pending and trace_id not in self._begun]
        self._begun |= {trace_id: self._pending.pop(trace_id) for trace_id in begun}
        return begun

    def again(self, trace_ids: Iterable[str]) -> None:
        """Take note of traces that have to be interpreted once more."""
        for trace_id in trace_ids:
            if (begun := self._begun.pop(trace_id, None)) is not None:
                since = self._pending.get(trace_id, begun)
                self._pending[trace_id] = begun._replace(
                    records=begun.records | since.records,
                    events=max(begun.events, since.events),
                    earliest=max(begun.earliest, since.earliest),
                )

    def due(self, most: int, most_of_sessions: int, *, longest: float = math.inf) -> list[str]:
        """Return traces to be interpreted now, those that have waited longest first, up to so many events; then others
        of their sessions, since these are interpreted together, up to so many in all. None has more events than
        `longest`.
        """
        now = self._clock()
        ready = [
            trace_id for trace_id, when in self._times().items() if when <= now and self._size_of(trace_id) <= longest
        ]
        ready.sort(key=lambda trace_id: self._pending[trace_id].since)
        due: list[str] = []
        events = 0
        for trace_id in ready:
            size = self._size_of(trace_id)
            if due and events + size > most:
                break
            events += size
            due.append(trace_id)
        sessions = {session_id for trace_id in due for session_id in self._sessions_of(trace_id)}
        for trace_id in ready[len(due) :]:
            if sessions.isdisjoint(self._sessions_of(trace_id)):
                continue
            events += self._size_of(trace_id)
            if events > most_of_sessions:
                break
            due.append(trace_id)
        return due

    def seconds_left(self) -> float | None:
        """Return the seconds until the next trace is due, None where none is."""
        earliest = min(self._times().values(), default=None)
        return None if earliest is None else max(earliest - self._clock(), 0.0)

    def __contains__(self, trace_id: str) -> bool:
        return trace_id in self._pending or trace_id in self._begun

    def _times(self) -> dict[str, float]:
        """Return traces that may be begun, and when. Of a session that is being interpreted none may."""
        busy = {session_id for trace_id in self._begun for session_id in self._sessions_of(trace_id)}
        waits = self._sessions_that_wait()
        times: dict[str, float] = {}
        for trace_id, pending in self._pending.items():
            sessions = self._sessions_of(trace_id)
            if trace_id in self._begun or not busy.isdisjoint(sessions):
                continue
            when = max([pending.earliest, *(waits[session_id] for session_id in sessions if session_id in waits)])
            pace = self._paces.get(trace_id)
            if pace is not None and self._size_of(trace_id) < 2 * pace.size:
                when = max(when, pace.again)
            times[trace_id] = when
        return times

    def _sessions_that_wait(self) -> dict[str, float]:
        """Return until when: those of which fewer events are pending than were interpreted the last time."""
        now = self._clock()
        waits = {session_id: pace for session_id, pace in self._sessions.items() if pace.again > now}
        pending: Counter[str] = Counter()
        if waits:
            for trace_id, one in self._pending.items():
                for session_id in self._sessions_of(trace_id):
                    pending[session_id] += one.events
        return {session_id: pace.again for session_id, pace in waits.items() if pending[session_id] < pace.size}

    def ending(self, trace_ids: Iterable[str]) -> list[str]:
        """Return the records that wait for nothing any more once these traces, which were begun, are done."""
        ended = Counter(record for trace_id in trace_ids for record in self._records(trace_id))
        return [record for record, traces in ended.items() if traces == self._waits_for[record]]

    def done(self, trace_ids: Iterable[str]) -> None:
        """Take note of traces that are interpreted."""
        trace_ids = list(trace_ids)
        for record in self.ending(trace_ids):
            del self._waits_for[record]
        for trace_id in trace_ids:
            for record in self._records(trace_id) & self._waits_for.keys():
                self._waits_for[record] -= 1
            self._begun.pop(trace_id, None)

    def _records(self, trace_id: str) -> frozenset[str]:
        begun = self._begun.get(trace_id)
        return begun.records if begun is not None else frozenset()

    def took(self, trace_ids: Sequence[str], session_ids: Iterable[str], events: int, seconds: float) -> None:
        """Take note of how long traces took that were interpreted together, of these sessions, with so many events."""
        now = self._clock()
        again = now + (_WAIT_TOGETHER if len(trace_ids) > 1 else _WAIT) * seconds
        for trace_id in trace_ids:
            self._paces[trace_id] = _Pace(now, self._size_of(trace_id), again)
        if len(trace_ids) > 1:
            self._sessions |= dict.fromkeys(session_ids, _SessionPace(events, again))
        if len(self._paces) > _PACES:
            self._paces = {
                known: pace
                for known, pace in self._paces.items()
                if pace.again > now or now - pace.at < _FORGOTTEN_AFTER
            }
        if len(self._sessions) > _PACES:
            self._sessions = {known: pace for known, pace in self._sessions.items() if pace.again > now}
