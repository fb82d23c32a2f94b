"""Reads what traces are interpreted with: their events, what is stored of them, and neighbours in their sessions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, NamedTuple

from mapping.values import INT64_MIN
from storage.interpreting.answers import EventReader, Row, decoded
from storage.interpreting.changes import digest
from storage.interpreting.memory import Fact, Memory, TraceMemory
from storage.interpreting.messages import Given, Read, ReadAnswer, Step
from storage.interpreting.neighbours import MOST_EVENTS, NEAR, Presence, presences_of, together
from storage.interpreting.queries import Reading
from storage.interpreting.results import Key, TraceRow
from storage.interpreting.schedule import Schedule
from storage.read.call_pages import calls_in
from storage.surreal import cbor, rows

# Rows read at a time at first and at most; an answer is to have so many bytes.
_FIRST_PIECE, _MOST_PIECE, _BYTES = 64, 1_000, 1 << 20
# Pages of calls read at a time.
_PAGES = 20
# Parts of sessions that are looked at, at a time and about in all; and sessions at a time: 20 ms of the engine's time.
_MOST_NEAR, _SESSIONS = 1_000, 20
# Traces whose rows are read at a time.
_TRACES = 100


def read(what: Reading, **variables: Any) -> Generator[Step, Given, bytes]:
    """Ask for this, and return the store's answer."""
    found = yield Read(what, {name: cbor.encode(value) for name, value in variables.items()})
    assert isinstance(found, ReadAnswer)  # noqa: S101 - for mypy: what a Read is answered with
    return found.answer


class Gathered:
    """Traces to be interpreted, and those of their sessions that may tell of the same calls.

    `traces` and `facts` are what is known of each, `groups` those that are interpreted together; of these the ones in
    `own` are written. `due` have changed, or are to be made anew. `left` are rows of traces that are no more. There is
    `room` for so many more events of neighbours.
    """

    def __init__(self) -> None:
        self.traces: dict[str, TraceRow] = {}
        self.facts: dict[str, list[Fact]] = {}
        self.presences: dict[str, list[Presence]] = {}
        self.own: set[str] = set()
        self.due: set[str] = set()
        self._read_at: dict[str, tuple[TraceMemory, int | None]] = {}
        self.left: list[Key] = []
        self.room = MOST_EVENTS

    def read_at(self, trace_id: str, known: TraceMemory, revision: int | None) -> None:
        """Take note of what is known of a trace, and for which revision of its run."""
        self._read_at[trace_id] = known, revision

    def is_outdated(self, trace_ids: Iterable[str], memory: Memory) -> bool:
        """Return whether any of these traces was interpreted again, or forgotten, since it was read."""
        return any((known := memory.of(trace_id), known.revision) != self._read_at[trace_id] for trace_id in trace_ids)

    @property
    def groups(self) -> list[list[str]]:
        alone = [[trace_id] for trace_id, parts in self.presences.items() if not parts]
        return alone + together(one for parts in self.presences.values() for one in parts)

    def parts(self, trace_ids: Sequence[str]) -> list[list[str]]:
        """Return these traces in parts that are to be gathered each for itself: one, unless there was no room for all
        the neighbours of several groups.
        """
        if self.room >= 0:
            return [[*trace_ids]]
        asked = set(trace_ids)
        with_neighbours = [group for group in self.groups if not asked.issuperset(group)]
        parts = [asked.intersection(group) for group in with_neighbours or self.groups]
        return [[*part] for part in [asked.difference(*parts), *parts] if part]


class _Window(NamedTuple):
    """What of a session is looked at: around these moments (nanoseconds), and whether something loose is in them."""

    first: int
    last: int
    loose: bool

    def with_(self, one: Presence) -> _Window:
        return _Window(min(self.first, one.first), max(self.last, one.last), self.loose or one.loose)


