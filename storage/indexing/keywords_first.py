"""Keyword search while the model is prepared, which may be a download the first time.

Events are indexed without vectors and stay in the queue; once the model is ready they are indexed again as usual.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from mapping.errors import Problem
from storage.errors import IndexUnavailable, IndexUnusable
from storage.indexing import index_queue, index_state
from storage.indexing.active_indexes import ActiveIndexes
from storage.indexing.index_state import Fill, Vectors
from storage.indexing.points.preparer import Preparer
from storage.indexing.repair import delete
from storage.indexing.upserts import IndexWriter
from storage.qdrant.base import VectorIndex
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError

log = logging.getLogger(__name__)

# The maximum number of queue records that are indexed by words; later records wait for the model.
_MOST_RECORDS = 5_000

_NOT_FOUND = "keyword search is not possible before the model is ready: %s"


class KeywordsFirst(NamedTuple):
    """Indexes words. `preparer_of` makes a preparer without a model; `vectors` are the model's later, if known.

    It starts after `patience` seconds, because a model that was built before is loaded sooner, and reads the queue
    every `look_every` seconds.
    """

    preparer_of: Callable[[], Preparer]
    vectors: Vectors | None
    patience: float = 3.0
    look_every: float = 0.5

    async def run(
        self,
        database: Database,
        active_indexes: ActiveIndexes,
        commits_wait: Callable[[], bool],
        serve: Callable[[VectorIndex], None],
        is_alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """Index words until cancelled. `serve` is called with the index. Ends after any error.

        It also ends once other receivers share the stores: they have models, and give the same events vectors.
        """
        await asyncio.sleep(self.patience)
        if not is_alone():
            return
        preparer = self.preparer_of()
        try:
            state = None if self.vectors is None else await active_indexes.settled(self.vectors)
            name = active_indexes.latest if state is None else state.name
            if name is None:
                return
            index_writer = IndexWriter(database, preparer, active_indexes, commits_wait)
            with active_indexes.using(name) as index:
                serve(index)
                if state is not None and state.fill is not None and state.fill.name == name:
                    await _fill(database, index_writer, name, state.fill)
                await self._follow(database, index_writer, name, index, is_alone)
        except (ConflictError, IndexUnavailable, IndexUnusable, Problem) as error:
            log.warning(_NOT_FOUND, error)
        except Exception:  # it would be lost with the task; the indexer will meet the same error
            log.exception(_NOT_FOUND, "it failed")
        finally:
            await preparer.close()

    async def _follow(
        self,
        database: Database,
        index_writer: IndexWriter,
        name: str,
        index: VectorIndex,
        is_alone: Callable[[], bool],
    ) -> None:
        """Index the events of the queue as they arrive, and remove deleted ones."""
        records: set[str] = set()
        while len(records) < _MOST_RECORDS and is_alone():
            group = await index_queue.take(database, records)
            if group is None:
                await asyncio.sleep(self.look_every)
                continue
            await index_writer.write(group.event_ids, [name])
            await delete(database, index, group.deleted)
            records.update(group.records)


async def _fill(database: Database, index_writer: IndexWriter, name: str, fill: Fill) -> None:
    """Index the events that were stored before the index was created."""
    while ids := await index_state.following(database, fill):
        await index_writer.write(ids, [name])
        fill = fill.after(ids)
