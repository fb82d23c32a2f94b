"""Group commit: events that arrive while commits are in flight are merged into the next one (`storage.write.commit`).

A few commits are in flight at the same time: while the engine writes one, the next one's events are looked up, placed
and encoded; a server writes several at once. Two commits in flight never have events with the same key (`_keys`: the
trace id, else the session, else the agent; also the start of the conversation, and the caller), since most of these
would conflict.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mapping.correlation.placement import CONVERSATION_WINDOW
from mapping.errors import Code, Problem, invalid
from mapping.model import Event
from storage.surreal import rows
from storage.surreal.database import Database
from storage.surreal.errors import StatementRefusedError
from storage.write.commit import (
    Outcome,
    PlacementWindows,
    StoredEvent,
    StoredHook,
    WrittenHook,
    commit,
)
from storage.write.transaction import PendingEvent, pending_of

IN_FLIGHT = 3
# 0.1 s of the engine's time. Larger transactions gain nothing, and make the others and reads wait.
MAX_EVENTS = 500
# Of a commit's events. SurrealDB's server takes 128 MiB in a message, and its engine, where it sees less than 1 GiB of
# memory, 64 MiB in a transaction.
MAX_BYTES = 32 * 1024 * 1024
# Of one event, on a server.
_LARGEST = 100 * 1024 * 1024
_LONG = 0.1  # seconds


class _Batch:
    """The events of one request, and the future of their outcomes."""

    def __init__(self, pending: list[PendingEvent]) -> None:
        self.pending = pending
        self.since = time.monotonic()
        self.keys = {key for item in pending for key in _keys(item.event)}
        self.outcomes: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()


def _keys(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the keys that two commits in flight must not share."""
    if event.conversation is not None:
        yield ("conversation", event.conversation.root)
    if event.caller is not None:
        yield ("caller", event.caller)
    if event.trace_id is not None:
        yield ("trace", event.trace_id)
    elif event.session_id is not None:
        yield ("session", event.session_id)
    elif event.agent_id is not None:
        yield ("agent", event.agent_id)
    else:
        yield ("event", event.id)


