"""What the interpreter does, step by step: a generator that says what to read and write, and is given what came of it.

Traces that changed are interpreted with those of their sessions that may tell of the same calls (`neighbours`), and
what they came to is compared with what is stored (`changes`). While it is written, what follows is read and
interpreted. Nothing here waits, and nothing but memory is lost with the process: a record of the queue ends in the
transaction that writes what its traces came to.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import NamedTuple

from mapping.calls.interpret import Price, interpret
from mapping.calls.model import Run, Totals
from mapping.values import INT64_MIN
from storage.interpreting.answers import EventReader, decoded, merged
from storage.interpreting.changes import MOST_ROWS, Part, TraceChanges, deleted, parts_of
from storage.interpreting.gathering import Gathered, Gathering, read
from storage.interpreting.memory import Memory
from storage.interpreting.messages import Given, Idle, News, Settle, Step, Taken, Write, Written
from storage.interpreting.results import Key, results_of
from storage.interpreting.schedule import Schedule
from storage.surreal import cbor, rows

log = logging.getLogger(__name__)

Steps = Generator[Step, Given, None]

# Events interpreted one after the other before news are taken in, unless a trace has more.
_EVENTS = 1_000
# Traces looked at, at a time, for what is to be made anew.
_OLDER = 50
# Seconds until somebody looks whether there is something to do.
_LONG = 60.0
_VARIABLES = (
    "traces runs known gone new_calls changed_calls new_runs changed_runs new_sessions changed_sessions changed_events "
    "queued states done"
).split()


class _Older(NamedTuple):
    """How far what is older is made anew: the start of a trace (nanoseconds, negated), and its id."""

    place: int = INT64_MIN
    last: str = ""


class Work:
    """The steps, from `steps`. `interpreted` counts events that were interpreted, again or not, `events.read` those
    read.

    `clock` and `cpu` give seconds: those that pass, and those that this process works, on however busy a machine.
    """

    def __init__(
        self,
        version: str,
        price: Price = lambda _call: None,
        *,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.interpreted = 0
        self._version = version
        self._price = price
        self._cpu = cpu
        self._memory = memory or Memory()
        self.events = EventReader(self._memory)
        self._gathering = Gathering(self._memory, self.events)
        self._schedule = Schedule(clock, self._memory.size_of, self._memory.sessions_of)
        self._older: _Older | None = None
        self._under_way: _Writing | None = None

    def steps(self) -> Steps:
        """Yield the next step, without end."""
        yield from self._begin()
        while True:
            self._memory.shrink()
            yield from self._take_news()
            if due := self._schedule.due(_EVENTS):
                yield from self._interpret(due)
            elif self._older is not None:
                yield from self._make_anew(self._older)

    def _begin(self) -> Steps:
        """Find out whether what is stored was made by these rules and prices."""
        (found,) = decoded((yield from read("state")))
        if not found or found[0]["version"] != self._version:
            yield from self._note(_Older())
        elif "place" in found[0]:
            self._older = _Older(found[0]["place"], found[0]["last"])

    def _take_news(self) -> Steps:
        left = self._schedule.seconds_left()
        is_busy = self._older is not None or self._under_way is not None
        seconds = 0.0 if is_busy else _LONG if left is None else left
        not_understood, self.events.not_understood = self.events.not_understood, Counter()
        news = yield Idle(seconds, self._older is not None, dict(not_understood))
        assert isinstance(news, News)  # noqa: S101 - for mypy: what an Idle is answered with
        for answer in news.answers:
            self.events.take(answer)
        yield from self._settle()
        for record in news.records:
            for trace_id, event_ids in record.traces.items():
                if not event_ids:  # some of its events are no more
                    self._memory.forget(trace_id)
            self._schedule.add(record.name, {trace_id: len(ids) for trace_id, ids in record.traces.items()})

    def _interpret(self, trace_ids: Sequence[str]) -> Steps:
        yield from self._settle()
        began = self._cpu()
        gathered = yield from self._gathering.gather(trace_ids)
        writing = _Writing()
        for group in gathered.groups:
            changes = self._changes(group, gathered)
            if writing.rows + sum(change.rows for change in changes) > MOST_ROWS:
                yield from self._write(writing)
                writing = _Writing()
            writing.add(changes, [trace_id for trace_id in group if trace_id in trace_ids])
        writing.due += [trace_id for trace_id in trace_ids if trace_id not in gathered.traces]
        writing.left = gathered.left
        yield from self._write(writing)
        seconds, size = self._cpu() - began, sum(map(len, gathered.facts.values()))
        for group in gathered.groups:
            events = sum(len(gathered.facts[trace_id]) for trace_id in group)
            sessions = {one.session_id for trace_id in group for one in gathered.presences[trace_id]}
            self._schedule.took(group, sessions if len(group) > 1 else (), seconds * events / max(size, 1))

    def _changes(self, group: Sequence[str], gathered: Gathered) -> list[TraceChanges]:
        """Interpret traces together, and return what is to be written of them."""
        facts = [fact for trace_id in group for fact in gathered.facts[trace_id]]
        self.interpreted += len(facts)
        try:
            run = interpret([fact.telling for fact in facts], self._price)
        except Exception:  # one trace that cannot be interpreted must not stop all others
            log.exception("traces cannot be interpreted: %s", ", ".join(group))
            run = _nothing()
        own = {trace_id: gathered.traces[trace_id] for trace_id in group if trace_id in gathered.own}
        results = results_of(run, own, [fact for trace_id in own for fact in gathered.facts[trace_id]], self._version)
        return [
            TraceChanges(own[trace_id], self._memory.of(trace_id), result, gathered.facts[trace_id])
            for trace_id, result in results.items()
        ]

    def _write(self, writing: _Writing) -> Steps:
        """Begin to write what traces came to, once what was begun before is written."""
        yield from self._settle()
        parts = self._parts(writing)
        for part in parts[:-1]:
            outcome = (yield from _begun(part)) or (yield from _settled())
            if outcome != Written():
                yield from self._came_to(writing, outcome)
                return
        refused = (yield from _begun(parts[-1])) if parts else Written()
        if refused is None:
            self._under_way = writing
        else:
            yield from self._came_to(writing, refused)

    def _settle(self) -> Steps:
        """Wait until what is being written is written."""
        while (writing := self._under_way) is not None:
            self._under_way = None
            yield from self._came_to(writing, (yield from _settled()))

    def _came_to(self, writing: _Writing, outcome: Written) -> Steps:
        """Take note of what was written; what somebody else has changed meanwhile stays to be done again."""
        if outcome.refused is not None and len(writing.changes) > 1:
            for change in writing.changes:
                alone = _Writing()
                alone.add([change], [trace_id for trace_id in writing.due if trace_id == change.trace.id])
                yield from self._write(alone)
            return
        if outcome.refused is not None:
            # What cannot be stored must not stop what can.
            log.error("what happened in %s cannot be stored: %s", ", ".join(writing.due), outcome.refused)
        if outcome.conflict or outcome.refused is not None:
            for change in writing.changes:
                self._memory.forget(change.trace.id, doubted=True)
        if outcome.conflict:
            return
        for change in writing.changes if outcome.refused is None else ():
            change.note(self._memory.of(change.trace.id))
        self._schedule.done(writing.due)

    def _parts(self, writing: _Writing) -> list[Part]:
        parts = parts_of(writing.changes)
        parts[0].lists["gone"] += deleted(writing.left)
        parts[-1].names = self._schedule.ending(writing.due)
        parts[-1].lists["done"] += [cbor.record(rows.INTERPRETATION_QUEUE, name) for name in parts[-1].names]
        traces = [change.trace.id for change in writing.changes if change.rows]
        parts = [part for part in parts if any(part.lists.values())]
        for part in parts:
            part.lists["traces"] = [cbor.record(rows.TRACE, trace_id) for trace_id in traces]
            part.lists["runs"] = [cbor.record(rows.RUN, trace_id) for trace_id in traces]
            part.lists["known"] = [
                [cbor.record(rows.RUN, change.trace.id), change.known]
                for change in writing.changes
                if change.rows and change.known is not None
            ]
        return parts

    def _make_anew(self, older: _Older) -> Steps:
        """Interpret the next traces that other rules or prices have made, the newest first."""
        answer = yield from read(
            "older traces", place=older.place, last=cbor.record(rows.TRACE, older.last), limit=_OLDER
        )
        found = merged(*decoded(answer), limit=_OLDER)
        group: list[str] = []
        events = 0
        for row in found:
            if row["version"] != self._version and row["id"] not in self._schedule:
                events += row["event_count"]
                if group and events > _EVENTS:
                    break
                group.append(row["id"])
            older = _Older(row["newest_start"], row["id"])
        if group:
            yield from self._interpret(group)
        yield from self._note(older if found else None)

    def _note(self, older: _Older | None) -> Steps:
        """Note how far what is older is made anew."""
        part = Part()
        part.add("states", {"version": self._version, **(older._asdict() if older is not None else {})})
        yield from self._settle()
        outcome = (yield from _begun(part)) or (yield from _settled())
        if not outcome.conflict:
            self._older = older


class _Writing:
    """What is written together: what traces came to, those of them that were due, and rows of traces that are gone."""

    def __init__(self) -> None:
        self.changes: list[TraceChanges] = []
        self.due: list[str] = []
        self.left: list[Key] = []
        self.rows = 0

    def add(self, changes: Sequence[TraceChanges], due: Iterable[str]) -> None:
        self.changes += changes
        self.due += due
        self.rows += sum(change.rows for change in changes)


def _begun(part: Part) -> Generator[Step, Given, Written | None]:
    """Begin to write a part. Returns None, or what came of it where it cannot be begun."""
    try:
        variables = {name: cbor.encode(part.lists.get(name, [])) for name in _VARIABLES}
    except ValueError as error:
        return Written(refused=str(error))
    taken = yield Write(variables, part.names)
    assert isinstance(taken, Taken)  # noqa: S101 - for mypy: what a Write is answered with
    return None


def _settled() -> Generator[Step, Given, Written]:
    written = yield Settle()
    assert isinstance(written, Written)  # noqa: S101 - for mypy: what a Settle is answered with
    return written


def _nothing() -> Run:
    return Run(calls=[], totals=Totals(), by_trace={}, by_session={}, agent_of={}, call_of={})
