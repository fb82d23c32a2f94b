"""Equal passages are one hit with a count, whatever else their events hold, and their events can be listed."""

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.filters import SearchFilter
from storage.qdrant.base import Hit
from storage.search.facets import facets
from storage.search.listing import listed
from storage.search.passages import by_one_event, distinct
from storage.search.results import MODES
from storage.search.search import Searcher
from storage.write.writer import Writer

NOON = 1_767_960_000 * 10**9


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


@pytest.fixture
def search(reader, indexer):
    return Searcher(reader, indexer)


def texts(results):
    return [result.event["properties"]["input.value"] for result in results]


embedded = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


@embedded
@pytest.mark.parametrize("mode", MODES)
async def test_what_hundreds_say_is_one_hit_and_hides_nothing(search, indexer, store, caught_up, mode):
    for number in range(3):
        await store(*["apple boilerplate"] * 80, indexer=indexer, trace_id=f"t{number}", name=f"step {number}")
    await store("apple pie for one", indexer=indexer, trace_id="u")
    await caught_up(indexer)
    results = (await search.search("apple boilerplate", mode, SearchFilter(), 10)).results
    assert texts(results) == ["apple boilerplate", "apple pie for one"]
    assert results[0].occurrences == (240, 3)
    assert results[1].occurrences == (1, 1)


@embedded
async def test_they_are_counted_and_listed_under_the_filters(reader, search, indexer, store, caught_up):
    await store(*["apple"] * 5, indexer=indexer, trace_id="t", agent_id="a")
    await store(*["apple"] * 7, indexer=indexer, trace_id="u", agent_id="b")
    await store("pear", indexer=indexer, trace_id="u", agent_id="b")
    await caught_up(indexer)
    (result,) = (await search.search("apple", "keyword", SearchFilter(agent_id="b"), 10)).results
    assert result.occurrences == (7, 1)
    passage = f"{result.passage:016x}"
    page = await listed(reader, indexer, SearchFilter(passage=passage, agent_id="b"), 50, None)
    assert texts(page.results) == ["apple"] * 7
    assert (await facets(indexer, SearchFilter(passage=passage), 10)).counts["agent_id"] == [("b", 7), ("a", 5)]


@embedded
async def test_an_exact_thing_is_found_in_the_event_that_has_it_though_others_say_the_same(
    search, indexer, database, make_event, caught_up
):
    events = [
        make_event(properties={"input.value": "refund an order", "order_id": f"ORD-{48200 + number}"})
        for number in range(40)
    ]
    await Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored))).write(events)
    await caught_up(indexer)
    first = (await search.search("refund of ORD-48213", "hybrid", SearchFilter(), 5)).results[0]
    assert first.event["properties"]["order_id"] == "ORD-48213"
    assert first.occurrences.events == 40


@embedded
async def test_a_list_of_many_moments_and_of_one_comes_whole_in_pages(reader, indexer, store, caught_up):
    await store(*[f"apple {number}" for number in range(130)], indexer=indexer, timestamp=NOON)
    for number in range(20):
        await store("apple", indexer=indexer, timestamp=NOON + number - 10)  # less than the index tells apart
    await caught_up(indexer)
    found, cursor = [], None
    while True:
        page = await listed(reader, indexer, SearchFilter(), 7, cursor)
        found += [(-result.event["timestamp"], result.event["id"]) for result in page.results]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 150
    assert found == sorted(found)


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 12))
@example([0, 1, 1, 1, 1], 5)  # one without a passage, which comes again when the list is read on
def test_a_list_of_different_passages_has_the_best_of_each(passages, depth):
    hits = [Hit(str(place), 1.0 - place / 100, passage or None) for place, passage in enumerate(passages)]

    async def ask(most, without):
        return [hit for hit in hits if hit.passage not in without][:most]

    found = asyncio.run(distinct(ask, depth))
    assert len(found) <= depth
    keys = [hit.passage or hit.id for hit in found]
    assert len(keys) == len(set(keys))
    for hit in found:
        assert not any(other.passage == hit.passage and hit.passage for other in hits[: int(hit.id)])
    different = len({hit.passage or hit.id for hit in hits})
    assert 2 * len(found) >= min(depth, different)


def test_the_event_of_the_first_list_stands_for_a_passage_in_all():
    holders, words, meaning = by_one_event([Hit("a", 3.0, 1)], [Hit("b", 2.0, 1), Hit("c", 1.0, 2)], [Hit("d", 0.5, 2)])
    assert (holders, words) == ([Hit("a", 3.0, 1)], [Hit("a", 2.0, 1), Hit("c", 1.0, 2)])
    assert meaning == [Hit("c", 0.5, 2)]
