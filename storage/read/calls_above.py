"""The calls above those of a conversation's page: agents that called them, however long before.

The spans between them are read only where they are near. So the interpreter's word for which call stands above which
is taken, and said again to who interprets the page.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

import msgspec

from mapping.calls.model import Telling
from storage.read.call_pages import pages_of, pages_of_trace
from storage.read.paging import Row, records
from storage.surreal import rows
from storage.surreal.database import Database

# What a call is read for.
CALL_FIELDS = ("id", "kind", "start_time", "told_by", "agent_id", "session_id", "parent_id")
# Calls above others that are read.
_MOST = 200


class CallsAbove:
    def __init__(self) -> None:
        # Calls by id, and of each event the id of the call that it reports.
        self._calls: dict[str, Row] = {}
        self._call_of: dict[str, str] = {}

    def add(self, call: Row) -> None:
        self._calls[call["id"]] = call
        for event_id in call["told_by"]:
            self._call_of[event_id] = call["id"]

    async def read(self, database: Database, event_ids: Iterable[str]) -> set[str]:
        """Read the calls above those that these events report. Return their ids, which are those of events.

        Raises Problem (UNAVAILABLE).
        """
        above: dict[str, None] = {}
        level = {parent for event_id in event_ids if (parent := self._parent(self._call_of.get(event_id)))}
        while level and len(above) < _MOST:
            await self._look_up(database, level - self._calls.keys())
            above |= dict.fromkeys(level)
            level = {parent for call_id in level if (parent := self._parent(call_id))} - above.keys()
        return set(list(above)[:_MOST])

    def _parent(self, call_id: str | None) -> str | None:
        parent: str | None = self._calls.get(call_id or "", {}).get("parent_id")
        return parent

    async def _look_up(self, database: Database, call_ids: set[str]) -> None:
        """Find calls that began before those that are known: by the moment of their first event."""
        if not call_ids:
            return
        events = await records(database, rows.EVENT, call_ids, "id, trace_id, timestamp")
        starts = {
            trace_id: await pages_of_trace(database, trace_id) for trace_id in {event["trace_id"] for event in events}
        }
        places = {
            (event["trace_id"], max(bisect.bisect_right(starts[event["trace_id"]], event["timestamp"]) - 1, 0))
            for event in events
        }
        for _, calls in await pages_of(database, sorted(places), CALL_FIELDS):
            for call in calls:
                if call["id"] in call_ids:
                    self.add(call)

    def linked(self, tellings: Sequence[Telling]) -> list[Telling]:
        """Return tellings that lead up to the calls above theirs, also where spans between them were not read."""
        known = {telling.id: telling for telling in tellings}
        spans = {(telling.trace_id, telling.span_id): telling.id for telling in tellings if telling.signal == "span"}
        for telling in tellings:
            above = known.get(self._parent(self._call_of.get(telling.id)) or "")
            if above is None or above.span_id is None:
                continue
            top, seen = known[telling.id], {telling.id}
            while (up := spans.get((top.trace_id, top.parent_span_id))) is not None and up not in seen:
                top = known[up]
                seen.add(up)
            if top.parent_span_id is not None and above.id not in seen and above.trace_id == top.trace_id:
                known[top.id] = msgspec.structs.replace(top, parent_span_id=above.span_id)
        return list(known.values())
