"""What holds for either index."""

import asyncio
import uuid

import numpy as np
import pytest

from mapping.times import LATEST, format_rfc3339, parse_rfc3339
from storage.errors import IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import Point

ALL = SearchFilter()
EAST, NORTH = [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]
NOON = parse_rfc3339("2026-01-07T12:00:00Z")


def name(number: int) -> str:
    return str(uuid.UUID(int=number))


def point(number: int, dense=EAST, text="", at=NOON, **payload) -> Point:
    return Point(name(number), dense, text, payload | {"timestamp": format_rfc3339(at)})


def numbers(hits) -> list[int]:
    return [uuid.UUID(hit.id).int for hit in hits]


async def test_a_new_index_is_empty_and_finds_nothing(index):
    assert await index.count() == 0
    assert await index.search_dense(EAST, ALL, 10) == []
    assert await index.search_words("refund", ALL, 10) == []


async def test_dense_search_orders_by_cosine_whatever_the_length(index):
    await index.upsert([point(1, [0.0, 5.0, 0.0, 0.0]), point(2, [9.0, 9.0, 0.0, 0.0]), point(3, [0.1, 0.0, 0.0, 0.0])])
    hits = await index.search_dense(EAST, ALL, 10)
    assert numbers(hits) == [3, 2, 1]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-3)


async def test_vectors_may_be_numpy_arrays(index):
    await index.upsert([point(1, np.array(EAST, np.float32)), point(2, np.array(NORTH, np.float64))])
    assert numbers(await index.search_dense(np.array(NORTH, np.float32), ALL, 1)) == [2]


async def test_a_limit_is_kept(index):
    await index.upsert([point(number, text="refund") for number in range(600)])
    for search in (
        index.search_dense(EAST, ALL, 7),
        index.search_words("refund", ALL, 7),
    ):
        assert len(set(await search)) == 7
    assert await index.count() == 600


async def test_payload_can_be_set_without_the_point(index):
    await index.upsert([point(1, EAST, "refund", status="ok"), point(2, EAST, "refund", status="ok")])
    await index.set_payload([name(2), name(3)], {"session_id": "s"})
    assert numbers(await index.search_words("refund", SearchFilter(session_id="s", status="ok"), 5)) == [2]
    assert await index.count() == 2


async def test_upserting_again_replaces(index):
    await index.upsert([point(1, EAST, "refund", status="ok")])
    await index.upsert([point(1, NORTH, "weather", status="error"), point(2, EAST, "other")])
    assert await index.count() == 2
    assert numbers(await index.search_words("refund", ALL, 10)) == []
    assert numbers(await index.search_words("weather", SearchFilter(status="error"), 10)) == [1]
    assert numbers(await index.search_dense(NORTH, SearchFilter(status="ok"), 10)) == []


async def test_of_a_point_that_comes_twice_in_one_batch_the_last_counts(index):
    await index.upsert([point(1, text="first"), point(1, text="second")])
    assert await index.count() == 1
    assert numbers(await index.search_words("second", ALL, 10)) == [1]
    assert await index.search_words("first", ALL, 10) == []


async def test_no_points_are_no_work(index):
    await index.upsert([])
    await index.delete([])
    assert await index.count() == 0


async def test_a_point_may_lack_its_vector_or_its_words(index):
    await index.upsert([point(1, None, "refund"), point(2, EAST, "")])
    assert await index.count() == 2
    assert numbers(await index.search_dense(EAST, ALL, 10)) == [2]
    assert numbers(await index.search_words("refund", ALL, 10)) == [1]


async def test_deleted_points_are_never_found(index):
    await index.upsert([point(number, text="refund") for number in range(20)])
    await index.delete([name(number) for number in range(10)])
    await index.delete([name(3), name(99)])
    assert await index.count() == 10
    for search in (
        index.search_dense(EAST, ALL, 50),
        index.search_words("refund", ALL, 50),
    ):
        assert sorted(numbers(await search)) == list(range(10, 20))


async def test_rare_words_weigh_more_than_common_ones(index):
    await index.upsert([point(number, text="the order failed") for number in range(20)])
    await index.upsert([point(50, text="a chargeback"), point(51, text="order")])
    assert numbers(await index.search_words("order chargeback", ALL, 3))[0] == 50


@pytest.mark.parametrize("field", ["trace_id", "session_id", "agent_id", "event_type", "status", "service"])
async def test_each_field_filters_each_search(index, field):
    await index.upsert([point(1, EAST, "refund", **{field: "a b"}), point(2, EAST, "refund", **{field: "a"}), point(3)])
    for value, expected in (("a b", [1]), ("a", [2]), ("", []), ("b", [])):
        where = SearchFilter(**{field: value})
        assert numbers(await index.search_dense(EAST, where, 10)) == expected
        assert numbers(await index.search_words("refund", where, 10)) == expected


