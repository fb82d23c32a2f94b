"""Brings what was stored into the search index: reads the durable queue, embeds, upserts, and only then forgets.

A record of the queue is deleted once the index has its events on disk. A process that dies in between does that record
again at its next start, and a second upsert of the same point changes nothing. Several receivers on the same stores may
index a record twice, which is as harmless.

Records that name deleted events (`storage.prune`) are done in their turn. An upsert that was under way when they were
deleted comes before; one that comes later does not find them in the store. Where several receivers work at the queue,
that turn may be another's, so each looks after an upsert whether its events are still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from mapping.errors import Problem
from mapping.identifiers import identifiers_of
from mapping.text import text_of
from storage.embedding.model import Embedder
from storage.index.base import IndexUnavailable, IndexUnusable, Point, VectorIndex
from storage.index.packing import pack
from storage.reader import Reader
from storage.rebuild import built_with, rebuild
from storage.surreal import cbor, rows
from storage.surreal.database import ConflictError, Database

log = logging.getLogger(__name__)

State = Literal["off", "preparing", "rebuilding", "ready", "waiting", "failed"]

# Events embedded and upserted at a time: enough for the model, and few enough to stop soon.
_EVENTS = 64
_RETRY_AFTER = 5.0  # seconds
# Another receiver on the same stores may have stopped before it had indexed what it stored.
_LOOK_AGAIN_AFTER = 30.0

# Points whose payload is set at a time.
_RENAMED = 1_000

_SILENT = {
    "session_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND session_id = NONE",
    "agent_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND agent_id = NONE",
}

_PAYLOAD = ("trace_id", "session_id", "agent_id", "event_type", "timestamp", "status")


class Indexer:
    """Keeps the index up with the store.

    `state` is `off` (no model is set), `preparing` the model (`progress` from 0 to 1), `rebuilding` the index (every
    event is queued again), `ready`, `waiting` for a store that is away, or `failed`; `reason` says what is done or why.
    `pending` counts the events that are stored and not yet indexed, `oldest` is when the first of them was stored
    (nanoseconds), `indexed` counts those that this process has indexed. `embedder` and `index` are there from the first
    `ready` on.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self.state: State = "off"
        self.progress = 0.0
        self.reason = ""
        self.pending = 0
        self.oldest: int | None = None
        self.indexed = 0
        self.embedder: Embedder | None = None
        self.index: VectorIndex | None = None
        self._database = database
        self._reader = reader
        self._work = asyncio.Event()
        self._rebuild_asked = False

    async def count_pending(self) -> None:
        """Read from the store what was left to be indexed."""
        sizes, names = await self._database.query(
            "SELECT VALUE size FROM index_queue; SELECT VALUE id FROM index_queue ORDER BY id LIMIT 1"
        )
        self.pending = sum(sizes)
        self.oldest = _moment(names[0]) if names else None

    def added(self, events: int) -> None:
        """Take note of events that were just stored, to be indexed."""
        self.pending += events
        if self.oldest is None and events:
            self.oldest = time.time_ns()
        self._work.set()

    def progressed(self, share: float, doing: str) -> None:
        """Take note of how far the model is; called from the thread that prepares it."""
        self.progress, self.reason = share, doing

    def rebuild(self) -> None:
        """Ask for the index to be built anew."""
        self._rebuild_asked = True
        self._work.set()

    async def run(self, prepare: Callable[[], Embedder], index_for: Callable[[int], VectorIndex]) -> None:
        """Prepare the model and the index, then index until cancelled. Closes the index in the end."""
        self.state = "preparing"
        log.info("the embedding model is being prepared; events are stored meanwhile, and indexed after that")
        try:
            self.embedder = await asyncio.to_thread(prepare)
            index = index_for(self.embedder.dimensions)
            try:
                await self._keep_up(self.embedder, index)
            finally:
                await index.close()
        except Exception as error:
            # The receiver stores all the same; whoever searches or asks for the state is told.
            self.state, self.reason = "failed", str(error)
            log.exception("indexing has stopped; events are stored, and wait to be indexed")

    async def _keep_up(self, embedder: Embedder, index: VectorIndex) -> None:
        while True:
            try:
                await self._index_all(embedder, index)
            except (ConflictError, IndexUnavailable, IndexUnusable, Problem) as error:
                self._rebuild_asked |= isinstance(error, IndexUnusable)
                if self.state != "waiting":
                    log.warning("indexing waits: %s", error)
                self.state, self.reason = "waiting", str(error)
                await asyncio.sleep(_RETRY_AFTER)

    async def _index_all(self, embedder: Embedder, index: VectorIndex) -> None:
        if not self._rebuild_asked:
            await index.open()
            # An empty index may be another one than the state tells of: a new server, a folder that was deleted.
            self._rebuild_asked = await built_with(self._database) != embedder.name or await index.count() == 0
        while True:
            if self._rebuild_asked:
                self.state, self.reason = "rebuilding", "every event is queued to be indexed"
                await rebuild(self._database, index, embedder.name)
                await self.count_pending()
                self._rebuild_asked = False
                if self.pending:
                    log.info("the search index is built anew from the store: %s events are queued", self.pending)
            if self.index is None:
                log.info("search is ready: %s, %s events to be indexed", embedder.name, self.pending)
            self.index = index
            self.state, self.reason = "ready", ""
            self._work.clear()
            while await self._index_record(embedder, index):
                pass
            # Not by wait_for: in Python 3.11 it loses a cancellation that comes at the same moment as the work.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_AFTER):
                    await self._work.wait()

    async def _index_record(self, embedder: Embedder, index: VectorIndex) -> bool:
        """Index the oldest record of the queue; False where there is none."""
        (found,) = await self._database.query("SELECT * FROM index_queue ORDER BY id LIMIT 1")
        if not found:
            self.pending, self.oldest = 0, None
            return False
        (record,) = found
        self.oldest = _moment(record["id"])
        for start in range(0, len(record["event_ids"]), _EVENTS):
            ids = record["event_ids"][start : start + _EVENTS]
            events = await self._reader.events_by_id(ids)
            if events:  # they may have been deleted since
                await index.upsert([await asyncio.to_thread(_packed, embedder, list(events.values()))])
                await self._drop_deleted(index, list(events))
            self.pending = max(self.pending - len(ids), 0)
            self.indexed += len(events)
        for trace_id in record["traces"]:
            await self._pass_on(index, trace_id)
        if record.get("deleted"):
            await index.delete(record["deleted"])
        await self._database.query("DELETE $record", record=cbor.record(rows.QUEUE, record["id"]))
        return not self._rebuild_asked

    async def _drop_deleted(self, index: VectorIndex, event_ids: list[str]) -> None:
        """Take back points whose events were deleted while they were made, if another receiver may have been told."""
        if not self._database.embedded:
            (there,) = await self._database.query(
                "SELECT VALUE id FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
            )
            if gone := sorted({*event_ids}.difference(there)):
                await index.delete(gone)

    async def _pass_on(self, index: VectorIndex, trace_id: str) -> None:
        """Let the events of a trace that carry no session or agent be found by the trace's, as they are shown."""
        trace = await self._reader.trace(trace_id)
        for field, query in _SILENT.items():
            if trace is not None and trace[field] is not None:
                (silent,) = await self._database.query(query, trace_id=trace_id)
                for start in range(0, len(silent), _RENAMED):
                    await index.set_payload(silent[start : start + _RENAMED], {field: trace[field]})


def _moment(queue_record: str) -> int:
    """Give the time that a record's id begins with."""
    return int(queue_record.partition("-")[0])


def _packed(embedder: Embedder, events: list[dict[str, Any]]) -> bytes:
    texts = [text_of(event["name"], event["properties"]) for event in events]
    points = [
        Point(id=event["id"], dense=dense, text=text, payload=_payload(event), identifiers=identifiers_of(event))
        for event, text, dense in zip(events, texts, embedder.embed(texts), strict=True)
    ]
    return pack(points, embedder.dimensions)


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    payload = {field: value for field in _PAYLOAD if (value := event[field]) is not None}
    service = (event["resource"] or {}).get("service.name")
    return payload | {"service": service} if isinstance(service, str) and service else payload
