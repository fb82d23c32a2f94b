"""The index in a Qdrant server or cluster: a collection that several receivers may share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from qdrant_edge import SparseVector

from storage.errors import IndexUnavailable, IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import (
    DENSE,
    FACET_DEPTH,
    KEYS,
    KEYWORDS,
    PASSAGE,
    REPEATED,
    SHOWN,
    SIGNATURE,
    TIMESTAMP,
    TOLD,
    WORDS,
    WORDS_COUNTED,
    Counts,
    Hit,
    Occurrences,
    most_frequent,
    period,
    tellers,
)
from storage.qdrant.bm25 import clean, query_vector
from storage.qdrant.packing import PackedPoint, floats, integers, unpack
from storage.qdrant.vectors import checked

if TYPE_CHECKING:
    from storage.qdrant.base import Vector

log = logging.getLogger(__name__)

_TIMEOUT = 10  # seconds

# Vectors are searched in memory with one byte a number, a quarter of their size; the best hits are then compared with
# the vectors on disk. Filters use the payload indexes, which are in memory.
_QUANTIZED = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
)

_KEY = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=False)
_PAYLOAD_INDEXES: dict[str, models.PayloadSchemaType | models.IntegerIndexParams] = {
    **dict.fromkeys(KEYWORDS, models.PayloadSchemaType.KEYWORD),
    TIMESTAMP: models.PayloadSchemaType.DATETIME,
    **dict.fromkeys(KEYS, _KEY),
}
# The largest number of traces that are counted for a passage, and of points that are looked at for what they tell.
_TRACES = 100_000
_TELLERS = 1_000


class ServerIndex:
    """An index in `collection` of the server at `url`; `:memory:` is the client's imitation of one, for tests.

    An upsert returns once the server has it in its write-ahead log and has applied it. A collection that does not exist
    yet is made with `shards`.
    """

    def __init__(self, url: str, api_key: str | None, collection: str, dimensions: int | None, shards: int = 1) -> None:
        self.dimensions = dimensions
        self._url = url
        self.collection = collection
        self._shards = shards
        # The compatibility check would send a blocking request now, and warn if the server cannot be reached.
        self._client = AsyncQdrantClient(
            location=url, api_key=api_key or None, timeout=_TIMEOUT, check_compatibility=False
        )

    async def open(self) -> None:
        async with self._errors():
            if not await self._client.collection_exists(self.collection):
                await self._create()
            info = await self._client.get_collection(self.collection)
            vectors = info.config.params.vectors
            actual = vectors[DENSE].size if isinstance(vectors, dict) and DENSE in vectors else None
            if actual != self.dimensions or WORDS not in (info.config.params.sparse_vectors or {}):
                raise IndexUnusable(
                    f"collection {self.collection} at {self._url} has {DENSE} vectors of {actual} dimensions, expected "
                    f"{self.dimensions}, and {WORDS} vectors beside them"
                )
            for field in _PAYLOAD_INDEXES.keys() - info.payload_schema.keys():
                await self._client.create_payload_index(self.collection, field, _PAYLOAD_INDEXES[field])

    async def _create(self) -> None:
        dense = (
            models.VectorParams(size=self.dimensions, distance=models.Distance.COSINE, on_disk=True)
            if self.dimensions
            else None
        )
        try:
            await self._client.create_collection(
                self.collection,
                vectors_config={DENSE: dense} if dense else {},
                sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                shard_number=self._shards,
                on_disk_payload=True,
                quantization_config=_QUANTIZED,
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another receiver was faster
                raise

    async def answer_to(self, alias: str) -> None:
        """Let `alias` point to this collection. If a collection has that name itself, only log a warning."""
        async with self._errors():
            if alias in {each.name for each in (await self._client.get_collections()).collections}:
                log.warning("%s at %s is a collection, not an alias: ours is %s", alias, self._url, self.collection)
                return
            aliases = {each.alias_name for each in (await self._client.get_aliases()).aliases}
            delete = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
            create = models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=self.collection, alias_name=alias)
            )
            await self._client.update_collection_aliases([delete, create] if alias in aliases else [create])

    async def remove(self) -> None:
        async with self._errors():
            await self._client.delete_collection(self.collection)

    async def close(self) -> None:
        await self._client.close()

    async def upsert(self, packed: bytes) -> None:
        # 250 points of 384 dimensions are ~1.2 MB of JSON; the server accepts 32 MB.
        if structs := await asyncio.to_thread(_structs, packed):
            async with self._errors():
                await self._client.upsert(self.collection, structs, wait=True)

    async def flush(self) -> None:
        """Do nothing: an upsert is in the server's write-ahead log when it returns."""

    async def set_payload(self, ids: list[str], payload: dict[str, Any]) -> None:
        # By a filter, because to name a missing point would be an error.
        present = models.Filter(must=[models.HasIdCondition(has_id=list(ids))])
        async with self._errors():
            await self._client.set_payload(self.collection, payload, points=present, wait=True)

    async def delete(self, ids: list[str]) -> None:
        if ids:  # the server refuses an empty list
            async with self._errors():
                await self._client.delete(self.collection, models.PointIdsList(points=list(ids)), wait=True)

    async def search_dense(
        self, vector: Vector, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit]:
        return await self._query(_filter(where, without=without), limit, query=self._list(vector), using=DENSE)

    async def search_words(
        self, text: str, where: SearchFilter, limit: int, without: Sequence[int] = (), *, prompts: bool = False
    ) -> list[Hit]:
        words = _sparse(query_vector(clean(text), prompts=prompts))
        within = _filter(where, without=without)
        return await self._query(within, limit, query=words, using=WORDS) if words.indices else []

    async def _query(self, within: models.Filter | None, limit: int, **query: Any) -> list[Hit]:
        async with self._errors():
            answer = await self._client.query_points(
                self.collection, query_filter=within, limit=limit, with_payload=list(SHOWN), **query
            )
        return [_hit(point) for point in answer.points]

    async def search_similar(
        self, point_id: str, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit] | None:
        async with self._errors():
            records = await self._client.retrieve(
                self.collection, [point_id], with_payload=False, with_vectors=[DENSE] if self.dimensions else False
            )
        if not records:
            return None
        vectors = records[0].vector
        vector = vectors.get(DENSE) if isinstance(vectors, dict) else None
        if vector is None:
            return []
        return await self._query(_filter(where, but=[point_id], without=without), limit, query=vector, using=DENSE)

    async def newest(self, where: SearchFilter, limit: int, until: str | None = None) -> list[tuple[str, str]]:
        order = models.OrderBy.model_validate({"key": TIMESTAMP, "direction": "desc", "start_from": until})
        async with self._errors():
            records, _ = await self._client.scroll(
                self.collection, scroll_filter=_filter(where), limit=limit, order_by=order, with_payload=[TIMESTAMP]
            )
        return [(str(record.id), (record.payload or {})[TIMESTAMP]) for record in records]

    async def occurrences(self, passages: Sequence[int], where: SearchFilter) -> dict[int, Occurrences]:
        counts = await asyncio.gather(*(self._occurrences(_filter(where, passage=passage)) for passage in passages))
        return dict(zip(passages, counts, strict=True))

    async def _occurrences(self, within: models.Filter | None) -> Occurrences:
        async with self._errors():
            traces = await self._client.facet(
                self.collection, "trace_id", facet_filter=within, limit=_TRACES, exact=True
            )
            events = await self._client.count(self.collection, within, exact=True)
        return Occurrences(events.count, sum(hit.count > 0 for hit in traces.hits))

    async def told(self, keys: Sequence[int], but: Sequence[str]) -> dict[int, str | None]:
        records = await self._with_keys(TOLD, keys, but)
        return tellers(keys, [(str(record.id), record.payload or {}) for record in records])

    async def repeating(self, keys: Sequence[int], but: Sequence[str]) -> list[str]:
        return [str(record.id) for record in await self._with_keys(REPEATED, keys, but)]

    async def _with_keys(self, field: str, keys: Sequence[int], but: Sequence[str]) -> list[models.Record]:
        if not keys:
            return []
        within = models.Filter(
            must=[models.FieldCondition(key=field, match=models.MatchAny(any=list(keys)))],
            must_not=[models.HasIdCondition(has_id=list(but))],
        )
        async with self._errors():
            records, _ = await self._client.scroll(
                self.collection, scroll_filter=within, limit=_TELLERS, with_payload=list(KEYS)
            )
        return records

    async def facets(self, where: SearchFilter, fields: Sequence[str], limit: int, words: str | None = None) -> Counts:
        within, ids = _filter(where), None
        if words is not None:
            ids = [hit.id for hit in await self.search_words(words, where, WORDS_COUNTED)]
            if not ids:
                return Counts({field: [] for field in fields}, 0)
            within = models.Filter(must=[models.HasIdCondition(has_id=list(ids)), *([within] if within else [])])
        counted: dict[str, list[tuple[str, int]]] = {}
        for field in fields:
            async with self._errors():
                answer = await self._client.facet(
                    self.collection, field, facet_filter=within, limit=max(limit, FACET_DEPTH), exact=True
                )
            counted[field] = most_frequent(((str(hit.value), hit.count) for hit in answer.hits), limit)
        return Counts(counted, None if ids is None else len(ids))

    async def count(self) -> int:
        async with self._errors():
            return (await self._client.count(self.collection, exact=True)).count

    def _list(self, vector: Vector) -> list[float]:
        values: list[float] = checked(vector, self.dimensions).tolist()
        return values

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        """Translate the client's exceptions into IndexUnavailable and IndexUnusable."""
        try:
            yield
        except ResponseHandlingException as error:
            raise IndexUnavailable(f"no Qdrant server answers at {self._url}: {error.source!r}") from error
        except JSONDecodeError as error:
            raise self._something_else() from error
        except ResourceExhaustedResponse as error:
            raise IndexUnavailable(f"the Qdrant server at {self._url} is too busy: {error}") from error
        except UnexpectedResponse as error:
            message = f"the Qdrant server at {self._url} answered {error.status_code}: {_reason(error)}"
            match error.status_code:
                case 400 | 422:
                    raise ValueError(message) from error
                case 404 if await self._is_gone():
                    raise IndexUnusable(f"collection {self.collection} is gone: {message}") from error
                case 404:
                    raise self._something_else() from error
                case _:  # 401 and 403, too: the server's operator may correct the key
                    raise IndexUnavailable(message) from error

    async def _is_gone(self) -> bool:
        """Return whether Qdrant says that there is no such collection: at a wrong address, anything is not found."""
        try:
            return not await self._client.collection_exists(self.collection)
        except (ResponseHandlingException, UnexpectedResponse, JSONDecodeError):
            return False

    def _something_else(self) -> IndexUnavailable:
        return IndexUnavailable(
            f"no Qdrant server answers at {self._url}, but something else does: correct storage.qdrant.url"
        )