class Gathering:
    """What is read has begun in the `schedule`, and with it what of it had changed. `meanwhile` is done between the
    pieces.
    """

    def __init__(
        self,
        memory: Memory,
        events: EventReader,
        schedule: Schedule,
        meanwhile: Callable[[], Generator[Step, Given, None]],
    ) -> None:
        self._memory = memory
        self._events = events
        self._schedule = schedule
        self._meanwhile = meanwhile

    def gather(self, trace_ids: Sequence[str]) -> Generator[Step, Given, Gathered]:
        """Yield all that these traces are interpreted with."""
        gathered = Gathered()
        gathered.due = set(trace_ids)
        self._schedule.begin(trace_ids)
        for start in range(0, len(trace_ids), _TRACES):
            yield from self._know(trace_ids[start : start + _TRACES], gathered)
        due = set(gathered.traces)
        near: list[Presence] = []
        looked: dict[str, _Window] = {}
        while new := {
            session_id: window for session_id, window in _windows(gathered).items() if looked.get(session_id) != window
        }:
            looked |= new
            near += yield from self._near(new)
            others = _met(gathered, near)
            for start in range(0, len(others), _TRACES):
                if not (yield from self._know(others[start : start + _TRACES], gathered, as_neighbours=True)):
                    gathered.own = due | (gathered.due & gathered.traces.keys())
                    return gathered
        gathered.own = set(gathered.traces)
        return gathered

    def _know(
        self, trace_ids: Sequence[str], gathered: Gathered, *, as_neighbours: bool = False
    ) -> Generator[Step, Given, bool]:
        """Learn all there is to know of these traces. Returns whether there is room for all: it ends for neighbours."""
        changed = self._schedule.begin(trace_ids)
        gathered.due |= set(changed)
        answer = yield from read(
            "traces",
            traces=[cbor.record(rows.TRACE, trace_id) for trace_id in trace_ids],
            runs=[cbor.record(rows.RUN, trace_id) for trace_id in trace_ids],
        )
        found, _, runs, sessions = decoded(answer)
        traces = {row["id"]: _trace_row(row) for row in found}
        written: dict[str, dict[Key, bytes]] = {row["id"]: {(rows.RUN, row["id"]): digest(row)} for row in runs}
        for row in sessions:
            written[row["trace_id"]][rows.SESSION_RUN, tuple(row["id"])] = digest(row)
        run_of = {row["id"]: row for row in runs}
        for trace_id in trace_ids:
            if trace_id not in traces:
                gathered.left += written.get(trace_id, {})
                pages, _ = yield from self._calls(trace_id)
                gathered.left += pages
                continue
            trace, run = traces[trace_id], run_of.get(trace_id)
            gathered.room -= trace.event_count if as_neighbours else 0
            if gathered.room < 0:
                left = [trace_id for trace_id in changed if trace_id not in gathered.traces]
                gathered.due -= set(left)
                self._schedule.again(left)
                return False
            known = yield from self._know_one(trace, run, written.get(trace_id, {}))
            gathered.read_at(trace_id, known, _revision(run))
            facts = gathered.facts[trace_id] = list(known.facts())
            _name_session(trace, facts)
            gathered.presences[trace_id] = presences_of(trace_id, trace.session_id, facts, trace.project)
            gathered.traces[trace_id] = trace
        return True

    def _know_one(
        self, trace: TraceRow, run: Row | None, written: dict[Key, bytes]
    ) -> Generator[Step, Given, TraceMemory]:
        known = self._memory.of(trace.id)
        revision = _revision(run)
        if known.revision != revision:
            # This process is new, or another receiver has interpreted the trace.
            known.whole, known.written, known.revision = False, None, revision
        if run is None and not known.doubted:
            # Calls are there without their run only where a write was broken off, or what it wrote is being deleted.
            known.written, known.models, known.agent_id = {}, set(), trace.agent_id
        elif known.written is None:
            pages, known.models = yield from self._calls(trace.id)
            known.written = written | pages
            known.agent_id = trace.agent_id if run is None else run.get("agent_id")
        if len(known) == trace.event_count:
            known.whole = True
        elif not known.whole or len(known) > trace.event_count:
            known.clear()
            yield from self._all_events(trace.id)
            known.whole = True
        return known

    def _all_events(self, trace_id: str) -> Generator[Step, Given, None]:
        limit, place, last = _FIRST_PIECE, INT64_MIN, ""
        while True:
            answer = yield from read(
                "events of a trace", trace=trace_id, place=place, last=cbor.record(rows.EVENT, last), limit=limit
            )
            found = self._events.take(answer)
            if len(found) < limit:
                return
            place, last = found[-1]["newest"], found[-1]["id"]
            limit = max(1, min(limit * _BYTES // max(len(answer), 1), limit * 4, _MOST_PIECE))
            yield from self._meanwhile()

    def _calls(self, trace_id: str) -> Generator[Step, Given, tuple[dict[Key, bytes], set[str]]]:
        """Yield digests of the pages of calls that are stored of a trace, and the ids of its calls of models."""
        digests: dict[Key, bytes] = {}
        models: set[str] = set()
        while True:
            answer = yield from read("calls of a trace", trace=trace_id, first=len(digests), limit=_PAGES)
            (found,) = decoded(answer)
            digests |= {(rows.CALL, tuple(row["id"])): digest(row) for row in found}
            models |= {call["id"] for row in found for call in calls_in(row) if call["kind"] == "model"}
            if len(found) < _PAGES:
                return digests, models
            yield from self._meanwhile()

    def _near(self, windows: dict[str, _Window]) -> Generator[Step, Given, list[Presence]]:
        """Yield parts of sessions that may tell of the same calls as what is in these windows of them."""
        found: list[Presence] = []
        sessions = list(windows)
        for start in range(0, len(sessions), _SESSIONS):
            if start:
                yield from self._meanwhile()
            some = sessions[start : start + _SESSIONS]
            found += yield from self._near_some({session_id: windows[session_id] for session_id in some})
        return found

    def _near_some(self, windows: dict[str, _Window]) -> Generator[Step, Given, list[Presence]]:
        found: list[Presence] = []
        places = {session_id: cbor.int64(-window.last - NEAR - 1) for session_id, window in windows.items()}
        while places and len(found) < _MOST_NEAR:
            near = [
                {
                    "session_id": session_id,
                    "place": place,
                    "since": cbor.datetime(windows[session_id].first - NEAR),
                    "loose": windows[session_id].loose,
                }
                for session_id, place in places.items()
            ]
            (answers,) = decoded((yield from read("near", near=near, limit=_MOST_NEAR)))
            following: dict[str, int] = {}
            for session_id, answer in zip(places, answers, strict=True):
                found += [
                    Presence(
                        session_id,
                        row.get("project"),
                        row["trace_id"],
                        row["first_event_at"],
                        row["last_event_at"],
                        bool(row.get("loose")),
                    )
                    for row in answer["parts"]
                ]
                # One that began long before may be near, too, and is found from its side.
                if (oldest := answer["oldest"]) is not None and -oldest >= windows[session_id].first - NEAR:
                    following[session_id] = oldest
            places = following
        return found


def _windows(gathered: Gathered) -> dict[str, _Window]:
    windows: dict[str, _Window] = {}
    for parts in gathered.presences.values():
        for one in parts:
            known = windows.get(one.session_id, _Window(one.first, one.last, one.loose))
            windows[one.session_id] = known.with_(one)
    return windows


def _met(gathered: Gathered, near: Sequence[Presence]) -> list[str]:
    """Return traces that belong to those that are known, and are not known themselves, the nearest first."""
    others = [one for one in near if one.trace_id not in gathered.traces]
    if not others:
        return []
    known = [one for parts in gathered.presences.values() for one in parts]
    groups = [set(group) for group in together([*known, *others])]
    met = set().union(*(group for group in groups if not group.isdisjoint(gathered.traces)))
    windows = _windows(gathered)
    gaps: dict[str, int] = {}
    for one in others:
        if one.trace_id in met:
            window = windows[one.session_id]
            gap = max(one.first - window.last, window.first - one.last, 0)
            gaps[one.trace_id] = min(gap, gaps.get(one.trace_id, gap))
    return sorted(gaps, key=lambda trace_id: (gaps[trace_id], trace_id))


def _name_session(trace: TraceRow, facts: Sequence[Fact]) -> None:
    """Let all events of a trace belong to its session, if it has one only; else what stands around them decides."""
    for fact in facts:
        fact.telling.session_id = fact.own.session_id or fact.telling.session_id
    named = {fact.telling.session_id for fact in facts} - {None}
    if named <= {trace.session_id}:
        for fact in facts:
            fact.telling.session_id = trace.session_id


def _revision(run: Row | None) -> int | None:
    return None if run is None else int(run["revision"])


def _trace_row(row: Row) -> TraceRow:
    return TraceRow(
        row["id"],
        row["event_count"],
        row.get("session_id"),
        row.get("agent_id"),
        row["newest_start"],
        row["newest_activity"],
        row.get("end_time"),
        row.get("service"),
        row.get("project"),
        row["status"] == "failed",
    )
