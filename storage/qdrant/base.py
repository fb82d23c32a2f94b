"""The interface of both search indexes, and its values.

A point is an event: the named vectors `dense` (meaning) and `bm25` (words), and the payload for filters. Ids are UUIDs,
times are nanoseconds. Qdrant's datetime index has microseconds: a filter may match an event that is less than one
microsecond outside its period, and never misses one inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from mapping.times import LATEST, format_rfc3339
from storage.filters import SearchFilter

if TYPE_CHECKING:  # numpy costs the engine's process 25 MB, and it only reads bytes
    from numpy import float32
    from numpy.typing import NDArray

    Vector = Sequence[float] | NDArray[float32]

DENSE = "dense"
WORDS = "bm25"

# The payload's fields: those that filters compare, and the time.
KEYWORDS = SearchFilter.fields()
TIMESTAMP = "timestamp"
# The fields by which events can be counted.
FACETS = ("event_type", "agent_id", "service", "status")
# How many values of a field are counted, even if fewer are requested: each segment of an index has its own most
# frequent ones.
FACET_DEPTH = 1_000


def fused_depth(limit: int) -> int:
    """Return the length of each list to fuse: long enough that a hit in the middle of both is in both."""
    return max(4 * limit, 100)


def period(where: SearchFilter) -> tuple[str | None, str | None]:
    """Return `since` and `until` as RFC 3339; `until` is rounded up, because the index rounds down."""
    since = None if where.since is None else format_rfc3339(where.since)
    until = None if where.until is None else format_rfc3339(min(-(-where.until // 1000) * 1000, LATEST))
    return since, until


class Point(msgspec.Struct):
    """An event to index. `payload` has those of the `KEYWORDS` that the event has, and `timestamp` as RFC 3339.

    The words of `text` are searched; `identifiers` match only as a whole.
    """

    id: str
    dense: Vector | None
    text: str
    payload: dict[str, Any]
    identifiers: Sequence[str] = ()


class Hit(NamedTuple):
    """A hit: an event's id and its score. Scores (cosine, BM25, fused) are comparable within one list only."""

    id: str
    score: float


def most_frequent(counts: Iterable[tuple[str, int]], limit: int) -> list[tuple[str, int]]:
    """Return the most frequent values; equally frequent ones by name.

    Values of deleted points, which Qdrant still lists with a count of 0, are left out.
    """
    return sorted((pair for pair in counts if pair[1]), key=lambda pair: (-pair[1], pair[0]))[:limit]


class VectorIndex(Protocol):
    """The search index. Any method may raise IndexUnavailable or IndexUnusable; ValueError means wrong arguments.

    `dimensions` is None if there is no embedding: then points have no dense vector, and only words are searched.
    """

    dimensions: int | None

    async def open(self) -> None:
        """Open or connect to the index, and create it if it does not exist."""

    async def close(self) -> None: ...

    async def upsert(self, packed: bytes) -> None:
        """Store packed points (`storage.qdrant.packing`); each replaces the point with its id. Searches wait."""

    async def flush(self) -> None:
        """Make all previous changes durable."""

    async def set_payload(self, ids: list[str], payload: dict[str, Any]) -> None:
        """Set fields of the points' payloads; missing points are ignored."""

    async def delete(self, ids: list[str]) -> None: ...

    async def search_dense(self, vector: Vector, where: SearchFilter, limit: int) -> list[Hit]:
        """Return the points nearest in meaning (cosine)."""

    async def search_words(self, text: str, where: SearchFilter, limit: int) -> list[Hit]:
        """Return the points that match by words (BM25). A text without words has no hits."""

    async def search_similar(self, point_id: str, where: SearchFilter, limit: int) -> list[Hit] | None:
        """Return the points nearest in meaning to a stored point, without itself; None if there is no such point.

        A point without a dense vector has no neighbours.
        """

    async def facets(self, where: SearchFilter, fields: Sequence[str], limit: int) -> dict[str, list[tuple[str, int]]]:
        """Return by field (`FACETS`) its `limit` most frequent values, and how many points have each.

        The most frequent value is first. The numbers are exact if the field has no more than `FACET_DEPTH` values.
        """

    async def count(self) -> int: ...

    async def remove(self) -> None:
        """Close and remove the index, even if it is damaged or has other dimensions. `open` creates it again."""
