"""All of storage, opened and closed together: the wiring of this room, in one place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from mapping.errors import Code, Problem
from mapping.model import Event
from mapping.times import NS
from storage.alerts.alerts import keep_alerting
from storage.alerts.delivery import Outcome, Post, Told
from storage.alerts.model import OF_RUNS
from storage.config import OFF, StorageConfig
from storage.embedding.model import MINILM, STATIC, Embedder, vectors_of
from storage.embedding.process import ModelProcess
from storage.indexing.index_state import Vectors
from storage.indexing.indexer import Indexer
from storage.indexing.keywords_first import KeywordsFirst
from storage.indexing.points.preparer import Preparer, PreparerProcess
from storage.indexing.tuning import SHARED, TUNING
from storage.interpreting.counting import keep_counting
from storage.interpreting.interpreter import Interpreter
from storage.interpreting.messages import ModelCall
from storage.membership import Membership
from storage.qdrant.choose import Indexes
from storage.read.activity import ActivityReader
from storage.read.reader import Reader
from storage.retention import policy
from storage.retention.prune import Pruner
from storage.search.reranking import Scorer, TimedReranker
from storage.search.search import Searcher
from storage.surreal import schema
from storage.surreal.database import Database, Run
from storage.surreal.errors import ConflictError, OpenError, StatementRefusedError
from storage.write import idle_traces
from storage.write.live_feed import Feed
from storage.write.live_query import LiveQuery
from storage.write.writer import Writer

log = logging.getLogger(__name__)

_LOG_EVERY = 5.0
# What waits, of all receivers, is not counted again for so many seconds, and for so many times as long as it took.
_COUNTED_EVERY, _SHARE = 0.25, 20
_NO_RIGHT = "Not enough permissions"  # part of SurrealDB's message


class DataDirError(OpenError):
    """The data folder cannot be used."""


class _Open(NamedTuple):
    writer: Writer
    reader: Reader
    indexer: Indexer
    search: Searcher
    pruner: Pruner
    activity: ActivityReader
    feed: Feed
    interpreter: Interpreter


async def _not_sent(_webhook: str, _message: str, _alerts: Sequence[dict[str, Any]]) -> Outcome:
    return Outcome("nothing sends alerts here")


def _pool_size() -> int:
    """Return the number of connections to a server: commits, reads, interpreting and indexing use some each."""
    return max(4, 2 * (os.cpu_count() or 1))


class Stores:
    """Opens the stores in the background of a receiver that already listens.

    `state` says in a person's words how far that is. `writer`, `reader`, `indexer`, `search`, `pruner`,
    `feed` and `interpreter` raise Problem (UNAVAILABLE) until they are there. Functions may be set before `open`:
    `measured` is called with the number of new events after each commit and the seconds that it took, `called` with the
    calls of models that were found for the first time, `events_come` says whether requests with events are under way,
    `post` sends alerts to a webhook, and `alerted` is told what became of them.
    """

    def __init__(self, config: StorageConfig) -> None:
        self.config = config
        self.state = "the stores are being opened"
        self.measured: Callable[[int, float], None] = lambda _events, _seconds: None
        self.events_come: Callable[[], bool] = lambda: False
        self.called: Callable[[Sequence[ModelCall]], None] = lambda _calls: None
        self.post: Post = _not_sent
        self.alerted: Told = lambda _webhook, _became: None
        self._lock = FileLock(config.data_dir / "lock")
        self._database = Database(
            config.surrealdb_url,
            namespace=config.surrealdb_namespace,
            database=config.surrealdb_database,
            user=config.surrealdb_user,
            password=config.surrealdb_password,
            auth_level=config.surrealdb_auth_level,
            token=config.surrealdb_token,
            pool_size=config.surrealdb_pool_size or _pool_size(),
            on_progress=self._told,
            prepare=self._prepare_database,
            failed=self._database_failed,
        )
        self._membership = Membership(
            self._database,
            version=config.version,
            model="" if config.model == OFF else config.model,
            index_place=config.index_place,
        )
        self._count_again_at = 0.0
        # MiniLM as the index's model has said all it knows already, and one of the user's own may know better.
        rereads = config.model == STATIC and config.rerank_ms > 0
        self._models = ModelProcess(config.data_dir, config.threads)
        self._reranker = TimedReranker(self._minilm, config.rerank_ms / 1000) if rereads else None
        self._logged = ("", 0.0)
        self._opened: _Open | None = None
        self._outage: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        return self._opened is not None

    @property
    def writer(self) -> Writer:
        return self._open_parts.writer

    @property
    def reader(self) -> Reader:
        return self._open_parts.reader

    @property
    def indexer(self) -> Indexer:
        return self._open_parts.indexer

    @property
    def search(self) -> Searcher:
        return self._open_parts.search

    @property
    def pruner(self) -> Pruner:
        return self._open_parts.pruner

    @property
    def activity(self) -> ActivityReader:
        return self._open_parts.activity

    @property
    def feed(self) -> Feed:
        return self._open_parts.feed

    @property
    def interpreter(self) -> Interpreter:
        return self._open_parts.interpreter

    @property
    def _open_parts(self) -> _Open:
        if self._opened is None:
            raise Problem(
                Code.UNAVAILABLE, f"not ready: {self.state.removesuffix('; try again')}; try again", retry_after=2
            )
        return self._opened

    async def open(self) -> None:
        """Open everything, waiting for a server that is away.

        Raises OpenError where waiting will not help: another process has the data folder, the database refuses.
        """
        self._lock_data_dir()
        reader = Reader(self._database)
        tuning = TUNING if self._database.embedded or not self.config.qdrant_url else SHARED
        indexer = Indexer(self._database, reader, self._commits_wait, tuning, self._membership)
        interpreter = Interpreter(
            self._database,
            self._commits_wait,
            self._membership,
            events_come=self.events_come,
            committing=self._committing,
            called=self.called,
            alert_after=self.config.alert_after if any(rule.on & OF_RUNS for rule in self.config.webhooks) else None,
        )
        while True:
            try:
                await self._database.open()
                await self._membership.say()
                await indexer.count_pending()
                await interpreter.count_pending()
                break
            except Problem as problem:
                if self.state != problem.message:
                    log.warning("%s", problem.message)
                self.state = problem.message
                await asyncio.sleep(self.config.retry_after)

        def committed(events: list[Event]) -> None:
            indexer.added(sum(event.indexed for event in events))
            interpreter.added(len(events))

        feed = Feed()
        live = LiveQuery(self._database, reader, feed)
        writer = Writer(
            self._database,
            agent_window=int(self.config.agent_window * NS),
            conversation_window=int(self.config.conversation_window * NS),
            committed=committed,
            measured=self.measured,
            stored=feed.stored if self._database.embedded else live.stored,
            written=interpreter.handed_over,
        )

        def pruned() -> None:
            indexer.added(0)
            interpreter.added(0)
            reader.forget_counts()
            activity.forget()

        activity = ActivityReader(reader)
        pruner = Pruner(self._database, pruned)
        search = Searcher(reader, indexer, self._reranker)
        self._opened = _Open(writer, reader, indexer, search, pruner, activity, feed, interpreter)
        self.state = "ready"
        self._tasks.append(asyncio.create_task(self._membership.keep()))
        if not self._database.embedded:
            self._tasks.append(asyncio.create_task(live.run()))
        closing = idle_traces.close_idle_traces(
            self._database, self.config.idle_close, is_due=lambda: self._membership.is_first
        )
        self._tasks.append(asyncio.create_task(closing))
        self._tasks.append(asyncio.create_task(interpreter.run(self.config.prices)))
        counting = keep_counting(self._database, lambda: self._membership.is_first, events_come=self.events_come)
        self._tasks.append(asyncio.create_task(counting))
        self._tasks += self._optional_tasks(pruner)
        if self.config.model != OFF:
            indexer.state = "preparing"  # from now on, not only once the task has begun
            indexing = indexer.run(self._prepare, self._preparer, self._indexes(), self._keywords_first())
            self._tasks.append(asyncio.create_task(indexing))

    def _optional_tasks(self, pruner: Pruner) -> list[asyncio.Task[None]]:
        """Start what the settings ask for: alerts, and the deletion of what is too old or too much."""
        config, tasks = self.config, []
        if config.webhooks:
            alerting = keep_alerting(
                self._database,
                config.webhooks,
                self.post,
                self.alerted,
                is_due=lambda: self._membership.is_first,
                every=config.alert_every,
                pauses=config.alert_pauses,
            )
            tasks.append(asyncio.create_task(alerting))
        if config.retention_days or config.retention_max_events or config.retention_days_of:
            keeping = policy.keep_to(
                pruner,
                config.retention_days,
                config.retention_max_events,
                days_of=config.retention_days_of,
                every=config.retention_every,
                is_due=lambda: self._membership.is_first,
            )
            tasks.append(asyncio.create_task(keeping))
        return tasks

    async def close(self) -> None:
        """Store what was taken, stop the background tasks, close both stores."""
        if self._opened is not None:
            await self._opened.writer.close()
        tasks = self._tasks if self._outage is None else [*self._tasks, self._outage]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._models.close()
        await self._database.close()
        self._lock.release()

    async def count_pending(self) -> None:
        """Bring up to date how much waits to be indexed and interpreted, where other receivers may add to it, too."""
        began = time.monotonic()
        if self._database.embedded or began < self._count_again_at:
            return
        self._count_again_at = began + _COUNTED_EVERY
        with contextlib.suppress(Problem, ConflictError):  # what was counted last stands
            await self.indexer.count_pending()
            await self.interpreter.count_pending()
        self._count_again_at = max(self._count_again_at, time.monotonic() + _SHARE * (time.monotonic() - began))

    async def check(self) -> None:
        """Write something. Raises Problem (UNAVAILABLE) where the store takes nothing."""
        self._open_parts  # noqa: B018 - raises until open
        try:
            if not await schema.writable(self._database.query):
                raise self._no_right_to_write()
        except StatementRefusedError as error:
            raise Problem(Code.UNAVAILABLE, f"the store takes no writes: {error}") from error

    async def _prepare_database(self, run: Run) -> None:
        """Apply the schema, also to a database that somebody has removed, or whose server came back empty."""
        try:
            await schema.apply(run, alone=self._database.embedded)
            if not self._database.embedded:
                await schema.check_rights(run)
        except Problem as problem:
            if _NO_RIGHT in problem.message:
                raise self._no_right_to_write() from problem
            raise

    def _no_right_to_write(self) -> Problem:
        config = self.config
        who = "this token" if config.surrealdb_token else f"the user {config.surrealdb_user!r}"
        return Problem(
            Code.UNAVAILABLE,
            f"SurrealDB at {config.surrealdb_url} lets {who} write nothing: give it the role EDITOR or OWNER",
            retry_after=5,
        )

    def _database_failed(self, message: str) -> None:
        """Log that an outage has begun. While the stores are being opened, `open` does so."""
        if self._opened is not None and self._outage is None:
            self._outage = asyncio.create_task(self._until_writable(message, time.monotonic()))

    async def _until_writable(self, message: str, began: float) -> None:
        log.warning("%s. Requests are answered with 503 until it does", message.removesuffix("; try again"))
        with contextlib.suppress(Problem, ConflictError, StatementRefusedError):
            await self._membership.say()  # a statement by itself is told why it fails, a transaction is not
        while True:
            await asyncio.sleep(self.config.retry_after)
            with contextlib.suppress(Problem):
                await self.check()
                break
        log.warning("SurrealDB is back after %.0f s", time.monotonic() - began)
        self._outage = None

    def _committing(self) -> bool:
        return self._opened is not None and self._opened.writer.commits

    def _commits_wait(self) -> bool:
        return self._opened is not None and self._opened.writer.waits

    def _told(self, opening: str) -> None:
        """Show what the engine does to open, and log it where something has changed for a person to read."""
        what = opening.partition(":")[0]
        if what != self._logged[0] or time.monotonic() - self._logged[1] > _LOG_EVERY:
            log.info("%s", opening)
            self._logged = (what, time.monotonic())
        if self._opened is None:
            self.state = opening

    def _lock_data_dir(self) -> None:
        folder = self.config.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise DataDirError(f"{folder} is in use by another receiver: stop that one first") from None
        except OSError as error:
            raise DataDirError(f"{folder} cannot be used as the data folder: {error.strerror}") from None

    def _prepare(self) -> Embedder:
        indexer = self.indexer
        embedder = self._models.prepare(self.config.model, indexer.progressed)
        if self._reranker is not None:
            self._reranker.load()
        return embedder

    def _minilm(self) -> Scorer:
        # numpy takes 0.1 s to import.
        from storage.embedding.reranker import Reranker  # noqa: PLC0415

        return Reranker.with_axes(self._models.prepare(MINILM, lambda _share, _doing: None), self.config.data_dir)

    def _preparer(self) -> Preparer:
        return PreparerProcess(self.config.model, self.config.data_dir, self.config.threads)

    def _keywords_first(self) -> KeywordsFirst:
        known = vectors_of(self.config.model)
        return KeywordsFirst(
            lambda: PreparerProcess(None, self.config.data_dir, 1), None if known is None else Vectors(*known)
        )

    def _indexes(self) -> Indexes:
        config = self.config
        return Indexes(
            url=config.qdrant_url,
            api_key=config.qdrant_api_key,
            collection=config.qdrant_collection,
            shards=config.qdrant_shards,
            data_dir=config.data_dir,
        )
