"""Makes the points of events: the text to search, its vector, and the fields for filters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mapping.search_text.identifiers import identifiers_of
from mapping.search_text.passages import passage_of
from mapping.search_text.text import Words, words_of
from mapping.times import format_rfc3339
from storage.embedding.model import Embedder
from storage.errors import IndexUnavailable
from storage.filters import LiveFilter
from storage.indexing.points.messages import PackedPoints
from storage.indexing.points.tellers import Tellers, Told
from storage.qdrant.base import PASSAGE, REPEATED, SIGNATURE, TOLD, Point
from storage.qdrant.packing import pack
from storage.surreal import cbor

if TYPE_CHECKING:  # as in storage.embedding.model
    from numpy import float32
    from numpy.typing import NDArray

# The query that reads the events. An event without a session or agent has its trace's, as everywhere
# (`storage.read.runs.agent_of`).
_OWN = [field for field in LiveFilter.fields() if field not in {"session_id", "agent_id"}]
EVENTS = f"""
SELECT id, name, properties, span_id, timestamp, {", ".join(_OWN)},
    session_id ?? type::record('agent_trace', trace_id).session_id AS session_id,
    agent_id ?? type::record('agent_run', trace_id).agent_id ?? type::record('agent_trace', trace_id).agent_id
        AS agent_id,
    (origin.resource ?? resource)['service.name'] AS service
FROM $events
"""  # noqa: S608 - names of our own fields; values are variables
_PAYLOAD = LiveFilter.fields()
# The vectors of the last texts are cached, because agents repeat themselves: 50 MB with 256 dimensions, 75 with 384.
_CACHED = 50_000


class PointMaker:
    """Makes points, without vectors if there is no model. Blocks; for one thread at a time.

    The vectors of the last `cached` texts are cached.
    """

    def __init__(self, embedder: Embedder | None, cached: int = _CACHED) -> None:
        self._embedder = embedder
        self._cached = cached
        self._vectors: OrderedDict[bytes, NDArray[float32]] = OrderedDict()
        self._tellers = Tellers()

    def make(self, answer: bytes, *, plain: bool = False, told: Mapping[int, str | None] | None = None) -> PackedPoints:
        """Return points of the events in an undecoded answer to `EVENTS`. Raises IndexUnavailable if it is an error.

        `told` are the keys of lines that other events tell, with the event that repeats one, None where it is new.
        """
        events = _events(answer)
        self._tellers.learn(told or {})
        words = [words_of(event.get("name"), event["properties"]) for event in events]
        told_by = self._tellers.told_by(events, words)
        texts = [
            of_event.text(line for lines in tells.earlier.values() for line in lines)
            for of_event, tells in zip(words, told_by, strict=True)
        ]
        vectors = self._embedded(texts)
        points = [
            _point(event, of_event, text, tells, vector)
            for event, of_event, text, tells, vector in zip(events, words, texts, told_by, vectors, strict=True)
        ]
        dimensions = self._embedder.dimensions if self._embedder else None
        packed = pack(points, dimensions)
        for point in points:
            point.dense = None
        return PackedPoints(
            [point.id for point in points],
            packed,
            pack(points, dimensions) if plain else None,
            [key for tells in told_by for key in tells.new],
            [key for tells in told_by for key in tells.repeated],
        )

    def forget_told(self) -> None:
        """Forget which event tells what, because events were deleted."""
        self._tellers.forget()

    def _embedded(self, texts: list[str]) -> Sequence[NDArray[float32] | None]:
        """Return the vectors of texts; those of recent texts are cached."""
        if self._embedder is None:
            return [None] * len(texts)
        keys = [blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}
        if new:
            self._vectors.update(zip(new, self._embedder.embed(list(new.values())), strict=True))
        vectors = [self._vectors[key] for key in keys]
        for key in keys:
            self._vectors.move_to_end(key)
        while len(self._vectors) > self._cached:
            self._vectors.popitem(last=False)
        return vectors


def _events(answer: bytes) -> list[dict[str, Any]]:
    decoded = cbor.decode(answer)
    if error := decoded.get("error"):
        raise IndexUnavailable(f"the store gives no events: {error.get('message')}")
    (statement,) = decoded["result"]
    if statement["status"] != "OK":
        raise IndexUnavailable(f"the store gives no events: {statement['result']}")
    events: list[dict[str, Any]] = statement["result"]
    return events


def _point(event: dict[str, Any], words: Words, text: str, told: Told, vector: NDArray[float32] | None) -> Point:
    payload = _payload(event)
    if (passage := passage_of(words, text)) is not None:
        payload[PASSAGE] = passage
    if keys := [*told.new, *told.repeated]:
        payload[TOLD] = keys
    if told.repeated:
        payload[REPEATED] = told.repeated
    if vector is not None:
        payload[SIGNATURE] = _signature(vector)
    return Point(event["id"], vector, text, payload, identifiers_of(event), "\n".join(told.prompts.values()))


def _signature(vector: NDArray[float32]) -> str:
    import numpy as np  # noqa: PLC0415 - loaded with the model, see above

    return np.packbits(vector > 0).tobytes().hex()


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    payload = {field: value for field in _PAYLOAD if (value := event.get(field)) is not None}
    payload["timestamp"] = format_rfc3339(event["timestamp"])
    service = event.get("service")
    return payload | {"service": service} if isinstance(service, str) and service else payload
