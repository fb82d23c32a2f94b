"""Makes the points of events: the text to search, its vector, and the fields for filters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mapping.search_text.identifiers import identifiers_of
from mapping.search_text.text import text_of
from mapping.times import format_rfc3339
from storage.embedding.model import Embedder
from storage.errors import IndexUnavailable
from storage.filters import LiveFilter
from storage.indexing.points.messages import PackedPoints
from storage.qdrant.base import Point
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

    def make(self, answer: bytes, *, plain: bool = False) -> PackedPoints:
        """Return points of the events in an undecoded answer to `EVENTS`. Raises IndexUnavailable if it is an error."""
        events = _events(answer)
        texts = [text_of(event.get("name"), event["properties"]) for event in events]
        points = [
            Point(event["id"], vector, text, _payload(event), identifiers_of(event))
            for event, text, vector in zip(events, texts, self._embedded(texts), strict=True)
        ]
        dimensions = self._embedder.dimensions if self._embedder else None
        packed = pack(points, dimensions)
        for point in points:
            point.dense = None
        return PackedPoints([point.id for point in points], packed, pack(points, dimensions) if plain else None)

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


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    payload = {field: value for field in _PAYLOAD if (value := event.get(field)) is not None}
    payload["timestamp"] = format_rfc3339(event["timestamp"])
    service = event.get("service")
    return payload | {"service": service} if isinstance(service, str) and service else payload
