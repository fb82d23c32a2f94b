"""The live feed: events that were just stored, for clients that listen.

Commits never wait: each listener has a queue, which drops its oldest events when it is full. The number of events per
second is limited, so that thousands of arrivals do not block the event loop; nobody can read more anyway. In both cases
the listener gets the number of events that it has missed. Without listeners nothing is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.errors import Code, Problem
from mapping.model import Trace
from storage.filters import LiveFilter
from storage.surreal import cbor, rows
from storage.write.transaction import PendingEvent

MOST_LISTENERS = 32
# The number of events that are encoded, in 1 ms, before other tasks run.
_AT_ONCE = 50
_BYTES_AT_ONCE = 64 * 1024

_FILTERED = LiveFilter.fields()


class Bounds(NamedTuple):
    """The limits of what listeners get."""

    # Events a second, to all listeners together; one costs 22 us (1 kB of JSON).
    events_a_second: int = 1_000
    # How much may wait for a listener; it may also get so many events at once. A single event may be larger.
    events: int = 1_000
    bytes: int = 2 * 1024 * 1024


BOUNDS = Bounds()


class Feed:
    """Passes stored events to listeners. `dropped` counts the events that they have missed. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, bounds: Bounds = BOUNDS) -> None:
        self.dropped = 0
        self._clock = clock
        self._bounds = bounds
        self._listeners: list[Listener] = []
        self._listened = asyncio.Event()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    @contextlib.contextmanager
    def listen(self, which: LiveFilter) -> Iterator[Listener]:
        """Yield a listener to the events that pass a filter.

        Raises Problem (UNAVAILABLE) if the maximum number of listeners is reached.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            message = f"{MOST_LISTENERS} clients listen already, which is the most; end one of them, or try again later"
            raise Problem(Code.UNAVAILABLE, message, retry_after=10)
        listener = Listener(which, self._clock(), self._bounds)
        self._listeners.append(listener)
        self._listened.set()
        try:
            yield listener
        finally:
            self._listeners.remove(listener)
            if not self._listeners:
                self._listened.clear()

    async def until_listened(self) -> None:
        """Wait until there is a listener."""
        await self._listened.wait()

    def stored(self, new: Sequence[PendingEvent], traces: Mapping[str, Trace]) -> None:
        """Queue events that were just stored in these traces for the listeners."""
        if self._listeners:
            self._queue(_written(pending, traces[str(pending.event.trace_id)]) for pending in new)

    def show(self, events: Iterable[rows.EventRow], missed: int = 0) -> None:
        """Queue events that were read, and say that so many others were not."""
        for listener in self._listeners:
            listener.miss(missed)
            self.dropped += missed
        self._queue(map(_read, events))

    def _queue(self, events: Iterable[LiveEvent]) -> None:
        now = self._clock()
        for listener in self._listeners:
            listener.allow(now, self._bounds.events_a_second / len(self._listeners))
        for event in events:
            for listener in self._listeners:
                if event.fits(listener.wanted):
                    self.dropped += listener.offer(event)


class LiveEvent:
    """An event that was just stored: what filters look at, its bytes, and how it is read.

    It is read and encoded once, when the first listener takes it.
    """

    __slots__ = ("_encoded", "_read", "_values", "size")

    def __init__(self, values: Mapping[str, Any], size: int, read: Callable[[], rows.EventRow]) -> None:
        self._values, self._read = values, read
        self._encoded = b""
        self.size = size

    def fits(self, wanted: Sequence[tuple[str, str]]) -> bool:
        return all(self._values[field] == value for field, value in wanted)

    def encoded(self, encode: Callable[[rows.EventRow], bytes]) -> bytes:
        """Return the event encoded by `encode`, which is the same for all callers."""
        if not self._encoded:
            self._encoded = encode(self._read())
        return self._encoded


def _written(pending: PendingEvent, trace: Trace) -> LiveEvent:
    """Return an event of a commit. Nothing is decoded from the written row before somebody reads it."""
    event, fields, origin = pending.event, pending.fields, pending.origin
    values = {field: getattr(event, field) for field in _FILTERED}
    for inherited in ("session_id", "agent_id"):
        if values[inherited] is None:
            values[inherited] = getattr(trace, inherited)
    placement = rows.placement_fields(str(values["trace_id"]), str(event.correlation), event.project)

    def read() -> rows.EventRow:
        shared = cbor.decode(origin.row) if origin else {}
        return rows.event_of_row(shared | cbor.decode(cbor.row(fields, placement)), values)

    return LiveEvent(values, len(fields[1]) + (len(origin.row) if origin else 0), read)


def _read(row: rows.EventRow) -> LiveEvent:
    return LiveEvent(row, len(cbor.encode(row)), lambda: row)


class Listener:
    """A listener: the queue from `Feed.stored` to `take`. `wanted` holds the filter's fields and values."""

    def __init__(self, which: LiveFilter, now: float, bounds: Bounds) -> None:
        self.wanted = tuple(which.equal().items())
        self._most = bounds
        self._queue: deque[LiveEvent] = deque()
        self._bytes = 0
        self._missed = 0
        self._allowed = float(bounds.events)
        self._since = now
        self._news = asyncio.Event()

    def allow(self, now: float, a_second: float) -> None:
        """Raise the number of events allowed by the time that has passed."""
        self._allowed = min(self._allowed + (now - self._since) * a_second, self._most.events)
        self._since = now

    def offer(self, event: LiveEvent) -> int:
        """Queue an event if it is allowed, and return how many events the listener misses because of it."""
        self._news.set()
        missed = 0
        if self._allowed < 1:
            missed = 1
        else:
            self._allowed -= 1
            self._queue.append(event)
            self._bytes += event.size
            most = self._most
            while len(self._queue) > 1 and (self._bytes > most.bytes or len(self._queue) > most.events):
                self._bytes -= self._queue.popleft().size
                missed += 1
        self._missed += missed
        return missed

    def miss(self, events: int) -> None:
        self._missed += events
        if events:
            self._news.set()

    async def take(self, seconds: float) -> tuple[int, list[LiveEvent]]:
        """Return the number of missed events and the next events, which are empty if none comes within `seconds`."""
        # Not asyncio.wait_for: in Python 3.11 it loses a cancellation that comes together with an event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        await asyncio.sleep(0)  # lets other tasks run, because there was no wait if events were queued
        missed, self._missed = self._missed, 0
        events: list[LiveEvent] = []
        size = 0
        while self._queue and len(events) < _AT_ONCE and size < _BYTES_AT_ONCE:
            event = self._queue.popleft()
            self._bytes -= event.size
            size += event.size
            events.append(event)
        if not self._queue:
            self._news.clear()
        return missed, events
