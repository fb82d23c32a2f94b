"""Which traces are to be interpreted next, and when.

A trace that changes is interpreted at once, and then again as soon as it has twice as many events, or after a while
that is in proportion to what that took of this process's time: so a long trace that grows costs no more than a few
times what its events cost, and a small one follows its events. Traces of one session that are interpreted together
wait together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

# Times what an interpretation took, until the next of the same trace.
_WAIT = 10.0
# Seconds until a trace that events were deleted of is looked at: more of it is about to go.
_AFTER_DELETION = 5.0
# Seconds that a pace is remembered for at least; and how many.
_FORGOTTEN_AFTER, _PACES = 1.0, 10_000


class _Pace(NamedTuple):
    """When a trace was interpreted last, how many events it had, and when it may be again."""

    at: float
    size: int
    again: float


class Pending(NamedTuple):
    """A trace that is to be interpreted: since when, because of which records, and when at the earliest."""

    since: float
    records: frozenset[str]
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
        # When traces of a session that are interpreted together may be again.
        self._sessions: dict[str, float] = {}

    def add(self, record: str, traces: Mapping[str, int]) -> None:
        """Take note of a record: traces with how many events they got; 0 for those that lost some."""
        now = self._clock()
        self._waits_for[record] = len(traces)
        for trace_id, events in traces.items():
            earliest = now if events else now + _AFTER_DELETION
            known = self._pending.get(trace_id)
            if known is None:
                self._pending[trace_id] = Pending(now, frozenset((record,)), earliest)
            else:
                later = max(earliest, known.earliest) if not events else known.earliest
                self._pending[trace_id] = Pending(known.since, known.records | {record}, later)

    def begin(self, trace_ids: Iterable[str]) -> None:
        """Take note of traces that are being interpreted, until `done` or `again`."""
        self._begun |= {trace_id: self._pending.pop(trace_id) for trace_id in trace_ids if trace_id in self._pending}

    def again(self, trace_ids: Iterable[str]) -> None:
        """Take note of traces that have to be interpreted once more."""
        for trace_id in trace_ids:
            if (begun := self._begun.pop(trace_id, None)) is not None:
                since = self._pending.get(trace_id, begun)
                self._pending[trace_id] = begun._replace(
                    records=begun.records | since.records, earliest=max(begun.earliest, since.earliest)
                )

    def due(self, most: int) -> list[str]:
        """Return traces to be interpreted now, those that have waited longest first, up to so many events."""
        now = self._clock()
        due: list[str] = []
        events = 0
        for trace_id in sorted(self._waiting(), key=lambda trace_id: self._pending[trace_id].since):
            if self._when(trace_id) > now:
                continue
            events += self._size_of(trace_id)
            if due and events > most:
                break
            due.append(trace_id)
        return due

    def seconds_left(self) -> float | None:
        """Return the seconds until the next trace is due, None where none is."""
        earliest = min(map(self._when, self._waiting()), default=None)
        return None if earliest is None else max(earliest - self._clock(), 0.0)

    def __contains__(self, trace_id: str) -> bool:
        return trace_id in self._pending or trace_id in self._begun

    def _waiting(self) -> list[str]:
        """Return traces that may be begun."""
        return [trace_id for trace_id in self._pending if trace_id not in self._begun]

    def _when(self, trace_id: str) -> float:
        pending, pace = self._pending[trace_id], self._paces.get(trace_id)
        when = pending.earliest
        if self._sessions:
            when = max(
                when, *(self._sessions.get(session_id, when) for session_id in self._sessions_of(trace_id)), when
            )
        if pace is None or self._size_of(trace_id) >= 2 * pace.size:
            return when
        return max(when, pace.again)

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

    def took(self, trace_ids: Iterable[str], session_ids: Iterable[str], seconds: float) -> None:
        """Take note of how long traces took that were interpreted together, of these sessions."""
        now = self._clock()
        again = now + _WAIT * seconds
        for trace_id in trace_ids:
            self._paces[trace_id] = _Pace(now, self._size_of(trace_id), again)
        self._sessions |= dict.fromkeys(session_ids, again)
        if len(self._paces) > _PACES:
            self._paces = {
                known: pace
                for known, pace in self._paces.items()
                if pace.again > now or now - pace.at < _FORGOTTEN_AFTER
            }
        if len(self._sessions) > _PACES:
            self._sessions = {known: moment for known, moment in self._sessions.items() if moment > now}
