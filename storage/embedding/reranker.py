"""Scores the candidates of a search with MiniLM, which reads whole sentences: few texts, within a given time.

It also improves the query's vector for the static table. The table's axes are MiniLM's principal components, so
MiniLM's vector of the query can be compared with the table's vectors of texts. With the sum of both, nDCG@10 of
`bench/search.py` by meaning alone is 0.53; with the table's own vector alone it is 0.47.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.embedding import static
from storage.embedding.model import Embedder

# The maximum number of cached vectors, of 1.5 kB each: the same candidates occur when a search is refined.
_CACHED = 2_000
# About how many characters 256 tokens have, and how many characters' time each text takes in addition to its own.
_READ, _START = 1_200, 30


class Reranker:
    """Scores texts with `embedder`. Threads may call it concurrently; they take turns.

    The vectors of the last `cached` texts are cached. Texts are read one by one, which is as fast as in batches of 2 or
    4. Milliseconds a text, with 1 and 2 threads: 13 and 5 for 23 tokens, 21 and 9 for 45, 70 and 45 for 256.
    """

    def __init__(self, embedder: Embedder, axes: NDArray[np.float32] | None = None, cached: int = _CACHED) -> None:
        self._embedder = embedder
        self._axes = axes
        self._cached = cached
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._turn = threading.Lock()
        # Seconds that a character took in the last text.
        self._pace = 0.0
        self._read("a text to measure the pace by, so that the first search ends in time, too")

    @classmethod
    def with_axes(cls, minilm: Embedder, data_dir: Path) -> Reranker:
        """Return a re-ranker with MiniLM and the table's axes, which are built now if they do not exist.

        Blocks. Raises OSError as `storage.embedding.static.folder` does.
        """
        folder = static.folder(data_dir / "models", lambda _share, _doing: None)
        axes = np.fromfile(folder / static.AXES, np.float32).reshape(-1, static.DIMENSIONS)
        return cls(minilm, axes)

    def query_vector(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]:
        """Return the vector of a query for an index of the static table: the sum of the table's `vector` and MiniLM's.

        Returns `vector` if MiniLM cannot finish before `deadline`, a `time.monotonic()`. Blocks.
        """
        if self._axes is None or not self._turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return vector
        try:
            by_minilm = self._vector(query, deadline, self._needed(query))
        finally:
            self._turn.release()
        if by_minilm is None:
            return vector
        along_axes = by_minilm @ self._axes
        query_vector: NDArray[np.float32] = vector + along_axes / np.linalg.norm(along_axes)
        return query_vector

    def score(
        self, query: str, texts: Iterable[str], deadline: float, least: int = 0, latest: float = 0.0
    ) -> list[float]:
        """Return the cosines of the query and each text, in order, for as many texts as can be read before `deadline`.

        The first `least` texts are read until `latest`. Both times are a `time.monotonic()`; they are exceeded by at
        most one text. Only the first 256 tokens of a text are read. Blocks.
        """
        if not self._turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return []
        try:
            query_vector = self._vector(query, max(deadline, latest), 0.0)
            if query_vector is None:
                return []
            scores: list[float] = []
            is_measured = False
            for text in texts:
                until = max(deadline, latest) if len(scores) < least else deadline
                # The first text that is not cached is read if any time is left; otherwise nothing would measure that a
                # slow pace is over.
                is_cached = _key(text) in self._vectors
                vector = self._vector(text, until, self._needed(text) if is_measured else 0.0)
                if vector is None:
                    break
                is_measured = is_measured or not is_cached
                scores.append(float(query_vector @ vector))
            return scores
        finally:
            self._turn.release()

    def _needed(self, text: str) -> float:
        return self._pace * (min(len(text), _READ) + _START)

    def _vector(self, text: str, deadline: float, needed: float) -> NDArray[np.float32] | None:
        """Return a text's vector, or None if it is not cached and reading it takes too long (`needed` seconds)."""
        key = _key(text)
        if key in self._vectors:
            self._vectors.move_to_end(key)
            return self._vectors[key]
        return self._read(text) if time.monotonic() + needed < deadline else None

    def _read(self, text: str) -> NDArray[np.float32]:
        started = time.monotonic()
        vector: NDArray[np.float32] = self._embedder.embed([text])[0]
        self._pace = (time.monotonic() - started) / (min(len(text), _READ) + _START)
        self._vectors[_key(text)] = vector
        if len(self._vectors) > self._cached:
            self._vectors.popitem(last=False)
        return vector


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