def _structs(packed: bytes) -> list[models.PointStruct]:
    return [_struct(row) for row in unpack(packed)]


def _struct(row: PackedPoint) -> models.PointStruct:
    vectors: dict[str, Any] = {WORDS: models.SparseVector(indices=integers(row.words), values=floats(row.weights))}
    if row.dense is not None:
        vectors[DENSE] = floats(row.dense)
    return models.PointStruct(id=row.id, vector=vectors, payload=row.payload)


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=vector.indices, values=vector.values)


def _hit(point: models.ScoredPoint) -> Hit:
    payload = point.payload or {}
    told, repeated = (tuple(payload.get(field) or ()) for field in (TOLD, REPEATED))
    return Hit(str(point.id), point.score, payload.get(PASSAGE), told, repeated, payload.get(SIGNATURE) or "")


def _filter(
    where: SearchFilter, but: Sequence[str] = (), without: Sequence[int] = (), passage: int | None = None
) -> models.Filter | None:
    equal: dict[str, str | int] = {**where.equal()}
    if where.passage is not None:
        equal[PASSAGE] = int(where.passage, 16)
    if passage is not None:
        equal[PASSAGE] = passage
    must: list[models.Condition] = [
        models.FieldCondition(key=field, match=models.MatchValue(value=value)) for field, value in equal.items()
    ]
    since, until = period(where)
    if since or until:
        # `model_validate` reads RFC 3339; the constructor's arguments are typed as datetimes.
        must.append(
            models.FieldCondition(key=TIMESTAMP, range=models.DatetimeRange.model_validate({"gte": since, "lt": until}))
        )
    must_not: list[models.Condition] = [models.HasIdCondition(has_id=list(but))] if but else []
    if without:
        must_not.append(models.FieldCondition(key=PASSAGE, match=models.MatchAny(any=list(without))))
    return models.Filter(must=must, must_not=must_not) if must or must_not else None


def _reason(error: UnexpectedResponse) -> str:
    try:
        return str(error.structured()["status"]["error"])
    except (ValueError, TypeError, LookupError):  # a proxy's answer, say
        return error.content[:200].decode("utf-8", "replace") or error.reason_phrase
