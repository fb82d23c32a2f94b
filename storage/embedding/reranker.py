"""Scores the candidates of a search with MiniLM, which reads whole sentences: few texts, within a given time.

It reads the query first, which already helps the static table to find more: the table's axes are MiniLM's principal
components, so MiniLM's vector of the query can be compared with the table's vectors of texts. With the mean of that and
the table's own vector, nDCG@10 of `bench/search.py` by meaning alone is 0.53 instead of 0.47.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.embedding import static
from storage.embedding.model import MINILM, Embedder, prepare
from storage.embedding.model_folders import Progress

# Vectors kept, of 1.5 kB each: the same candidates occur when a search is refined, or its next page is read.
_KEPT = 2_000
# Characters that 256 tokens have, about, and what a text costs beside its own.
_READ, _START = 1_200, 30


class Reranker:
    """Scores texts with `embedder`. Threads may call it concurrently; they take turns.

    The vectors of the last texts are `kept`.

    Texts are read one by one, which is as fast as in batches of 2 or 4. Milliseconds a text, with 1 and 2 threads: at
    23 tokens 13 and 5, at 45 21 and 9, at 256 70 and 45.
    """

    def __init__(self, embedder: Embedder, axes: NDArray[np.float32] | None = None, kept: int = _KEPT) -> None:
        self._embedder = embedder
        self._axes = axes
        self._kept = kept
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._turn = threading.Lock()
        # Seconds a character takes, as lately seen.
        self._pace = 0.0
        self._read("what is to be known before the first search, so that it ends in time too")

    @classmethod
    def prepared(cls, data_dir: Path, threads: int, progress: Progress = lambda *_: None) -> Reranker:
        """Load MiniLM and the table's axes, built now if they are not there.

        Blocks, and raises, as `storage.embedding.model.prepare` does.
        """
        folder = static.folder(data_dir / "models", progress)
        axes = np.fromfile(folder / static.AXES, np.float32).reshape(-1, static.DIMENSIONS)
        return cls(prepare(MINILM, data_dir, threads, progress), axes)

    def query_vector(self, query: str, vector: NDArray[np.float32], deadline: float) -> NDArray[np.float32]:
        """Return the vector to search the static index with: the mean of the table's `vector` of a query and MiniLM's.

        Returns `vector` if MiniLM cannot finish before `deadline`, a `time.monotonic()`. Blocks.
        """
        if self._axes is None or not self._turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return vector
        try:
            read = self._vector(query, deadline, self._needed(query))
        finally:
            self._turn.release()
        if read is None:
            return vector
        placed = read @ self._axes
        query_vector: NDArray[np.float32] = vector + placed / np.linalg.norm(placed)
        return query_vector

    def score(self, query: str, texts: list[str], deadline: float) -> list[float]:
        """Return the cosine of the query and each text, in order, of as many as can be read before `deadline`.

        `deadline` is a `time.monotonic()`; it is exceeded by one text at most. Recently read texts are cached. Only the
        first 256 tokens of a text are read. Blocks.
        """
        if not self._turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return []
        try:
            asked = self._vector(query, deadline, 0.0)
            if asked is None:
                return []
            scores: list[float] = []
            for text in texts:
                # The first text is read if any time is left; otherwise a pace that was slow once would never recover.
                vector = self._vector(text, deadline, self._needed(text) if scores else 0.0)
                if vector is None:
                    break
                scores.append(float(asked @ vector))
            return scores
        finally:
            self._turn.release()

    def _needed(self, text: str) -> float:
        return self._pace * (min(len(text), _READ) + _START)

    def _vector(self, text: str, deadline: float, needed: float) -> NDArray[np.float32] | None:
        """Return a text's vector, or None if reading it, `needed` seconds, would exceed the deadline."""
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
        if len(self._vectors) > self._kept:
            self._vectors.popitem(last=False)
        return vector


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
