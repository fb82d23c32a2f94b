"""What the interpreter does, step by step: a generator that says what to read and write, and is given what came of it.

Traces that changed are interpreted with those of their sessions that may tell of the same calls (`neighbours`), and
what they came to is compared with what is stored (`changes`). While it is written, what follows is read and
interpreted, and while a long trace is read, interpreted and written, others are, too. Nothing here waits, and nothing
but memory is lost with the process: a record of the queue ends in the transaction that writes what its traces came to.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from mapping.calls.interpret import Price, interpret
from mapping.calls.model import Run, Totals
from mapping.times import NS
from mapping.values import INT64_MIN
from storage.interpreting.answers import EventReader, decoded, merged
from storage.interpreting.changes import (
    MOST_ROWS,
    MOST_ROWS_BEHIND,
    TraceChanges,
    Transaction,
    alerting,
    counted,
    deleted,
    transactions_of,
)
from storage.interpreting.gathering import Gathered, Gathering, read
from storage.interpreting.memory import Memory
from storage.interpreting.messages import Given, Idle, ModelCall, NewRecords, Step, WriteOutcome
from storage.interpreting.neighbours import MOST_EVENTS
from storage.interpreting.results import TraceResult, results_of
from storage.interpreting.schedule import Schedule
from storage.interpreting.writing import Steps, Writing, begun, settled
from storage.surreal import cbor, rows

log = logging.getLogger(__name__)

# Events interpreted one after the other before news are taken in, unless a trace has more.
_EVENTS = 1_000
# And with others of the same sessions, which would be read again and again to interpret the rest.
_EVENTS_OF_SESSIONS = MOST_EVENTS // 2
# Of more, which take half a second or longer, others do not wait for the end: they are interpreted in a thread.
_LONG_TRACE = 5_000
# What that thread's name begins with.
LONG_TRACES = "long traces"
# Seconds until others get their turn, and that it may last; and how long it is waited for something new of them.
_OTHERS_AFTER, _OTHERS_WAIT = 1.0, 0.2
# Traces looked at, at a time, for what is to be made anew.
_OLDER = 50
# Seconds until somebody looks whether there is something to do; and how far another receiver is in making things anew.
_LONG, _LOOK_HOW_FAR_EVERY = 60.0, 5.0


class _Older(NamedTuple):
    """How far what is older is made anew: the start of a trace (nanoseconds, negated), and its id."""

    place: int = INT64_MIN
    last: str = ""


class Work:
    """The steps, from `steps`. `interpreted` counts events that were interpreted, again or not, `events.read` those
    read.

    `shared` says whether other receivers may be on the same stores, and `is_first` whether this process makes anew what
    others have made. `alert_after` is as in `Load`. `clock` and `cpu` give seconds: those that pass, and those that
    this process works, on however busy a machine.
    """

    def __init__(
        self,
        version: str,
        price: Price = lambda _call: None,
        *,
        shared: bool = False,
        is_first: bool = True,
        alert_after: float | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.interpreted = 0
        self._version = version
        self._price = price
        self._shared = shared
        self._alert_after = alert_after
        self._clock, self._cpu = clock, cpu
        self._memory = memory or Memory()
        self.events = EventReader(self._memory)
        self._schedule = Schedule(clock, self._memory.size_of, self._memory.sessions_of)
        self._gathering = Gathering(self._memory, self.events, self._schedule, self._see_to_others)
        self._older: _Older | None = None
        # Names of the queue's records that have it begun from the start.
        self._again: list[str] = []
        # Whether this process makes it anew, and when it was looked how far that is.
        self._is_first = is_first
        self._looked_how_far = clock()
        self._under_way: Writing | None = None
        self._most_rows = MOST_ROWS
        # Calls of models that were written since that was told.
        self._model_calls: list[ModelCall] = []
        self._thread = ThreadPoolExecutor(1, LONG_TRACES)
        # When news were taken in last, and how long this process has worked for others than the trace in hand.
        self._looked = clock()
        self._sees_to_others = False
        self._for_others = 0.0

    def steps(self) -> Steps:
        """Yield the next step, without end."""
        yield from self._look_how_far()
        while True:
            self._memory.shrink()
            yield from self._take_news(0.0 if self._older is not None and self._is_first else _LONG)
            if self._again:
                yield from self._note(_Older(), self._again)
            if self._shared and self._clock() - self._looked_how_far >= _LOOK_HOW_FAR_EVERY:
                yield from self._look_how_far()
            if due := self._schedule.due(_EVENTS, _EVENTS_OF_SESSIONS):
                yield from self._interpret(due)
            elif self._older is not None and self._is_first:
                yield from self._make_anew(self._older)

    def _see_to_others(self) -> Steps:
        """Interpret what else is due, once it has waited for a while, for as long as there is more, or as that was."""
        if not self._sees_to_others and (now := self._clock()) - self._looked >= _OTHERS_AFTER:
            while (yield from self._others(0.0)) and self._clock() - now < _OTHERS_AFTER:
                pass

    def _others(self, seconds: float) -> Generator[Step, Given, bool]:
        """Interpret what else is due and not long itself. Returns whether anything was new.

        Others of these have to wait: on a busy machine all would be begun and nothing ended.
        """
        before, began = self._for_others, self._cpu()
        is_more = yield from self._take_news(seconds)
        if not self._sees_to_others and (due := self._schedule.due(_EVENTS, _EVENTS, longest=_LONG_TRACE)):
            self._sees_to_others = True
            yield from self._interpret(due)
            self._sees_to_others = False
        self._for_others = before + self._cpu() - began
        return is_more

    def _look_how_far(self) -> Steps:
        """Find out whether what is stored was made by these rules and prices, or how far making it anew is."""
        self._looked_how_far = self._clock()
        (found,) = decoded((yield from read("state")))
        is_ours = bool(found) and found[0]["version"] == self._version
        if self._is_first and not is_ours:
            yield from self._note(_Older())
        elif is_ours and "place" in found[0]:
            self._older = _Older(found[0]["place"], found[0]["last"])
        else:
            self._older = None

    def _take_news(self, most: float) -> Generator[Step, Given, bool]:
        """Take in what is new, or wait for it, so many seconds at most. Returns whether anything was."""
        left = self._schedule.seconds_left()
        seconds = 0.0 if self._under_way is not None else most if left is None else min(left, most)
        not_understood, self.events.not_understood = self.events.not_understood, Counter()
        model_calls, self._model_calls = self._model_calls, []
        news = yield Idle(seconds, self._older is not None, dict(not_understood), model_calls)
        assert isinstance(news, NewRecords)  # noqa: S101 - for mypy: what an Idle is answered with
        yield from self._settle()  # first: what was read may be newer than what was being written
        for answer in news.answers:
            self.events.take(answer)
        self._looked = self._clock()
        self._most_rows = MOST_ROWS_BEHIND if news.behind else MOST_ROWS
        if news.is_first != self._is_first:
            self._is_first, self._looked_how_far = news.is_first, -_LOOK_HOW_FAR_EVERY
        for record in news.records:
            if not record.traces:
                self._again.append(record.name)
                continue
            for trace_id, event_ids in record.traces.items():
                if not event_ids:  # some of its events are no more
                    self._memory.forget(trace_id)
            self._schedule.add(record.name, {trace_id: len(ids) for trace_id, ids in record.traces.items()})
        return bool(news.records)

    def _interpret(self, trace_ids: Sequence[str]) -> Steps:
        yield from self._settle()
        began = self._cpu() - self._for_others
        gathered = yield from self._gathering.gather(trace_ids)
        if len(parts := gathered.parts(trace_ids)) > 1:
            self._schedule.again(gathered.due.difference(trace_ids))
            for part in parts:
                yield from self._interpret(part)
            return
        writing = Writing()
        elsewhere = 0.0
        for group in gathered.groups:
            events = sum(len(gathered.facts[trace_id]) for trace_id in group)
            self.interpreted += events
            if events > _LONG_TRACE:
                results, seconds = yield from self._results_by_thread(group, gathered)
                elsewhere += seconds
            else:
                results = self._results(group, gathered)
            if gathered.is_outdated(results, self._memory):
                self._schedule.again(trace_id for trace_id in group if trace_id in gathered.due)
                continue
            changes = [
                TraceChanges(
                    gathered.traces[trace_id],
                    self._memory.of(trace_id),
                    result,
                    gathered.facts[trace_id],
                    shared=self._shared,
                )
                for trace_id, result in results.items()
            ]
            for change in changes:
                if writing.rows + change.rows > self._most_rows:
                    yield from self._write(writing)
                    yield from self._see_to_others()
                    writing = Writing()
                writing.add(change, is_due=change.trace.id in gathered.due)
        writing.due += gathered.due - gathered.traces.keys()
        writing.left = gathered.left
        yield from self._write(writing)
        seconds, size = self._cpu() - self._for_others - began + elsewhere, sum(map(len, gathered.facts.values()))
        for group in gathered.groups:
            events = sum(len(gathered.facts[trace_id]) for trace_id in group)
            sessions = {one.session_id for trace_id in group for one in gathered.presences[trace_id]}
            took = seconds * events / max(size, 1)
            self._schedule.took(group, sessions, events, took)

    def _results_by_thread(
        self, group: Sequence[str], gathered: Gathered
    ) -> Generator[Step, Given, tuple[dict[str, TraceResult], float]]:
        """Yield what is done for others meanwhile. Returns what traces came to, and how long that took to find."""

        def timed() -> tuple[dict[str, TraceResult], float]:
            began = time.thread_time()
            return self._results(group, gathered), time.thread_time() - began

        working = self._thread.submit(timed)
        while not working.done():
            yield from self._others(_OTHERS_WAIT)
        return working.result()

    def _results(self, group: Sequence[str], gathered: Gathered) -> dict[str, TraceResult]:
        """Interpret traces together, and return what those that are to be written came to."""
        facts = [fact for trace_id in group for fact in gathered.facts[trace_id]]
        try:
            run = interpret([fact.telling for fact in facts], self._price)
        except Exception:  # one trace that cannot be interpreted must not stop all others
            log.exception("traces cannot be interpreted: %s", ", ".join(group))
            run = _nothing()
        own = {trace_id: gathered.traces[trace_id] for trace_id in group if trace_id in gathered.own}
        return results_of(run, own, [fact for trace_id in own for fact in gathered.facts[trace_id]], self._version)

    def _write(self, writing: Writing) -> Steps:
        """Begin to write what traces came to, once what was begun before is written."""
        yield from self._settle()
        *first, last = self._transactions(writing)
        for transaction in first:
            yield from self._see_to_others()
            yield from self._settle()
            outcome = (yield from begun(transaction)) or (yield from settled())
            if outcome != WriteOutcome():
                yield from self._came_to(writing, outcome)
                return
        yield from self._settle()
        last.names = self._schedule.ending(writing.due)
        last.lists["done"] += [cbor.record(rows.INTERPRETATION_QUEUE, name) for name in last.names]
        refused = (yield from begun(last)) if any(last.lists.values()) else WriteOutcome()
        if refused is None:
            self._under_way = writing
        else:
            yield from self._came_to(writing, refused)

    def _settle(self) -> Steps:
        """Wait until what is being written is written, and take note of what came of it."""
        while (writing := self._under_way) is not None:
            self._under_way = None
            yield from self._came_to(writing, (yield from settled()))

    def _came_to(self, writing: Writing, outcome: WriteOutcome) -> Steps:
        """Take note of what was written; what somebody else has changed meanwhile stays to be done again."""
        if outcome.refused is not None and len(writing.changes) > 1:
            for change in writing.changes:
                alone = Writing()
                alone.add(change, is_due=change.trace.id in writing.due)
                yield from self._write(alone)
            changed = {change.trace.id for change in writing.changes}
            self._schedule.again(trace_id for trace_id in writing.due if trace_id not in changed)
            return
        if outcome.refused is not None:
            # What cannot be stored must not stop what can.
            log.error("what happened in %s cannot be stored: %s", ", ".join(writing.due), outcome.refused)
        if outcome.conflict or outcome.refused is not None:
            for change in writing.changes:
                self._memory.forget(change.trace.id, doubted=True)
        if outcome.conflict:
            self._schedule.again(writing.due)
            return
        for change in writing.changes if outcome.refused is None else ():
            self._model_calls += change.new_model_calls()
            change.note(self._memory.of(change.trace.id))
        self._schedule.done(writing.due)

    def _transactions(self, writing: Writing) -> list[Transaction]:
        transactions = transactions_of(writing.changes, self._most_rows)
        if self._alert_after is not None:
            now = time.time_ns()
            due = now + int(self._alert_after * NS)
            transactions[-1].lists["alerting"] += [
                alerting(change.trace.id, due) for change in writing.changes if change.may_alert(now)
            ]
        transactions[0].lists["gone"] += deleted(writing.left)
        if left := deleted(key for key in writing.left if key[0] == rows.RUN):
            transactions[0].lists["counted"].append(counted(left))
        traces = [change.trace.id for change in writing.changes if change.rows]
        for transaction in transactions:
            transaction.lists["traces"] = [cbor.record(rows.TRACE, trace_id) for trace_id in traces]
            transaction.lists["runs"] = [cbor.record(rows.RUN, trace_id) for trace_id in traces]
            transaction.lists["known"] = [
                [cbor.record(rows.RUN, change.trace.id), change.known]
                for change in writing.changes
                if change.rows and change.known is not None
            ]
        return transactions

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
        if not self._again:  # which came meanwhile, and begins from the start
            yield from self._note(older if found else None)

    def _note(self, older: _Older | None, records: Sequence[str] = ()) -> Steps:
        """Note how far what is older is made anew. These records of the queue end with it."""
        transaction = Transaction()
        transaction.names += records
        transaction.lists["done"] += [cbor.record(rows.INTERPRETATION_QUEUE, name) for name in records]
        transaction.add("states", {"version": self._version, **(older._asdict() if older is not None else {})})
        yield from self._settle()
        outcome = (yield from begun(transaction)) or (yield from settled())
        if not outcome.conflict:
            self._older = older
            self._again = [name for name in self._again if name not in transaction.names]


def _nothing() -> Run:
    return Run(calls=[], totals=Totals(), by_trace={}, by_session={}, agent_of={}, call_of={})
