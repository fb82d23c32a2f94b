"""The process in which Qdrant Edge runs: `python -m storage.qdrant.engine`, started by `EdgeIndex`.

Edge 0.9.0 holds Python's global lock in every call, for ~80 fsyncs in a flush (15 ms, at worst 300). In a thread it
would stop the whole receiver for as long. In a process of its own it stops nothing, and if the engine aborts, the
receiver goes on. Requests come on standard input, answers go to standard output, one at a time. The process ends with
its input, and so with the receiver, however that ends.

Its `optimize` writes the points that it holds in memory to files (`layout.py`), and stops everything for two seconds
for 20,000 of them. Meanwhile another such process answers searches, of the same files (`Read`).
"""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import qdrant_edge as edge

from storage.errors import IndexUnavailable, IndexUnusable
from storage.qdrant.base import (
    DENSE,
    PASSAGE,
    REPEATED,
    SHOWN,
    SIGNATURE,
    TIMESTAMP,
    TOLD,
    WORDS,
    tellers,
)
from storage.qdrant.bm25 import query_vector
from storage.qdrant.layout import PAYLOAD_INDEXES, config_of
from storage.qdrant.locking import locked
from storage.qdrant.messages import (
    Count,
    CountPassages,
    Delete,
    Facet,
    Flush,
    Newest,
    Open,
    Optimize,
    Read,
    Repeating,
    SearchPoints,
    SearchSimilar,
    SetPayload,
    Told,
    Upsert,
)
from storage.qdrant.packing import PackedPoint, floats, integers, unpack
from storage.workers.memory import give_back
from storage.workers.request_loop import serve

_NICE = 5
_HIT = edge.PayloadSelector.Include(list(SHOWN))
# The largest number of traces that are counted for a passage, and of points that are looked at for what they tell.
_TRACES = 100_000
_TELLERS = 1_000
# Edge's folder of a shard's segments.
_SEGMENTS = "segments"

_Hit = tuple[str, float, int | None, list[int], list[int], str]


