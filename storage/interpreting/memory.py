"""What the interpreter's process keeps of traces that were active of late, so that only their new events are read.

An event's telling is kept as an outline, packed: 300 to 600 bytes. The traces that have been silent for longest are
forgotten first; one that goes on after that is read from the store again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from mapping.calls.model import Telling

# Bytes of packed tellings, with what holding one costs beside.
_MOST = 64 << 20
_HOLDING = 200


class _Packed(Telling, array_like=True, kw_only=True):
    """A telling without the names of its fields."""


class Owner(NamedTuple):
    """The agent and the session of an event."""

    agent_id: str | None
    session_id: str | None


class Fact(msgspec.Struct, array_like=True):
    """An event: what it tells, whose it is by its own word, and whose it is as stored."""

    telling: _Packed
    own: Owner
    stored: Owner


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Fact).decode


class _Held:
    """How many bytes all traces take together."""

    bytes = 0


class TraceMemory:
    """What is known of a trace, whose bytes count in `held`.

    `whole` says that all its events are known but those that still come by the queue. `written` has a digest of each
    row that is stored of what it came to, by table and id, and `models` the ids of its calls of models; it is None
    where that is to be read, and good for `revision`.
    """

    def __init__(self, held: _Held, *, doubted: bool = False) -> None:
        self._held = held
        self.whole = False
        # It turned out otherwise than it was known: a write was broken off half way, or somebody else wrote.
        self.doubted = doubted
        self.revision: int | None = None
        self.written: dict[tuple[str, Any], bytes] | None = None
        self.models: set[str] = set()
        self.agent_id: str | None = None
        self.bytes = 0
        self.sessions: set[str] = set()
        self._facts: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._facts)

    def add(self, telling: Telling, own: Owner, stored: Owner) -> None:
        packed = _encode((msgspec.structs.astuple(telling), own, stored))
        before = self._facts.get(telling.id)
        self._count(len(packed) - len(before) if before is not None else len(packed) + _HOLDING)
        self._facts[telling.id] = packed
        if (session_id := own.session_id or telling.session_id) is not None:
            self.sessions.add(session_id)

    def clear(self) -> None:
        """Forget the events."""
        self._facts.clear()
        self._count(-self.bytes)

    def _count(self, added: int) -> None:
        self.bytes += added
        self._held.bytes += added

    def facts(self) -> Iterator[Fact]:
        return map(_decode, self._facts.values())

    def stored_as(self, event_id: str, whose: Owner) -> None:
        """Take note of whose an event is stored as from now on."""
        if (packed := self._facts.get(event_id)) is not None:
            fact = _decode(packed)
            self.add(fact.telling, fact.own, whose)


class Memory:
    """Traces, those that were active last at the end."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._held = _Held()
        self._traces: OrderedDict[str, TraceMemory] = OrderedDict()

    def of(self, trace_id: str) -> TraceMemory:
        """Return what is known of a trace, nothing at first."""
        known = self._traces.get(trace_id)
        if known is None:
            known = self._traces[trace_id] = TraceMemory(self._held)
        self._traces.move_to_end(trace_id)
        return known

    def size_of(self, trace_id: str) -> int:
        """Return how many events of a trace are known."""
        known = self._traces.get(trace_id)
        return 0 if known is None else len(known)

    def sessions_of(self, trace_id: str) -> set[str]:
        """Return the sessions that events of a trace name, as far as they are known."""
        known = self._traces.get(trace_id)
        return set() if known is None else known.sessions

    def forget(self, trace_id: str, *, doubted: bool = False) -> None:
        if (known := self._traces.pop(trace_id, None)) is not None:
            known.clear()
        if doubted:
            self._traces[trace_id] = TraceMemory(self._held, doubted=True)

    def shrink(self) -> None:
        """Forget what is too much. The one trace that was active last stays, however large it is."""
        while self._held.bytes > self._most and len(self._traces) > 1:
            self.forget(next(iter(self._traces)))
