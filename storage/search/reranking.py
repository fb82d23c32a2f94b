"""MiniLM at query time: it reads the query, and again the best that was found for it, within a time that is given."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_Given = TypeVar("_Given")


class Reader(Protocol):
    """`storage.embedding.reranker.Reranker`, which says what these do."""

    def looked_for(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]: ...

    def score(self, query: str, texts: list[str], deadline: float) -> list[float]: ...


class Rereading:
    """Reads for each search for at most `budget` seconds in all. They take turns, and who waits too long goes without.

    Until the model is loaded, or should it fail, everything is found and ordered without it.
    """

    def __init__(self, load: Callable[[], Reader], budget: float) -> None:
        self.budget = budget
        self._load = load
        self._reader: Reader | None = None
        # One thread: two would read half as fast each, and leave no core to ingest.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rereading")

    def load(self) -> None:
        """Load the model. Blocks."""
        try:
            self._reader = self._load()
        except Exception:  # what builds and loads models raises types of its own
            log.exception("what is found will not be re-ranked: the model for it cannot be loaded")

    async def looked_for(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]:
        """Give a better vector to search for than the index's model's own; that one where there is no time."""
        reader = self._reader
        if reader is None:
            return vector
        return await self._in_time(deadline, lambda: reader.looked_for(query, vector, deadline), vector)

    async def scores(self, query: str, texts: list[str], deadline: float) -> list[float]:
        """Give the cosines of the query and of as many texts, in their order, as can be read in time."""
        reader = self._reader
        if reader is None:
            return []
        return await self._in_time(deadline, lambda: reader.score(query, texts, deadline), [])

    async def _in_time(self, deadline: float, read: Callable[[], _Given], otherwise: _Given) -> _Given:
        """Run in the thread; `otherwise` where its turn does not come before the deadline, a `time.monotonic()`."""
        turn = self._thread.submit(read)
        given = asyncio.wrap_future(turn)
        await asyncio.wait({given}, timeout=max(deadline - time.monotonic(), 0))
        if not given.done() and turn.cancel():
            return otherwise
        try:
            return await given
        except Exception:  # a runtime's own types; the search has its results without this
            log.exception("what was found is not re-ranked: the model for it failed")
            return otherwise
