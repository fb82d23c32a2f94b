"""The open search indexes: the one that serves, and the one that is being filled, as recorded by `index_state.py`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from storage.errors import IndexUnavailable, IndexUnusable
from storage.indexing import index_queue, index_state
from storage.indexing.index_state import IndexState, Vectors
from storage.qdrant.base import VectorIndex
from storage.qdrant.choose import Indexes
from storage.surreal.database import Database

log = logging.getLogger(__name__)


class ActiveIndexes:
    """Opens the indexes in use, creates new ones, removes retired ones."""

    def __init__(self, database: Database, indexes: Indexes) -> None:
        self._database = database
        self._indexes = indexes
        self._open: dict[str, VectorIndex] = {}
        self._damaged: set[str] = set()
        self._agreed = False
        self._in_place = ""

    async def known(self) -> VectorIndex | None:
        """Return the index that served last, or None if none can be opened."""
        state = await index_state.read(self._database)
        if state is None:
            return None
        try:
            return await self._opened(state.name, state.vectors, complete=state.fill is None)
        except IndexUnavailable:
            return None
        except IndexUnusable as error:
            _log_anew(error)
            return None

    async def settled(self, vectors: Vectors, *, anew: bool = False) -> IndexState:
        """Bring the indexes into the planned state, open them, and return the state.

        Raises ConflictError, IndexUnavailable or Problem; it may then be called again. Retired indexes are removed by
        `remove`.
        """
        for _ in range(2):  # again, if an index turns out to be damaged
            state = await self._written(vectors, anew=anew)
            try:
                await self._opened(state.name, state.vectors, complete=state.fill is None)
                if state.fill is not None:
                    await self._opened(state.fill.name, state.fill.vectors)
            except IndexUnusable as error:
                _log_anew(error)
                continue
            if self._in_place != state.name:
                await self._indexes.put_in_place(self._open[state.name])
                self._in_place = state.name
            return state
        raise IndexUnavailable("the search index cannot be made; see the log")

    @property
    def latest(self) -> str | None:
        """Return the name of the index that was opened last, or None if none is open."""
        return next(reversed(self._open), None)

    def index(self, name: str) -> VectorIndex:
        return self._open[name]

    def damaged_index(self, index: VectorIndex) -> None:
        """Mark an index as damaged, so that it is rebuilt."""
        self._damaged.update(name for name, each in self._open.items() if each is index)

    @contextmanager
    def using(self, name: str) -> Iterator[VectorIndex]:
        """Yield an open index. If the block raises IndexUnusable, the index is marked as damaged."""
        try:
            yield self._open[name]
        except IndexUnusable:
            self._damaged.add(name)
            raise

    async def filled(self, state: IndexState) -> None:
        """Record that the filled index replaces the one that serves."""
        await index_state.write(self._database, state, state.filled())

    async def close(self) -> None:
        for index in self._open.values():
            await index.close()

    async def _written(self, vectors: Vectors, *, anew: bool) -> IndexState:
        state = await index_state.read(self._database)
        if state is not None and self._agreed and state.wanted != vectors:
            raise IndexUnavailable(
                f"another receiver on these stores has the model {state.wanted.model}, this one {vectors.model}: "
                "give them the same model"
            )
        name = index_state.new_name(vectors.model or "")
        damaged = set(self._damaged)
        if state is not None and state.fill is not None and index_state.is_of_another_form(state.fill.name):
            damaged.add(state.fill.name)
        elif state is not None and index_state.is_of_another_form(state.name):
            anew = True
        wanted = index_state.planned(state, vectors, name, damaged=frozenset(damaged), anew=anew)
        # The first time, or after the database was removed: what is open then has events that are gone.
        if state is None:
            wanted = wanted._replace(retired=tuple(self._open))
        if wanted is not state:
            wanted = await index_state.write(self._database, state, wanted)
            if wanted.fill is not None and wanted.fill.name == wanted.name:
                await index_queue.clear(self._database)
        self._agreed = True
        self._damaged &= {wanted.name, *([wanted.fill.name] if wanted.fill else [])}
        return wanted

    async def _opened(self, name: str, vectors: Vectors, *, complete: bool = False) -> VectorIndex:
        if name not in self._open:
            index = self._indexes.named(name, vectors.dimensions)
            try:
                await index.open()
                if complete:
                    await self._check(index)
            except BaseException as error:
                if isinstance(error, IndexUnusable):
                    self._damaged.add(name)
                await index.close()
                raise
            self._open[name] = index
        return self._open[name]

    async def _check(self, index: VectorIndex) -> None:
        """Raise IndexUnusable if a filled index is empty: the server is a new one, or the folder was deleted."""
        if await index.count() == 0:
            (event_ids,) = await self._database.query("SELECT VALUE id FROM agent_event WHERE indexed != false LIMIT 1")
            if event_ids:
                raise IndexUnusable("it is empty, and the store is not")

    async def remove(self, name: str) -> None:
        """Remove a retired index."""
        if name in self._open:
            await self._open.pop(name).close()
        await self._indexes.remove(name)
        await index_state.removed(self._database, name)


def _log_anew(error: IndexUnusable) -> None:
    log.warning("the search index is rebuilt from the store: %s", error)
