"""Makes what happened out of what was stored: does for its process (`work`) what that says, as it comes.

The process says what it needs from the store and what is to be written, and is handed the store's answers undecoded.
It may be killed at any moment, as may this one: a record of the queue is deleted in the transaction that writes what
its traces came to, and what is done twice is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from mapping.errors import Problem
from mapping.times import NS
from storage.errors import IndexUnavailable
from storage.interpreting import interpretation_queue
from storage.interpreting.messages import (
    Begin,
    Given,
    Idle,
    Load,
    ModelCall,
    NewRecords,
    Read,
    ReadAnswer,
    Record,
    Settle,
    Step,
    Write,
    WriteBegun,
    WriteOutcome,
)
from storage.interpreting.queries import EVENTS, READS, answered, write
from storage.membership import Membership
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError, StatementRefusedError
from storage.workers.giving_way import GivingWay, between_commits
from storage.workers.process import RestartingProcess

log = logging.getLogger(__name__)

T = TypeVar("T")
State = Literal["ready", "rebuilding", "waiting", "failed"]

# Seconds until the queue is read without news; and where other receivers write into it.
_LOOK_AGAIN_AFTER, _SHARED_LOOK_AGAIN_AFTER = 30.0, 0.5
# Events read at a time: 10 ms of the engine's time.
_EVENTS = 250
# New events that are worth a transaction of their own: fewer wait a moment for others.
_ENOUGH = 100
# Bytes of events that were just written and wait to be taken: some seconds of them. What is more is read.
_MOST_FRESH = 16 << 20
# Records whose traces wait to be interpreted again, before others are taken: a trace that grows for hours, one event a
# request, waits for ten times what it takes, and others must not wait for it.
_MOST_TAKEN = 20_000
# Seconds until all of the queue is read again for records that were written later than their names say.
_LATE_ONES_EVERY = 5.0
# Scopes that are told apart: senders choose their names.
_MOST_SCOPES, _OTHER_SCOPES = 100, "others"

# Seconds for which events may wait to be interpreted before commits have to wait for that; and what a commit takes at
# most, until which nothing is read between its look-up and its writing.
_LONG, _A_COMMIT = 1.0, 0.1

# What may be tried again.
_PASSING = (ConflictError, IndexUnavailable, Problem, StatementRefusedError)


class Interpreter:
    """Keeps what happened up with what is stored.

    `state` is `ready`, `rebuilding` what other rules or prices have made, `waiting` for its process or a store that
    is away, or `failed`; `reason` says why. `pending` events are stored and not interpreted, the first of them since
    `oldest` (nanoseconds); `interpreted` counts those that this process has interpreted. `not_understood` counts
    events that look like an agent's and say nothing that is known, by the scope that sent them.

    `called` is told of calls of models that were found for the first time. Of runs that failed alerts are told
    `alert_after` seconds later, None where there are none.

    It writes while no `events_come`, unless it is behind, and reads while nothing is `committing`. It tries again
    `retry_after` seconds after a failure. What comes within `linger` seconds is interpreted together, unless it is
    enough already.
    """

    def __init__(
        self,
        database: Database,
        commits_wait: Callable[[], bool] = lambda: False,
        membership: Membership | None = None,
        *,
        events_come: Callable[[], bool] = lambda: False,
        committing: Callable[[], bool] = lambda: False,
        called: Callable[[Sequence[ModelCall]], None] = lambda _calls: None,
        retry_after: float = 2.0,
        linger: float = 0.02,
        alert_after: float | None = None,
    ) -> None:
        self.state: State = "waiting"
        self.reason = "its process is started"
        self.pending = 0
        self.oldest: int | None = None
        self.interpreted = 0
        self.not_understood: Counter[str] = Counter()
        self._database = database
        self._membership = membership or Membership(database)
        self._give_way = GivingWay(commits_wait)
        self._events_come, self._committing = events_come, committing
        self._called = called
        self._retry_after, self._linger = retry_after, linger
        self._alert_after = alert_after
        self._work = asyncio.Event()
        self._fresh: dict[str, bytes] = {}
        self._fresh_bytes = 0
        self._added = 0
        # Events that were stored since the queue was read last.
        self._new = 0
        # Names of records that were taken, the oldest first, and how many events each has.
        self._taken: dict[str, int] = {}
        # When the whole queue was looked through last.
        self._looked = time.monotonic()
        self._writing: asyncio.Task[WriteOutcome] | None = None
        self._other_versions: set[str] = set()

    async def count_pending(self) -> None:
        """Read from the store what waits to be interpreted, by whichever receiver."""
        self.pending, self.oldest = await interpretation_queue.waiting(self._database)

    def added(self, events: int) -> None:
        """Take note of events that were just stored, or of a deletion, which are none."""
        self._added += 1
        self.pending += events
        self._new += events
        if self.oldest is None and events:
            self.oldest = time.time_ns()
        self._work.set()

    def handed_over(self, record: str, part: int, events: cbor.Encoded, origins: cbor.Encoded) -> None:
        """Take events that were just written under a record of this part of the queue, and need not be read then."""
        if not self._membership.has(part):
            return
        self._fresh[record] = answered(events, origins)
        self._fresh_bytes += len(self._fresh[record])
        while self._fresh_bytes > _MOST_FRESH:
            self._fresh_bytes -= len(self._fresh.pop(next(iter(self._fresh))))

    async def run(self, prices: dict[str, Any] | None = None) -> None:
        """Interpret until cancelled."""
        try:
            while True:
                process = RestartingProcess("storage.interpreting.worker", self._load(prices))
                try:
                    await self._keep_up(process)
                except _PASSING as error:
                    self._waits(error)
                finally:
                    await self._let_go()
                    await process.close()
                await asyncio.sleep(self._retry_after)
        except Exception as error:
            # The receiver stores all the same; whoever asks for the state is told.
            self.state, self.reason = "failed", str(error)
            log.exception("interpreting has stopped; events are stored, and wait to be interpreted")

    def _load(self, prices: dict[str, Any] | None) -> Load:
        return Load(
            prices,
            shared=not self._database.embedded,
            is_first=self._membership.is_first,
            alert_after=self._alert_after,
        )

    async def _keep_up(self, process: RestartingProcess) -> None:
        given: Begin | Given = Begin()
        while True:
            step = msgspec.convert(await process.ask(given), Step)
            match step:
                case Read():
                    given = ReadAnswer(await self._read(READS[step.what], **_encoded(step.variables)))
                case Write():
                    self._writing, given = asyncio.create_task(self._write(step)), WriteBegun()
                case Settle():
                    assert self._writing is not None  # noqa: S101 - for mypy: a Write went before
                    given = await self._writing
                case Idle():
                    self._count(step.not_understood)
                    self._called(step.model_calls)
                    self.state, self.reason = ("rebuilding" if step.rebuilding else "ready"), ""
                    given = await self._news(step.seconds)

    async def _let_go(self) -> None:
        """Leave all that was taken from the queue to the next process; what was being written may have been."""
        self._taken.clear()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None

    def _count(self, not_understood: dict[str, int]) -> None:
        for scope, events in not_understood.items():
            known = scope in self.not_understood or len(self.not_understood) < _MOST_SCOPES
            self.not_understood[scope if known else _OTHER_SCOPES] += events

    def _waits(self, error: Exception) -> None:
        if self.reason != str(error) and not isinstance(error, Problem):  # `storage.stores` logs those
            log.warning("interpreting waits: %s", error)
        self.state, self.reason = "waiting", str(error)

    async def _until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the store until it answers. To begin anew would take its process longer, which knows much by then."""
        while True:
            await between_commits(self._committing, min(_A_COMMIT, self._until_behind()))
            await self._give_way()
            try:
                return await ask()
            except Problem as problem:
                self._waits(problem)
                await asyncio.sleep(self._retry_after)

    async def _read(self, query: str, **variables: Any) -> bytes:
        return await self._until_answered(lambda: self._database.read(query, **variables))

    def _until_behind(self) -> float:
        """Return the seconds until events have waited for so long that commits wait; what is made anew always has."""
        return _LONG - (time.time_ns() - (self.oldest or 0)) / NS

    async def _write(self, step: Write) -> WriteOutcome:
        await between_commits(self._events_come, self._until_behind())
        await self._give_way()
        try:
            await self._database.query(write(step.variables), **_encoded(step.variables))
        except ConflictError:
            await asyncio.sleep(random.random() * 0.1)  # noqa: S311 - so that two do not meet again
            return WriteOutcome(conflict=True)
        except StatementRefusedError as error:
            return WriteOutcome(refused=str(error))
        except Problem as problem:
            self._waits(problem)
            await asyncio.sleep(self._retry_after)
            return WriteOutcome(conflict=True)  # it may be written or not: what is stored is read again
        events = sum(self._taken.pop(name) for name in step.done)
        self.interpreted += events
        self.pending = max(self.pending - events, 0)
        if self._taken:
            self.oldest = interpretation_queue.moment(next(iter(self._taken)))
        elif not self.pending:
            self.oldest = None
        return WriteOutcome()

    async def _news(self, seconds: float) -> NewRecords:
        """Take the next records of the queue, or wait for some, so many seconds at most."""
        records = await self._take()
        if not records and seconds > 0:
            # Not by wait_for: in Python 3.11 it loses a cancellation that comes at the same moment as the work.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, self._look_again_after)):
                    await self._work.wait()
                    if self._new < _ENOUGH:
                        await asyncio.sleep(self._linger)
            records = await self._take()
        answers: list[bytes] = []
        event_ids: list[str] = []
        for record in records:
            if fresh := self._fresh.pop(record.name, None):
                self._fresh_bytes -= len(fresh)
                answers.append(fresh)
            else:
                event_ids += [event_id for ids in record.traces.values() for event_id in ids]
        for start in range(0, len(event_ids), _EVENTS):
            events = [cbor.record(rows.EVENT, event_id) for event_id in event_ids[start : start + _EVENTS]]
            answers.append(await self._read(EVENTS, events=events))
        await self._note_versions()
        return NewRecords(records, answers, is_first=self._membership.is_first, behind=self._until_behind() < 0)

    async def _note_versions(self) -> None:
        """Queue that all is to be made anew, once a version that was beside this one is gone: it may have made some.

        Whoever does it for all may have come only then, and in the queue it outlives whoever has noticed.
        """
        others = {member.version for member in self._membership.members} - {self._membership.me.version}
        if self._other_versions - others:
            record = rows.interpretation_record(rows.queue_name(), 0, {})
            query = "INSERT IGNORE INTO interpretation_queue $record RETURN NONE"
            await self._until_answered(lambda: self._database.query(query, record=record))
        self._other_versions = others

    @property
    def _look_again_after(self) -> float:
        return _LOOK_AGAIN_AFTER if self._membership.is_alone else _SHARED_LOOK_AGAIN_AFTER

    async def _take(self) -> list[Record]:
        self._work.clear()
        self._new = 0
        if len(self._taken) >= _MOST_TAKEN:
            return []
        added = self._added
        parts = self._membership.parts
        records = await self._from_queue(parts)
        looks_after = _LATE_ONES_EVERY if self.pending > sum(self._taken.values()) else _LOOK_AGAIN_AFTER
        if not records and self._taken and time.monotonic() - self._looked >= looks_after:
            records = await self._from_queue(parts, whole=True)
            self._looked = time.monotonic()
        self._taken |= {record.name: record.size for record in records}
        self.pending = max(self.pending, sum(self._taken.values()))
        if not self._taken and parts is None and added == self._added:
            self.pending, self.oldest = 0, None
        return records

    async def _from_queue(self, parts: Collection[int] | None, *, whole: bool = False) -> list[Record]:
        return await self._until_answered(
            lambda: interpretation_queue.take(self._database, self._taken, whole=whole, parts=parts)
        )


def _encoded(variables: dict[str, bytes]) -> dict[str, cbor.Encoded]:
    return {name: cbor.Encoded(value) for name, value in variables.items()}
