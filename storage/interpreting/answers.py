"""The store's answers, decoded in the interpreter's process, and events as what they tell."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any

from mapping.calls.model import Telling
from mapping.calls.not_understood import not_understood
from mapping.calls.outline import outline_of
from mapping.calls.reading import tell
from mapping.errors import Code, Problem
from mapping.values import INT64_MAX, INT64_MIN
from storage.interpreting.memory import Memory, Owner
from storage.surreal import cbor

log = logging.getLogger(__name__)

Row = dict[str, Any]

# Origins that are kept at hand: they never change.
_ORIGINS = 1_000


def decoded(answer: bytes) -> list[Any]:
    """Return the results of an answer's statements. Raises Problem (UNAVAILABLE) where one of them failed."""
    told = cbor.decode(answer)
    if error := told.get("error"):
        raise Problem(Code.UNAVAILABLE, f"the store does not answer: {error.get('message')}", retry_after=5)
    for statement in told["result"]:
        if statement["status"] != "OK":
            raise Problem(Code.UNAVAILABLE, f"the store does not answer: {statement['result']}", retry_after=5)
    return [statement["result"] for statement in told["result"]]


class EventReader:
    """Reads events into memory as what they tell. `not_understood` counts those of no known emitter by their scope."""

    def __init__(self, memory: Memory) -> None:
        self.read = 0
        self.not_understood: Counter[str] = Counter()
        self._memory = memory
        self._origins: OrderedDict[str, Row] = OrderedDict()

    def take(self, answer: bytes) -> list[Row]:
        """Take in the events of an answer to `queries.EVENTS`, or to `events of a trace`, and return their rows."""
        *_, events, origins = decoded(answer)
        for origin in origins:
            self._origins[origin.pop("id")] = origin
        for event in events:
            self._add(event)
        while len(self._origins) > _ORIGINS:
            self._origins.popitem(last=False)
        self.read += len(events)
        return list(events)

    def _add(self, event: Row) -> None:
        stored = Owner(event.get("agent_id"), event.get("session_id"))
        as_sent = event.pop("as_sent", None)
        own = stored if as_sent is None else Owner(as_sent.get("agent_id"), as_sent.get("session_id"))
        event |= own._asdict()
        event |= self._origins.get(event.get("origin") or "", {})
        telling = _told(event)
        if (emitter := not_understood(event, telling)) is not None:
            self.not_understood[emitter] += 1
        self._memory.of(event["trace_id"]).add(outline_of(telling), own, stored)


def _told(event: Row) -> Telling:
    try:
        telling = tell(event)
    except Exception:  # an event that is not understood is shown as it was sent, and must not stop all others
        log.exception("event %s cannot be interpreted", event["id"])
        telling = Telling(
            id=event["id"],
            kind="none",
            signal="json",
            trace_id=event["trace_id"],
            start=event["timestamp"],
            end=event["timestamp"],
            session_id=event.get("session_id"),
        )
    telling.start, telling.end = _within(telling.start), _within(telling.end)
    return telling


def _within(moment: int) -> int:
    return max(INT64_MIN, min(moment, INT64_MAX))


def merged(*results: Iterable[Row], limit: int) -> list[Row]:
    """Return rows of several lists newest first, at most `limit`: each list is in this order."""
    every = {row["id"]: row for rows in results for row in rows}
    return sorted(every.values(), key=lambda row: (row["newest_start"], row["id"]))[:limit]
