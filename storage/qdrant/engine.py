"""The process Qdrant Edge runs in: `python -m storage.qdrant.engine`, started by `EdgeIndex`.

Edge 0.9.0 holds Python's global lock in every call, for ~80 fsyncs in a flush (15 ms, at worst 300). A thread of its
own would stop the whole receiver for as long. A process of its own stops nothing, and should the engine abort, the
receiver stays. Requests come on standard input, answers go to standard output, one at a time. The process ends with its
input, so with the receiver, however that ends.

Edge's `optimize` is not called. It holds all others up for 14 s at 100,000 points without a graph (HNSW), three times
as long with one, and takes 100 MB more in the end; comparing with every point takes 6 ms there.
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
from storage.qdrant.messages import Count, Delete, Facet, Flush, Open, Search, SetPayload, Similar, Upsert
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
            )  # an empty folder is one without points
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
        points = [_point(row) for row in unpack(request.rows)]  # all of them first: a bad one changes nothing
        self.shard.update(edge.UpdateOperation.upsert_points(points))

    def set_payload(self, request: SetPayload) -> None:
        # By a filter, since naming a point that is not there is an error.
        present = edge.Filter(must=[edge.HasIdCondition(set(request.ids))])
        self.shard.update(edge.UpdateOperation.set_payload_by_filter(present, request.payload))

    def delete(self, request: Delete) -> None:
        self.shard.update(edge.UpdateOperation.delete_points(list(request.ids)))

    def search(self, request: Search) -> list[tuple[str, float]]:
        query = edge.QueryRequest(limit=request.limit, query=_query(request), filter=_filter(request))
        return [(str(hit.id), hit.score) for hit in self.shard.query(query)]

    def similar(self, request: Similar) -> list[tuple[str, float]] | None:
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
        # `exact` takes 20 us for each value, 90 ms for 5,000 agents, and counted no differently: what it is for are
        # segments that are written to while they are optimized, which Edge has none of.
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
    # Half of float32's memory and two thirds of its time; Edge compares 8-bit vectors only where it has optimized.
    datatype = edge.VectorStorageDatatype.Float16
    dense = {DENSE: edge.EdgeVectorParams(dimensions, edge.Distance.Cosine, datatype=datatype)} if dimensions else None
    return edge.EdgeConfig(
        vectors=dense, sparse_vectors={WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)}
    )


def _check_dimensions(path: Path, dimensions: int | None) -> None:
    """Compare with what Edge noted beside the shard: it opens an index with vectors where none are asked for."""
    try:
        vectors = json.loads((path / "edge_config.json").read_bytes()).get("vectors") or {}
    except (OSError, ValueError):
        return  # a new folder; or Edge says what it thinks of the file
    records = vectors.get(DENSE, {}).get("size")
    if records != dimensions:
        raise IndexUnusable(
            f"the search index in {path} has vectors of {records} dimensions, and {dimensions} are needed"
        )


def _point(row: PackedPoint) -> edge.Point:
    vectors: dict[str, Any] = {WORDS: edge.SparseVector(integers(row.words), floats(row.weights))}
    if row.dense is not None:
        vectors[DENSE] = array("f", row.dense)  # a list takes 3 us longer to make
    return edge.Point(row.id, vectors, row.payload)


def _query(request: Search) -> edge.Query:
    if request.vector is not None:
        return edge.Query.Nearest(floats(request.vector), using=DENSE)
    return edge.Query.Nearest(query_vector(request.text or ""), using=WORDS)


def _filter(request: Search | Similar | Facet, but: str | None = None) -> edge.Filter | None:
    must: list[Any] = [edge.FieldCondition(field, match=edge.MatchValue(value)) for field, value in request.matches]
    since, until = request.period
    if since or until:
        must.append(edge.FieldCondition(TIMESTAMP, range=edge.RangeDateTime(gte=since, lt=until)))
    if but is not None:
        return edge.Filter(must=must, must_not=[edge.HasIdCondition({but})])
    return edge.Filter(must=must) if must else None


def main() -> None:
    # What is stored comes first: with two cores shared, the slowest acknowledgements took 7% longer, and else 19%.
    os.nice(_NICE)
    engine = Engine()
    serve(
        {
            Open: engine.open,
            Upsert: engine.upsert,
            SetPayload: engine.set_payload,
            Delete: engine.delete,
            Search: engine.search,
            Similar: engine.similar,
            Facet: engine.facet,
            Flush: engine.flush,
            Count: engine.count,
        }
    )
    engine.close()


if __name__ == "__main__":
    main()
