"""The process in which Qdrant Edge runs: `python -m storage.qdrant.engine`, started by `EdgeIndex`.

Edge 0.9.0 holds Python's global lock in every call, for ~80 fsyncs in a flush (15 ms, at worst 300). In a thread it
would stop the whole receiver for as long. In a process of its own it stops nothing, and if the engine aborts, the
receiver goes on. Requests come on standard input, answers go to standard output, one at a time. The process ends with
its input, and so with the receiver, however that ends.

Edge's `optimize` is not called. With 100,000 points it blocks everything for 14 s without a graph (HNSW), three times
as long with one, and then needs 100 MB more memory; without it, comparing with every point takes 6 ms.
"""

from __future__ import annotations

import json
import os
from array import array
from pathlib import Path
from typing import IO, Any

import qdrant_edge as edge

from storage.errors import IndexUnavailable, IndexUnusable
from storage.qdrant.base import DENSE, KEYWORDS, TIMESTAMP, WORDS
from storage.qdrant.bm25 import query_vector
from storage.qdrant.locking import locked
from storage.qdrant.messages import Count, Delete, Facet, Flush, Open, SearchPoints, SearchSimilar, SetPayload, Upsert
from storage.qdrant.packing import PackedPoint, floats, integers, unpack
from storage.workers.request_loop import serve

_NICE = 5


class Engine:
    """One Edge shard, once it is open."""

    def __init__(self) -> None:
        self._shard: edge.EdgeShard | None = None
        self._lock: IO[bytes] | None = None

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
        try:
            self._shard = edge.EdgeShard.load(
                str(path), _config(request.dimensions)
            )  # an empty folder is an index without points
            self._create_payload_indexes()
        except Exception as error:  # Edge raises nothing more precise
            raise IndexUnusable(f"the search index in {path} cannot be read: {error}") from error

    def _create_payload_indexes(self) -> None:
        present = self.shard.info().payload_schema
        kinds = dict.fromkeys(KEYWORDS, edge.PayloadSchemaType.Keyword)
        kinds[TIMESTAMP] = edge.PayloadSchemaType.Datetime
        for field in kinds.keys() - present.keys():
            self.shard.update(edge.UpdateOperation.create_field_index(field, kinds[field]))
        self.shard.flush()

    def upsert(self, request: Upsert) -> None:
        points = [_point(row) for row in unpack(request.rows)]  # all of them first: an invalid one changes nothing
        self.shard.update(edge.UpdateOperation.upsert_points(points))

    def set_payload(self, request: SetPayload) -> None:
        # By a filter, because to name a missing point would be an error.
        present = edge.Filter(must=[edge.HasIdCondition(set(request.ids))])
        self.shard.update(edge.UpdateOperation.set_payload_by_filter(present, request.payload))

    def delete(self, request: Delete) -> None:
        self.shard.update(edge.UpdateOperation.delete_points(list(request.ids)))

    def search(self, request: SearchPoints) -> list[tuple[str, float]]:
        query = edge.QueryRequest(limit=request.limit, query=_query(request), filter=_filter(request))
        return [(str(hit.id), hit.score) for hit in self.shard.query(query)]

    def similar(self, request: SearchSimilar) -> list[tuple[str, float]] | None:
        records = self.shard.retrieve([request.id], with_payload=False, with_vector=True)
        if not records:
            return None
        vectors = records[0].vector
        if not isinstance(vectors, dict) or DENSE not in vectors:
            return []
        query = edge.QueryRequest(
            limit=request.limit,
            query=edge.Query.Nearest(vectors[DENSE], using=DENSE),
            filter=_filter(request, but=request.id),
        )
        return [(str(hit.id), hit.score) for hit in self.shard.query(query)]

    def facet(self, request: Facet) -> list[tuple[str, int]]:
        # `exact` takes 20 us a value, 90 ms for 5,000 agents, with the same result: it is for segments that are written
        # to while they are optimized, which Edge does not have.
        query = edge.FacetRequest(request.field, limit=request.limit, filter=_filter(request))
        return [(str(hit.value), hit.count) for hit in self.shard.facet(query).hits]

    def flush(self, _: Flush) -> None:
        self.shard.flush()

    def count(self, _: Count) -> int:
        return self.shard.count(edge.CountRequest(exact=True))

    def close(self) -> None:
        if self._shard is not None:
            self._shard.flush()
            self._shard.close()


def _config(dimensions: int | None) -> edge.EdgeConfig:
    # Half of float32's memory and two thirds of its time. Edge uses 8-bit vectors only in optimized segments.
    datatype = edge.VectorStorageDatatype.Float16
    dense = {DENSE: edge.EdgeVectorParams(dimensions, edge.Distance.Cosine, datatype=datatype)} if dimensions else None
    return edge.EdgeConfig(
        vectors=dense, sparse_vectors={WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)}
    )


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
    return edge.Query.Nearest(query_vector(request.text or ""), using=WORDS)


def _filter(request: SearchPoints | SearchSimilar | Facet, but: str | None = None) -> edge.Filter | None:
    must: list[Any] = [edge.FieldCondition(field, match=edge.MatchValue(value)) for field, value in request.matches]
    since, until = request.period
    if since or until:
        must.append(edge.FieldCondition(TIMESTAMP, range=edge.RangeDateTime(gte=since, lt=until)))
    if but is not None:
        return edge.Filter(must=must, must_not=[edge.HasIdCondition({but})])
    return edge.Filter(must=must) if must else None


def main() -> None:
    # Storing comes first: on two cores, indexing made the slowest acknowledgements 7% slower, and 19% without this.
    os.nice(_NICE)
    engine = Engine()
    serve(
        {
            Open: engine.open,
            Upsert: engine.upsert,
            SetPayload: engine.set_payload,
            Delete: engine.delete,
            SearchPoints: engine.search,
            SearchSimilar: engine.similar,
            Facet: engine.facet,
            Flush: engine.flush,
            Count: engine.count,
        }
    )
    engine.close()


if __name__ == "__main__":
    main()