async def test_filters_hold_together(index):
    await index.upsert([point(n, EAST, status="ok" if n % 2 else "error", agent_id=f"a{n % 3}") for n in range(12)])
    hits = numbers(await index.search_dense(EAST, SearchFilter(status="ok", agent_id="a0"), 10))
    assert sorted(hits) == [n for n in range(12) if n % 2 and n % 3 == 0]


async def test_a_filter_that_few_pass_still_fills_the_result(index):
    await index.upsert([point(n, EAST, "refund") for n in range(500)])
    await index.upsert(
        [point(1000 + n, NORTH, "refund refund of a much longer text", status="error") for n in range(5)]
    )
    where = SearchFilter(status="error")
    assert len(await index.search_dense(EAST, where, 5)) == 5
    assert len(await index.search_words("refund", where, 5)) == 5


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, [1, 2, 3]),
        (NOON, None, [2, 3]),
        (None, NOON, [1]),
        (NOON, NOON + 1_000, [2]),
        (NOON + 1_000, NOON + 1_000_000_000, []),
        (NOON, NOON + 1_000_000_001, [2, 3]),
        (NOON + 500, NOON + 900, [2]),  # within the microsecond: rather one too many
        (NOON, NOON, []),
        (0, LATEST, [1, 2, 3]),
    ],
)
async def test_a_period_begins_with_since_and_ends_before_until(index, since, until, expected):
    await index.upsert([point(1, at=NOON - 1), point(2, at=NOON + 700), point(3, at=NOON + 1_000_000_000)])
    assert sorted(numbers(await index.search_dense(EAST, SearchFilter(since=since, until=until), 10))) == expected


async def test_searches_during_upserts_see_whole_points_only(index):
    done = False

    async def search() -> int:
        searches = 0
        while not done:
            hits = await index.search_dense(EAST, SearchFilter(status="ok"), 50)
            assert {hit.score for hit in hits} <= {1.0}
            searches += 1
            await asyncio.sleep(0)  # the imitation never waits
        return searches

    searcher = asyncio.create_task(search())
    for start in range(0, 1000, 100):
        await index.upsert(
            [point(n, EAST if n % 2 else NORTH, status="ok" if n % 2 else "error") for n in range(start, start + 100)]
        )
        await asyncio.sleep(0)
    done = True
    assert await searcher > 1
    assert await index.count() == 1000


@pytest.mark.parametrize(
    "vector", [[1.0], [1.0] * 5, [[1.0] * 4], [], [1.0, 2.0, 3.0, float("nan")], [float("inf")] * 4]
)
async def test_a_vector_of_another_shape_or_not_finite_is_refused_and_changes_nothing(index, vector):
    with pytest.raises(ValueError, match="expected a vector of 4 finite numbers"):
        await index.upsert([point(1), point(2, vector)])
    with pytest.raises(ValueError, match="expected a vector of 4 finite numbers"):
        await index.search_dense(vector, ALL, 1)
    assert await index.count() == 0


async def test_an_id_that_is_no_uuid_is_refused_and_changes_nothing(index):
    with pytest.raises(ValueError, match="not-a-uuid"):
        await index.upsert([point(1), Point("not-a-uuid", EAST, "", {})])
    assert await index.count() == 0


async def test_half_a_surrogate_pair_does_no_harm(index):
    await index.upsert([point(1, text="refund \ud83d")])
    assert numbers(await index.search_words("\ud83d refund", ALL, 1)) == [1]


async def test_without_embedding_words_are_found_and_vectors_refused(make_index):
    index = make_index(None)
    await index.open()
    await index.upsert([point(1, None, "refund")])
    assert numbers(await index.search_words("refund", ALL, 1)) == [1]
    with pytest.raises(ValueError, match="expected a vector of None"):
        await index.search_dense(EAST, ALL, 1)


async def test_opening_again_changes_nothing(index):
    await index.upsert([point(1)])
    await index.open()
    assert await index.count() == 1


@pytest.mark.parametrize(("built", "wanted"), [(4, 5), (4, None), (None, 4)])
async def test_other_dimensions_are_an_error_until_the_index_is_removed(make_index, built, wanted):
    first = make_index(built)
    await first.open()
    await first.upsert([point(1, EAST if built else None, "refund")])
    if "Edge" in type(first).__name__:
        await first.close()
    second = make_index(wanted)
    with pytest.raises(IndexUnusable, match=f"vectors of {built} dimensions, expected {wanted}"):
        await second.open()
    await second.remove()
    await second.open()
    assert await second.count() == 0
    await second.upsert([point(2, [1.0] * wanted if wanted else None, "weather")])
    assert numbers(await second.search_words("weather refund", ALL, 5)) == [2]
