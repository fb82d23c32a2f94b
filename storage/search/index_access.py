"""Access to the search index for requests: its states and failures become errors for the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mapping.errors import Code, Problem
from storage.embedding.model import Embedder
from storage.errors import IndexUnavailable, IndexUnusable, SearchOff
from storage.indexing.indexer import Indexer
from storage.qdrant.base import VectorIndex


@contextmanager
def asking(indexer: Indexer) -> Iterator[VectorIndex]:
    """Yield the index, and turn its failures into Problem. A damaged index is rebuilt.

    Raises SearchOff, and Problem (UNAVAILABLE) while the index is being prepared or cannot be reached.
    """
    _check(indexer)
    if indexer.index is None:
        raise _not_ready(indexer)
    try:
        yield indexer.index
    except IndexUnavailable as error:
        raise Problem(Code.UNAVAILABLE, f"the search index does not answer ({error}); try again") from error
    except IndexUnusable as error:
        indexer.rebuild()
        raise Problem(Code.UNAVAILABLE, f"the search index is being rebuilt ({error}); try again") from error


def model_of(indexer: Indexer) -> Embedder:
    """Return the model. Raises Problem as `asking` does."""
    _check(indexer)
    if indexer.embedder is None:
        raise _not_ready(indexer)
    return indexer.embedder


def _check(indexer: Indexer) -> None:
    if indexer.state == "off":
        raise SearchOff
    if indexer.state == "failed":
        raise Problem(Code.UNAVAILABLE, f"search is not possible: {indexer.reason}", retry_after=60)


def _not_ready(indexer: Indexer) -> Problem:
    message = f"the search index is {indexer.state} ({indexer.progress:.0%}: {indexer.reason}); try again"
    return Problem(Code.UNAVAILABLE, message, retry_after=2)