class Writer:
    """Stores events.

    After each commit, `committed` is called with the new and changed events, `measured` with their number and the
    seconds that the commit took, conflicts included; `stored` and `written` are passed to `commit`. A commit has at
    most `most` events, unless one request has more, and `most_bytes`, unless one event has more. `conflicts` counts
    the attempts that failed because of what others wrote.

    The callers limit how much waits here (receiver.http.admission).
    """

    def __init__(
        self,
        database: Database,
        *,
        agent_window: int,
        conversation_window: int = CONVERSATION_WINDOW,
        committed: Callable[[list[Event]], None],
        measured: Callable[[int, float], None] = lambda _events, _seconds: None,
        stored: StoredHook = lambda _new, _traces: None,
        written: WrittenHook = lambda _record, _part, _events, _origins: None,
        most: int = MAX_EVENTS,
        most_bytes: int = MAX_BYTES,
    ) -> None:
        self.conflicts = 0
        self._database = database
        self._windows = PlacementWindows(agent_window, conversation_window)
        self._committed = committed
        self._measured = measured
        self._stored = stored
        self._written = written
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: list[_Batch] = []
        self._busy: set[tuple[str, str]] = set()
        self._commits: set[asyncio.Task[None]] = set()
        self._closed = False
        # Whether the last commit had events that were stored already: the next ones are probably sent again, too.
        self._redelivered = False

    @property
    def commits(self) -> bool:
        """Return whether a commit is under way."""
        return bool(self._commits)

    @property
    def waits(self) -> bool:
        """Return whether events have waited for earlier commits for as long as a commit takes, or longer."""
        return bool(self._waiting) and time.monotonic() - self._waiting[0].since > _LONG

    async def write(self, events: Sequence[Event]) -> list[Outcome]:
        """Store events and return an outcome for each, once the commit is on disk.

        The outcome of an event that cannot be stored is a Problem (INVALID_ARGUMENT); the other events are stored.
        Raises Problem (UNAVAILABLE): then it is not known what is stored, and sending all events again is safe.
        """
        if self._closed:
            raise Problem(Code.UNAVAILABLE, "the receiver is stopping; try again", retry_after=5)
        outcomes, pending = _encode(events)
        if pending:
            batch = _Batch(pending)
            self._waiting.append(batch)
            self._start_commits()
            # Shielded: if a client disconnects, its events, and those of others in the same commit, are still stored.
            stored = iter(await asyncio.shield(batch.outcomes))
            return [next(stored) if outcome is None else outcome for outcome in outcomes]
        return [outcome for outcome in outcomes if outcome is not None]

    async def close(self) -> None:
        """Accept no more events, and wait until all accepted ones are stored or refused."""
        self._closed = True
        while self._commits:
            await asyncio.wait(self._commits)

    def _start_commits(self) -> None:
        while len(self._commits) < IN_FLIGHT and (batches := self._take()):
            keys = set().union(*(batch.keys for batch in batches))
            self._busy |= keys
            task = asyncio.create_task(self._store(batches))
            self._commits.add(task)
            task.add_done_callback(partial(self._finished, keys))

    def _take(self) -> list[_Batch]:
        """Take the batches of the next commit, oldest first; a batch never overtakes an older one with the same key."""
        batches: list[_Batch] = []
        left: list[_Batch] = []
        blocked = set(self._busy)
        room = self._most
        for batch in self._waiting:
            if (not batches or len(batch.pending) <= room) and blocked.isdisjoint(batch.keys):
                batches.append(batch)
                room -= len(batch.pending)
            else:
                left.append(batch)
                blocked |= batch.keys
        self._waiting = left
        return batches

    def _finished(self, keys: set[tuple[str, str]], task: asyncio.Task[None]) -> None:
        self._busy -= keys
        self._commits.discard(task)
        self._start_commits()

    async def _store(self, batches: list[_Batch]) -> None:
        pending = [item for batch in batches for item in batch.pending]
        began = time.perf_counter()
        try:
            outcomes = await self._commit_or_divide(pending)
        except Exception as error:  # noqa: BLE001 - raised in the callers, which wait for the outcomes
            for batch in batches:
                batch.outcomes.set_exception(error)
                batch.outcomes.exception()  # its caller may be gone
            return
        new = [
            item.event
            for item, outcome in zip(pending, outcomes, strict=True)
            if isinstance(outcome, StoredEvent) and (not outcome.duplicate or outcome.changed)
        ]
        self._committed(new)
        if new:
            self._measured(len(new), time.perf_counter() - began)
        start = 0
        for batch in batches:
            end = start + len(batch.pending)
            batch.outcomes.set_result(outcomes[start:end])
            start = end

    def _conflicted(self) -> None:
        self.conflicts += 1

    async def _commit_or_divide(self, pending: Sequence[PendingEvent]) -> list[Outcome]:
        """Commit; if it is too large or the database refuses it, halve, until only the refused event is left."""
        size = _size(pending)
        if len(pending) == 1 and size > _LARGEST and not self._database.embedded:
            return [invalid(f"the event cannot be stored: expected at most {_LARGEST} bytes, it has {size}")]
        if len(pending) > 1 and size > self._most_bytes:
            return await self._commit_halves(pending)
        try:
            outcomes = await commit(
                self._database,
                pending,
                self._windows,
                redelivered=self._redelivered,
                conflicted=self._conflicted,
                stored=self._stored,
                written=self._written,
            )
            self._redelivered = any(isinstance(outcome, StoredEvent) and outcome.duplicate for outcome in outcomes)
        except StatementRefusedError as error:
            if len(pending) == 1:
                return [invalid(f"the event cannot be stored: {error}")]
        else:
            return outcomes
        return await self._commit_halves(pending)

    async def _commit_halves(self, pending: Sequence[PendingEvent]) -> list[Outcome]:
        middle = len(pending) // 2
        return await self._commit_or_divide(pending[:middle]) + await self._commit_or_divide(pending[middle:])


def _size(pending: Sequence[PendingEvent]) -> int:
    """Return the number of bytes of the events and of the origins that they share."""
    origins = {item.origin.id: len(item.origin.row) for item in pending if item.origin}
    return sum(len(item.fields[1]) for item in pending) + sum(origins.values())


def _encode(events: Sequence[Event]) -> tuple[list[Outcome | None], list[PendingEvent]]:
    """Encode events. Return an outcome for each, None if it could be encoded, and the encoded ones."""
    outcomes: list[Outcome | None] = []
    pending: list[PendingEvent] = []
    encoder = rows.EventEncoder(time.time_ns())
    for event in events:
        try:
            encoded = pending_of(event, encoder)
        except ValueError as error:
            outcomes.append(invalid(f"the event cannot be stored: {error}"))
        else:
            outcomes.append(None)
            pending.append(encoded)
    return outcomes, pending
