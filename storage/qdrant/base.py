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
PASSAGE = "passage"
KEYWORDS = tuple(field for field in SearchFilter.fields() if field != PASSAGE)
TIMESTAMP = "timestamp"
# Keys of messages' lines (`mapping.search_text.passages`): those that an event tells, and of these those that it tells
# though they are no news in it, because no other event does.
TOLD, REPEATED = "told", "repeated"
KEYS = (PASSAGE, TOLD, REPEATED)
# The signs of the dense vector's numbers, in hexadecimal: texts that are nearly the same have most of them in common.
SIGNATURE = "signature"
# What of a point's payload a hit has.
SHOWN = (*KEYS, SIGNATURE)
# The fields by which events can be counted.
FACETS = ("event_type", "agent_id", "service", "project", "status")
# How many values of a field are counted, even if fewer are requested: each segment of an index has its own most
# frequent ones.
FACET_DEPTH = 1_000
# How many points that match by words are counted at most.
WORDS_COUNTED = 10_000


def fused_depth(limit: int) -> int:
    """Return the length of each list to fuse: so long that it has different hits, however many are nearly the same."""
    return max(4 * limit, 400)


def period(where: SearchFilter) -> tuple[str | None, str | None]:
    """Return `since` and `until` as RFC 3339; `until` is rounded up, because the index rounds down."""
    since = None if where.since is None else format_rfc3339(where.since)
    until = None if where.until is None else format_rfc3339(min(-(-where.until // 1000) * 1000, LATEST))
    return since, until


class Point(msgspec.Struct):
    """An event to index. `payload` has those of the `KEYWORDS` and `SHOWN` that it has, and `timestamp` as RFC 3339.

    The words of `text` are searched; `identifiers` match only as a whole. The words of `prompt` are searched apart.
    """

    id: str
    dense: Vector | None
    text: str
    payload: dict[str, Any]
    identifiers: Sequence[str] = ()
    prompt: str = ""


class Hit(NamedTuple):
    """A hit: an event's id and its score. Scores (cosine, BM25, fused) are comparable within one list only.

    `passage` is the key of what the event says, `told` are those of its messages' lines, and `repeated` those of
    earlier ones among these, which are part of its text. `signature` is that of its vector, "" without one.
    """

    id: str
    score: float
    passage: int | None = None
    told: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    signature: str = ""


class Occurrences(NamedTuple):
    """How many events say the same, and in how many traces."""

    events: int
    traces: int


class Counts(NamedTuple):
    """By field the most frequent values, and how many events have each; with words, `matching` have one of these."""

    values: dict[str, list[tuple[str, int]]]
    matching: int | None = None


def tellers(keys: Iterable[int], points: Iterable[tuple[str, dict[str, Any]]]) -> dict[int, str | None]:
    """Return those of the keys that one of the points, with their payloads, tells: `VectorIndex.told`."""
    told: dict[int, str | None] = {}
    for point_id, payload in points:
        repeated = frozenset(payload.get(REPEATED) or ())
        for key in payload.get(TOLD) or ():
            if key not in repeated:
                told[key] = None
            else:
                told.setdefault(key, point_id)
    return {key: told[key] for key in keys if key in told}


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

    async def search_dense(
        self, vector: Vector, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit]:
        """Return the points nearest in meaning (cosine), but none of these passages."""

    async def search_words(
        self, text: str, where: SearchFilter, limit: int, without: Sequence[int] = (), *, prompts: bool = False
    ) -> list[Hit]:
        """Return the points that match by words (BM25), but none of these passages. A text without words has no hits.

        With `prompts` the words of system prompts are searched, else those of texts.
        """

    async def search_similar(
        self, point_id: str, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit] | None:
        """Return the points nearest in meaning to a stored point, without itself; None if there is no such point.

        None of these passages is returned. A point without a dense vector has no neighbours.
        """

    async def newest(self, where: SearchFilter, limit: int, until: str | None = None) -> list[tuple[str, str]]:
        """Return ids and times (RFC 3339) of the points, the newest first: those of `until` and before, if given."""

    async def occurrences(self, passages: Sequence[int], where: SearchFilter) -> dict[int, Occurrences]:
        """Return how often each of these passages occurs among the points that pass the filter."""

    async def told(self, keys: Sequence[int], but: Sequence[str]) -> dict[int, str | None]:
        """Return those of the keys of lines that a point has (`TOLD`), other than the points with the ids `but`.

        With a key comes the id of the point that repeats the line, None if it is new in one.
        """

    async def repeating(self, keys: Sequence[int], but: Sequence[str]) -> list[str]:
        """Return the ids of the points, other than `but`, that have one of the keys of lines as repeated."""

    async def facets(self, where: SearchFilter, fields: Sequence[str], limit: int, words: str | None = None) -> Counts:
        """Return by field (`FACETS`) its `limit` most frequent values, and how many points have each.

        The most frequent value is first. The numbers are exact if the field has no more than `FACET_DEPTH` values. With
        `words` the points that match by words are counted, of more than `WORDS_COUNTED` the best.
        """

    async def count(self) -> int: ...

    async def remove(self) -> None:
        """Close and remove the index, even if it is damaged or has other dimensions. `open` creates it again."""
