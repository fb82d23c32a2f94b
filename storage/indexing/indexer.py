"""Brings stored events into the search index: reads the durable queue, has points made, upserts, then deletes records.

A record of the queue is deleted once the index has its events on disk (`flushing.py`). If the process dies before, the
record is processed again after the next start; a second upsert of the same point changes nothing. Several receivers on
the same stores may index a record twice, which is harmless for the same reason.

Records of deletions (`storage.retention.prune`) are processed in order: an upsert that was in progress when the events
were deleted ends before, and a later one does not find them in the store. Where several receivers share the queue, what
concerns a trace is in one part of it, and so with one of them (`storage/membership.py`); two may think so for a moment,
so each checks after an upsert whether its events still exist.

If an index has to be filled from the store (`index_state.py`), this alternates with the queue. New events go into both.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from mapping.errors import Problem
from storage.embedding.model import Embedder
from storage.errors import IndexUnavailable, IndexUnusable
from storage.indexing import index_queue, index_state
from storage.indexing.active_indexes import ActiveIndexes
from storage.indexing.flushing import PendingFlush
from storage.indexing.index_queue import Group
from storage.indexing.index_state import Fill, IndexState, Vectors
from storage.indexing.keywords_first import KeywordsFirst
from storage.indexing.points.preparer import Preparer
from storage.indexing.repair import delete, pass_on, update_owners
from storage.indexing.tuning import TUNING, Tuning
from storage.indexing.upserts import IndexWriter
from storage.membership import Membership, how_it_differs
from storage.qdrant.base import VectorIndex
from storage.qdrant.choose import Indexes
from storage.read.counts import count_events
from storage.read.reader import Reader
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError

log = logging.getLogger(__name__)

State = Literal["off", "preparing", "rebuilding", "reindexing", "ready", "waiting", "failed"]

# Errors after which it tries again.
_PASSING = (ConflictError, IndexUnavailable, IndexUnusable, Problem)


# Seconds until other receivers know that this one is there: until then one may index without vectors what is now its.
_NOTICED_AFTER = 3.0


class _Tools(NamedTuple):
    """What indexing works with once the model is ready."""

    embedder: Embedder
    index_writer: IndexWriter
    active_indexes: ActiveIndexes

    @property
    def vectors(self) -> Vectors:
        return Vectors(self.embedder.name, self.embedder.dimensions)


class Indexer:
    """Keeps the search index up to date with the store.

    `state` is one of: `off` (search is switched off), `preparing` (the model), `rebuilding` (the index is filled from
    the store, and searched meanwhile), `reindexing` (another index is filled while this one serves), `ready`, `waiting`
    (the store or the index cannot be reached), `failed`. `reason` explains the state, and `progress` is from 0 to 1.
    `oldest` is when the first event that waits was stored (nanoseconds). `indexed` counts the events that this process
    has indexed. `index` is None until keyword search is possible, `embedder` until semantic search is.
    """

    def __init__(
        self,
        database: Database,
        reader: Reader,
        commits_wait: Callable[[], bool] = lambda: False,
        tuning: Tuning = TUNING,
        membership: Membership | None = None,
    ) -> None:
        self.state: State = "off"
        self.progress = 0.0
        self.reason = ""
        self.oldest: int | None = None
        self.indexed = 0
        self.embedder: Embedder | None = None
        self.index: VectorIndex | None = None
        self._database = database
        self._membership = membership or Membership(database)
        self._reader = reader
        self._commits_wait = commits_wait
        self._work = asyncio.Event()
        self._tuning = tuning
        self._pending_flush = PendingFlush(database, tuning)
        self._queued = 0
        self._stored: int | None = None  # the number of stored events when filling began, or was continued
        self._to_fill = 0
        self._anew = self._damaged = self._stopped = False

    @property
    def pending(self) -> int:
        """Return the number of events that are stored and not searchable yet."""
        return self._queued + self._to_fill

    async def count_pending(self) -> None:
        """Read from the store how many events wait to be indexed, by whichever receiver."""
        self._queued, self.oldest = await index_queue.waiting(self._database)

    def added(self, events: int) -> None:
        """Note that events were just stored and are to be indexed."""
        self._queued += events
        if self.oldest is None and events:
            self.oldest = time.time_ns()
        self._work.set()

    def progressed(self, share: float, doing: str) -> None:
        """Set the progress of preparing the model; called from the thread that prepares it.

        Raises CancelledError in that thread after a stop, because the stop waits for the thread.
        """
        if self._stopped:
            raise asyncio.CancelledError
        self.progress, self.reason = share, doing

    def reindex(self) -> None:
        """Request that a new index is filled from the store and then replaces the one that serves."""
        self._anew = True
        self._begins("reindexing")

    def rebuild(self) -> None:
        """Request that the index is rebuilt, because it is damaged."""
        self._damaged = True
        self._begins("rebuilding")

    def _begins(self, state: State) -> None:
        if self.state == "ready":
            self.state, self.reason = state, "a new index will be made"
        self._work.set()

    async def run(
        self,
        prepare: Callable[[], Embedder],
        preparer_of: Callable[[], Preparer],
        indexes: Indexes,
        keywords_first: KeywordsFirst | None = None,
    ) -> None:
        """Prepare the model and the index, then index until cancelled. Closes the index at the end."""
        self.state = "preparing"
        log.info("the embedding model is being prepared; events are stored meanwhile, and indexed after that")
        active_indexes = ActiveIndexes(self._database, indexes)
        try:
            try:
                with contextlib.suppress(Problem):  # the store cannot be reached; `_keep_up` waits for it
                    self.index = await active_indexes.known()
                embedder = await self._prepared(prepare, active_indexes, keywords_first)
                if not self._membership.is_alone:
                    await asyncio.sleep(_NOTICED_AFTER)
                preparer = preparer_of()
                try:
                    index_writer = IndexWriter(
                        self._database, preparer, active_indexes, self._commits_wait, self._tuning.part
                    )
                    await self._keep_up(_Tools(embedder, index_writer, active_indexes))
                finally:
                    await preparer.close()
            finally:
                with contextlib.suppress(*_PASSING):
                    await self._pending_flush.flush(active_indexes)
                await active_indexes.close()
        except Exception as error:
            # The receiver still stores events; searches and the index's state report the failure.
            self.state, self.reason = "failed", str(error)
            log.exception("indexing has stopped; events are stored, and wait to be indexed")

    async def _prepared(
        self, prepare: Callable[[], Embedder], active_indexes: ActiveIndexes, keywords_first: KeywordsFirst | None
    ) -> Embedder:
        """Return the prepared model. Meanwhile keyword search is possible."""

        def serve(index: VectorIndex) -> None:
            self.index = index

        words = None
        if keywords_first is not None:
            words = asyncio.create_task(
                keywords_first.run(
                    self._database, active_indexes, self._commits_wait, serve, lambda: self._membership.is_alone
                )
            )
        try:
            return await asyncio.to_thread(prepare)
        except asyncio.CancelledError:
            self._stopped = True
            raise
        finally:
            if words is not None:
                words.cancel()
                await asyncio.wait([words])

    async def _keep_up(self, tools: _Tools) -> None:
        while True:
            try:
                await self._index_all(tools)
            except _PASSING as error:
                self._queued += self._pending_flush.events
                self._pending_flush.forget()
                if self.state != "waiting" and not isinstance(error, Problem):  # `storage.stores` logs those
                    log.warning("indexing waits: %s", error)
                self.state, self.reason = "waiting", str(error)
                await asyncio.sleep(self._tuning.retry_after)

    async def _index_all(self, tools: _Tools) -> None:
        while True:
            self._work.clear()
            state = await self._settled(tools)
            group = await self._take()
            if group is not None:
                await self._index_group(tools, state, group)
            if state.fill is not None and self._membership.fills:
                await self._fill(tools, state, state.fill)
            elif group is None:
                await self._wait_for_work()
            if self._pending_flush.seconds_left == 0:
                await self._pending_flush.flush(tools.active_indexes)

    async def _wait_for_work(self) -> None:
        left = self._pending_flush.seconds_left
        # Not asyncio.wait_for: in Python 3.11 it loses a cancellation that comes together with the work.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._tuning.look_again_after if left is None else left):
                await self._work.wait()
                await asyncio.sleep(self._tuning.linger)

    async def _settled(self, tools: _Tools) -> IndexState:
        """Open the planned indexes, and publish which one serves and which is filled."""
        await self._check_that_others_agree(tools.active_indexes)
        if self._damaged and self.index is not None:
            tools.active_indexes.damaged_index(self.index)
        anew, self._anew, self._damaged = self._anew, False, False
        state = await tools.active_indexes.settled(tools.vectors, anew=anew)
        if (
            state.fill is not None
            and self._pending_flush.fill is not None
            and state.fill.name == self._pending_flush.fill.name
        ):
            state = state._replace(fill=self._pending_flush.fill)
        if state.fill is None:
            self._stored = None
        elif self._stored is None:
            queued = self._queued
            self._stored = await count_events(self._database)
            if state.fill.name == state.name and not state.fill.done:
                self._queued -= min(queued, self._queued)  # they are among those that fill the index
            if self._stored:
                log.info("a search index is filled from the store: %s events", self._stored - state.fill.done)
        self.index = tools.active_indexes.index(state.name)
        self.embedder = tools.embedder if state.vectors == tools.vectors else None
        await self._announce_ready(tools, state)
        if state.retired and self._membership.fills:
            await asyncio.sleep(self._tuning.searches_end_within)
            await self._pending_flush.flush(tools.active_indexes)
            for name in state.retired:
                await tools.active_indexes.remove(name)
        self._show(state)
        return state

    async def _announce_ready(self, tools: _Tools, state: IndexState) -> None:
        """Log that search is ready, where it was not. An index that was away is asked first, or it is said again."""
        if self.state == "waiting":
            with tools.active_indexes.using(state.name) as index:
                await index.count()
        if self.state in {"preparing", "waiting"}:
            log.info("search is ready: %s, %s events to be indexed", tools.embedder.name, self.pending)

    async def _check_that_others_agree(self, active_indexes: ActiveIndexes) -> None:
        """Raise IndexUnavailable while another receiver decides for another index or model than this one's.

        The words of an index that has another model only can be searched all the same.
        """
        if (other := self._membership.other_index) is not None:
            me = self._membership.me
            self._damaged = False  # whoever fills it finds out
            self.embedder = None
            self.index = await active_indexes.known() if other.index_place == me.index_place else None
            raise IndexUnavailable(how_it_differs(me, other))

    def _show(self, state: IndexState) -> None:
        if state.fill is None:
            self._to_fill = 0
            if not (self._anew or self._damaged):  # a new index was requested meanwhile
                self.state, self.reason, self.progress = "ready", "", 1.0
            return
        stored, done = self._stored or 0, state.fill.done
        self.progress = min(done / max(stored, 1), 1.0)
        if state.fill.name == state.name:
            self.state, self.reason = "rebuilding", "the search index is filled from the store"
            self._to_fill = max(stored - done, 0)
        else:
            self.state, self.reason = "reindexing", "another search index is filled, to take the place of this one"
            self._to_fill = 0

    async def _take(self) -> Group | None:
        parts = self._membership.index_parts
        group = await index_queue.take(self._database, self._pending_flush.records, self._tuning.group, parts=parts)
        if parts is not None:
            return group  # what others have to do counts, too: `count_pending`
        if group is None:
            self._queued, self.oldest = 0, None
        else:
            self.oldest = group.oldest
        return group

    async def _index_group(self, tools: _Tools, state: IndexState, group: Group) -> None:
        names = [state.name] + ([state.fill.name] if state.fill and state.fill.name != state.name else [])
        # An index with another model's vectors gets points with words only.
        words_only = state.name if state.vectors.model != tools.embedder.name else ""
        self.indexed += await tools.index_writer.write(group.event_ids, names, words_only=words_only)
        for name in names:
            with tools.active_indexes.using(name) as index:
                for trace_id in group.traces:
                    await pass_on(self._database, self._reader, index, trace_id)
                await update_owners(self._reader, index, group.changed)
                await delete(self._database, index, group.deleted)
        if group.deleted:
            await tools.index_writer.deleted()
        self._pending_flush.add(names, group)
        self._queued = max(self._queued - len(group.event_ids), 0)

    async def _fill(self, tools: _Tools, state: IndexState, fill: Fill) -> None:
        """Add the next events of the store to the index that is being filled; after the last one it serves."""
        ids = await index_state.following(self._database, fill, self._tuning.group)
        if not ids:
            await self._pending_flush.flush(tools.active_indexes)
            await tools.active_indexes.filled(state)
            return
        indexed = await tools.index_writer.write(ids, [fill.name])
        self._pending_flush.add([fill.name], fill.after(ids))
        if state.name == fill.name:
            self.indexed += indexed
