"""Words can be searched while the model is prepared, which takes half a minute the first time.

Events go into the index without vectors and stay in the queue: once the model is there they are indexed as ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mapping.errors import Problem
from storage import index_queue, index_state
from storage.index.base import IndexUnavailable, IndexUnusable, VectorIndex
from storage.index_repair import delete
from storage.index_state import Fill, Vectors
from storage.preparing.points import EVENTS
from storage.preparing.preparer import Preparer
from storage.serving import Serving
from storage.surreal import cbor, rows
from storage.surreal.database import ConflictError, Database

log = logging.getLogger(__name__)

# A model that was built before is loaded sooner.
_PATIENCE = 3.0  # seconds
_LOOK_EVERY = 0.5
# Events read and upserted at a time, as by the indexer.
_EVENTS = 250
# Records of the queue that are looked past to find the next; what comes after them waits for the model.
_MOST_RECORDS = 5_000


class WordsFirst(NamedTuple):
    """What makes points without vectors, and the vectors that are to come; None where only the model will tell."""

    preparer_of: Callable[[], Preparer]
    vectors: Vectors | None

    async def run(self, database: Database, serving: Serving, serve: Callable[[VectorIndex], None]) -> None:
        """Index words until cancelled, and have the index served. Gives up where anything goes wrong."""
        await asyncio.sleep(_PATIENCE)
        preparer = self.preparer_of()
        try:
            state = None if self.vectors is None else await serving.settled(self.vectors)
            name = serving.latest if state is None else state.name
            if name is None:
                return
            with serving.using(name) as index:
                serve(index)
                if state is not None and state.fill is not None and state.fill.name == name:
                    await _fill(database, preparer, index, state.fill)
                await _follow(database, preparer, index)
        except (ConflictError, IndexUnavailable, IndexUnusable, Problem) as error:
            log.warning("events are not found by their words before the model is there: %s", error)
        finally:
            await preparer.close()


async def _fill(database: Database, preparer: Preparer, index: VectorIndex, fill: Fill) -> None:
    """Take the events in that were stored before the index was begun."""
    while ids := await index_state.following(database, fill):
        await _upsert(database, preparer, index, ids)
        fill = fill.after(ids)


async def _follow(database: Database, preparer: Preparer, index: VectorIndex) -> None:
    """Take the events of the queue in, as they come, and those out that were deleted."""
    taken: set[str] = set()
    while len(taken) < _MOST_RECORDS:
        group = await index_queue.take(database, taken)
        if group is None:
            await asyncio.sleep(_LOOK_EVERY)
            continue
        await _upsert(database, preparer, index, group.event_ids)
        await delete(database, index, group.deleted)
        taken.update(group.records)


async def _upsert(database: Database, preparer: Preparer, index: VectorIndex, event_ids: Sequence[str]) -> None:
    for start in range(0, len(event_ids), _EVENTS):
        events = [cbor.record(rows.EVENT, event_id) for event_id in event_ids[start : start + _EVENTS]]
        made = await preparer.make(await database.read(EVENTS, events=events), plain=False)
        if made.event_ids:
            await index.upsert(made.points)
