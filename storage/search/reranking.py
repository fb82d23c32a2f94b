"""MiniLM at query time: it reads the query and then the best candidates, within a given time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")


class Scorer(Protocol):
    """The interface of `storage.embedding.reranker.Reranker`, where the methods are described."""

    def query_vector(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]: ...

    def score(self, query: str, texts: Iterable[str], deadline: float, least: int, latest: float) -> list[float]: ...


# A busy machine reads so many candidates all the same, in up to so many times the budget: with fewer, the order is that
# of the index.
AT_LEAST, _BUDGETS = 8, 3
# Seconds in which a thread that has nothing to do begins.
_TO_BEGIN = 0.02


class TimedReranker:
    """Re-ranks for `budget` seconds per search, and on a busy machine for longer (`AT_LEAST`).

    Searches take turns; one that waits for longer than the budget is not re-ranked. Until the model is loaded, or if it
    fails, search works without it.
    """

    def __init__(self, load: Callable[[], Scorer], budget: float) -> None:
        self.budget = budget
        self._load = load
        self._reader: Scorer | None = None
        # One thread: two would each run half as fast, and leave no core to ingest.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reranking")

    def load(self) -> None:
        """Load the model. Blocks."""
        try:
            self._reader = self._load()
        except Exception:  # the libraries that build and load models raise types of their own
            log.exception("search results will not be re-ranked: the model for it cannot be loaded")

    async def query_vector(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]:
        """Return a better vector for the query than the given one, or the given one if there is no time."""
        reader = self._reader
        if reader is None:
            return vector
        return await self._in_time(deadline, lambda: reader.query_vector(query, vector, deadline), vector)

    async def scores(self, query: str, texts: Iterable[str], deadline: float) -> list[float]:
        """Return the cosines of the query and each text, in order, for as many texts as can be read in time.

        `deadline` is the end of the budget, a time of the monotonic clock. The texts are taken in a thread, and not
        those for which there is no time.
        """
        reader = self._reader
        if reader is None:
            return []
        latest = deadline + (_BUDGETS - 1) * self.budget
        return await self._in_time(deadline, lambda: reader.score(query, texts, deadline, AT_LEAST, latest), [])

    async def _in_time(self, deadline: float, read: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """Return the result of `read`, run in the thread, or `otherwise` if it cannot start before `deadline`.

        The deadline is a time of the monotonic clock, in seconds.
        """
        turn = self._thread.submit(read)
        answer = asyncio.wrap_future(turn)
        await asyncio.wait({answer}, timeout=max(deadline - time.monotonic(), _TO_BEGIN))
        if not answer.done() and turn.cancel():
            return otherwise
        try:
            return await answer
        except Exception:  # a runtime's own types; the search has its results without this
            log.exception("the search results are not re-ranked: the model for it failed")
            return otherwise