class Engine:
    """One Edge shard, once it is open."""

    def __init__(self) -> None:
        self._shard: edge.EdgeShard | None = None
        self._lock: IO[bytes] | None = None
        self._view: Path | None = None
        self._not_optimized = 0

    @property
    def shard(self) -> edge.EdgeShard:
        if self._shard is None:
            raise IndexUnavailable("the search index is not open")
        return self._shard

    def open(self, request: Open) -> None:
        path = Path(request.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = locked(path)
        path.mkdir(exist_ok=True)
        _check_dimensions(path, request.dimensions)
        _remove_view(path)
        try:
            # an empty folder is an index without points
            self._shard = edge.EdgeShard.load(str(path), config_of(request.dimensions))
            self._create_payload_indexes()
        except Exception as error:  # Edge raises nothing more precise
            raise IndexUnusable(f"the search index in {path} cannot be read: {error}") from error
        info = self._shard.info()
        # Points whose words are indexed, and whose vectors are not yet.
        self._not_optimized = 2 * info.points_count - info.indexed_vectors_count if request.dimensions else 0

    def read(self, request: Read) -> None:
        """Open an index, which another process has open, to search in it as it is now."""
        path = Path(request.path)
        _remove_view(path)
        self._view = _view_of(path)
        self._view.mkdir()
        # Edge would damage the log of the process that writes: this one gets another.
        (self._view / _SEGMENTS).symlink_to((path / _SEGMENTS).resolve())
        self._shard = edge.EdgeShard.load(str(self._view), config_of(request.dimensions))

    def _create_payload_indexes(self) -> None:
        present = self.shard.info().payload_schema
        for field in PAYLOAD_INDEXES.keys() - present.keys():
            self.shard.update(edge.UpdateOperation.create_field_index(field, PAYLOAD_INDEXES[field]))
        self.shard.flush()

    def upsert(self, request: Upsert) -> None:
        points = [_point(row) for row in unpack(request.rows)]  # all of them first: an invalid one changes nothing
        self.shard.update(edge.UpdateOperation.upsert_points(points))
        self._not_optimized += len(points)

    def set_payload(self, request: SetPayload) -> None:
        # By a filter, because to name a missing point would be an error.
        present = edge.Filter(must=[edge.HasIdCondition(set(request.ids))])
        self.shard.update(edge.UpdateOperation.set_payload_by_filter(present, request.payload))

    def delete(self, request: Delete) -> None:
        self.shard.update(edge.UpdateOperation.delete_points(list(request.ids)))

    def search(self, request: SearchPoints) -> list[_Hit]:
        where = _filter(request, without=request.without)
        query = edge.QueryRequest(limit=request.limit, query=_query(request), filter=where, with_payload=_HIT)
        return [_hit(hit) for hit in self.shard.query(query)]

    def similar(self, request: SearchSimilar) -> list[_Hit] | None:
        records = self.shard.retrieve([request.id], with_payload=False, with_vector=True)
        if not records:
            return None
        vectors = records[0].vector
        if not isinstance(vectors, dict) or DENSE not in vectors:
            return []
        query = edge.QueryRequest(
            limit=request.limit,
            query=edge.Query.Nearest(vectors[DENSE], using=DENSE),
            filter=_filter(request, but=[request.id], without=request.without),
            with_payload=_HIT,
        )
        return [_hit(hit) for hit in self.shard.query(query)]

    def newest(self, request: Newest) -> list[tuple[str, str]]:
        # A page of `order_by` begins at a value, not after a point.
        order = edge.OrderBy(TIMESTAMP, edge.Direction.Desc, request.until)
        scroll = edge.ScrollRequest(
            limit=request.limit,
            filter=_filter(request),
            with_payload=edge.PayloadSelector.Include([TIMESTAMP]),
            order_by=order,
        )
        records, _ = self.shard.scroll(scroll)
        return [(str(record.id), (record.payload or {})[TIMESTAMP]) for record in records]

    def count_passages(self, request: CountPassages) -> list[tuple[int, int, int]]:
        counts = []
        for passage in request.passages:
            where = _filter(request, passage=passage)
            traces = self.shard.facet(edge.FacetRequest("trace_id", limit=_TRACES, filter=where)).hits
            events = self.shard.count(edge.CountRequest(exact=True, filter=where))
            counts.append((passage, events, sum(hit.count > 0 for hit in traces)))
        return counts

    def told(self, request: Told) -> list[tuple[int, str | None]]:
        where = edge.Filter(
            must=[edge.FieldCondition(TOLD, match=edge.MatchAny(request.keys))],
            must_not=[edge.HasIdCondition(set(request.but))],
        )
        # Few points have one of the keys, unless the same is sent again and again; and these have the same keys.
        records, _ = self.shard.scroll(edge.ScrollRequest(limit=_TELLERS, filter=where, with_payload=_HIT))
        return list(tellers(request.keys, [(str(record.id), record.payload or {}) for record in records]).items())

    def repeating(self, request: Repeating) -> list[str]:
        where = edge.Filter(
            must=[edge.FieldCondition(REPEATED, match=edge.MatchAny(request.keys))],
            must_not=[edge.HasIdCondition(set(request.but))],
        )
        records, _ = self.shard.scroll(edge.ScrollRequest(limit=_TELLERS, filter=where, with_payload=False))
        return [str(record.id) for record in records]

    def facet(self, request: Facet) -> list[tuple[str, int]]:
        # `exact` takes 20 us a value, 90 ms for 5,000 agents, with the same result: it is for segments that are written
        # to while they are optimized, which Edge does not have.
        where = _filter(request)
        if request.ids is not None:
            where = edge.Filter(must=[edge.HasIdCondition(set(request.ids)), *([where] if where else [])])
        query = edge.FacetRequest(request.field, limit=request.limit, filter=where)
        return [(str(hit.value), hit.count) for hit in self.shard.facet(query).hits]

    def flush(self, _: Flush) -> int:
        self.shard.flush()
        return self._not_optimized

    def optimize(self, _: Optimize) -> None:
        self._not_optimized = 0
        self.shard.optimize()
        give_back()  # two thirds of what the process has

    def count(self, _: Count) -> int:
        return self.shard.count(edge.CountRequest(exact=True))

    def close(self) -> None:
        if self._view is not None:
            # Closed, it would write to files of the process that writes.
            shutil.rmtree(self._view, ignore_errors=True)
            os._exit(0)
        if self._shard is not None:
            self._shard.flush()
            self._shard.close()


def _view_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.reading")


def _remove_view(path: Path) -> None:
    shutil.rmtree(_view_of(path), ignore_errors=True)


def _check_dimensions(path: Path, dimensions: int | None) -> None:
    """Raise IndexUnusable if the shard has other dimensions, by Edge's own file; Edge would open it all the same."""
    try:
        vectors = json.loads((path / "edge_config.json").read_bytes()).get("vectors") or {}
    except (OSError, ValueError):
        return  # a new folder; or Edge reports what is wrong with the file
    actual = vectors.get(DENSE, {}).get("size")
    if actual != dimensions:
        raise IndexUnusable(f"the search index in {path} has vectors of {actual} dimensions, expected {dimensions}")


def _point(row: PackedPoint) -> edge.Point:
    vectors: dict[str, Any] = {WORDS: edge.SparseVector(integers(row.words), floats(row.weights))}
    if row.dense is not None:
        vectors[DENSE] = array("f", row.dense)  # to make a list takes 3 us longer
    return edge.Point(row.id, vectors, row.payload)


def _query(request: SearchPoints) -> edge.Query:
    if request.vector is not None:
        return edge.Query.Nearest(floats(request.vector), using=DENSE)
    return edge.Query.Nearest(query_vector(request.text or "", prompts=request.prompts), using=WORDS)


def _hit(hit: edge.ScoredPoint) -> _Hit:
    payload = hit.payload or {}
    told, repeated = payload.get(TOLD) or [], payload.get(REPEATED) or []
    return str(hit.id), hit.score, payload.get(PASSAGE), told, repeated, payload.get(SIGNATURE) or ""


def _filter(
    request: SearchPoints | SearchSimilar | Facet | Newest | CountPassages,
    but: Sequence[str] = (),
    without: Sequence[int] = (),
    passage: int | None = None,
) -> edge.Filter | None:
    must: list[Any] = [
        edge.FieldCondition(field, match=edge.MatchValue(int(value, 16) if field == PASSAGE else value))
        for field, value in request.matches
    ]
    if passage is not None:
        must.append(edge.FieldCondition(PASSAGE, match=edge.MatchValue(passage)))
    since, until = request.period
    if since or until:
        must.append(edge.FieldCondition(TIMESTAMP, range=edge.RangeDateTime(gte=since, lt=until)))
    must_not: list[Any] = [edge.HasIdCondition(set(but))] if but else []
    if without:
        must_not.append(edge.FieldCondition(PASSAGE, match=edge.MatchAny(list(without))))
    return edge.Filter(must=must, must_not=must_not) if must or must_not else None


def main() -> None:
    # Storing comes first: on two cores, indexing made the slowest acknowledgements 7% slower, and 19% without this.
    os.nice(_NICE)
    engine = Engine()
    serve(
        {
            Open: engine.open,
            Read: engine.read,
            Upsert: engine.upsert,
            SetPayload: engine.set_payload,
            Delete: engine.delete,
            SearchPoints: engine.search,
            SearchSimilar: engine.similar,
            Facet: engine.facet,
            Newest: engine.newest,
            CountPassages: engine.count_passages,
            Told: engine.told,
            Repeating: engine.repeating,
            Flush: engine.flush,
            Optimize: engine.optimize,
            Count: engine.count,
        }
    )
    engine.close()


if __name__ == "__main__":
    main()
