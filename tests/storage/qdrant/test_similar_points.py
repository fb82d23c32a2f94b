"""What is near a point that is there, for either index."""

import uuid

from storage.filters import SearchFilter
from storage.qdrant.base import Point

ALL = SearchFilter()


def name(number):
    return str(uuid.UUID(int=number))


def point(number, dense, **payload):
    return Point(name(number), dense, "refund", payload | {"timestamp": "2026-01-07T12:00:00Z"})


def numbers(hits):
    return [uuid.UUID(hit.id).int for hit in hits]


async def test_the_nearest_come_first_without_the_point_itself(index):
    await index.upsert([point(n, [1.0, n / 10, 0.0, 0.0]) for n in range(20)])
    hits = await index.search_similar(name(0), ALL, 5)
    assert numbers(hits) == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_its_equals_are_found(index):
    await index.upsert([point(n, [0.0, 1.0, 0.0, 0.0]) for n in range(5)])
    hits = await index.search_similar(name(3), ALL, 10)
    assert sorted(numbers(hits)) == [0, 1, 2, 4]
    assert all(abs(hit.score - 1) < 1e-5 for hit in hits)


async def test_filters_hold(index):
    await index.upsert([point(n, [1.0, n / 10, 0.0, 0.0], status="ok" if n % 2 else "error") for n in range(10)])
    assert numbers(await index.search_similar(name(0), SearchFilter(status="ok"), 3)) == [1, 3, 5]
    assert await index.search_similar(name(0), SearchFilter(status="ok", agent_id="a"), 3) == []


async def test_a_point_that_is_not_there_is_told_from_one_without_neighbours(index):
    assert await index.search_similar(name(1), ALL, 5) is None
    await index.upsert([point(1, [1.0, 0.0, 0.0, 0.0])])
    assert await index.search_similar(name(1), ALL, 5) == []
    await index.delete([name(1)])
    assert await index.search_similar(name(1), ALL, 5) is None


async def test_a_point_without_a_vector_is_near_none(index):
    await index.upsert([point(1, None), point(2, [1.0, 0.0, 0.0, 0.0])])
    assert await index.search_similar(name(1), ALL, 5) == []
    assert await index.search_similar(name(2), ALL, 5) == []


async def test_without_embedding_nothing_is_near(make_index):
    index = make_index(None)
    await index.open()
    await index.upsert([point(1, None), point(2, None)])
    assert await index.search_similar(name(1), ALL, 5) == []
    assert await index.search_similar(name(3), ALL, 5) is None
