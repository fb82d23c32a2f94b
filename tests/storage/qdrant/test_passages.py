"""Keys of passages and messages, system prompts, and lists by time, for either index."""

import uuid

import pytest

from mapping.times import format_rfc3339, parse_rfc3339
from storage.filters import SearchFilter
from storage.qdrant.base import Occurrences, Point

NOON = parse_rfc3339("2026-01-07T12:00:00Z")
EAST = [1.0, 0.0, 0.0, 0.0]
# As large as keys become.
HUGE = 2**63 - 1


def name(number):
    return str(uuid.UUID(int=number))


def point(number, text="apple", prompt="", **payload):
    payload = {"status": "ok", "timestamp": format_rfc3339(NOON + number * 1000)} | payload
    return Point(name(number), EAST, text, payload, (), prompt)


@pytest.fixture
async def keyed(index):
    await index.upsert(
        [
            *(
                point(number, passage=HUGE, trace_id=f"t{number % 3}", told=[number, HUGE - number])
                for number in range(9)
            ),
            point(20, passage=5, trace_id="u", told=[20, 7], repeated=[7], signature="0f3c"),
            point(21, trace_id="u"),
        ]
    )
    return index


async def test_hits_have_their_keys(keyed):
    hits = {hit.id: hit for hit in await keyed.search_words("apple", SearchFilter(), 20)}
    assert (hits[name(20)].passage, hits[name(20)].told, hits[name(20)].repeated) == (5, (20, 7), (7,))
    assert (hits[name(21)].passage, hits[name(21)].told, hits[name(21)].repeated) == (None, (), ())
    assert (hits[name(20)].signature, hits[name(21)].signature) == ("0f3c", "")
    assert hits[name(1)].passage == HUGE


async def test_a_list_is_read_on_without_passages(keyed):
    for hits in (
        await keyed.search_words("apple", SearchFilter(), 20, [HUGE]),
        await keyed.search_dense(EAST, SearchFilter(), 20, [HUGE]),
    ):
        assert {hit.id for hit in hits} == {name(20), name(21)}


async def test_passages_are_counted_by_events_and_traces_under_the_filter(keyed):
    assert await keyed.occurrences([HUGE, 5, 6], SearchFilter()) == {
        HUGE: Occurrences(9, 3), 5: Occurrences(1, 1), 6: Occurrences(0, 0)
    }  # fmt: skip
    assert (await keyed.occurrences([HUGE], SearchFilter(trace_id="t1")))[HUGE] == (3, 1)
    assert await keyed.occurrences([], SearchFilter()) == {}


async def test_a_passage_is_a_filter(keyed):
    hits = await keyed.search_words("apple", SearchFilter(passage=f"{5:016x}"), 20)
    assert [hit.id for hit in hits] == [name(20)]
    counted = await keyed.facets(SearchFilter(passage=f"{HUGE:016x}"), ["trace_id"], 5)
    assert counted.values["trace_id"] == [("t0", 3), ("t1", 3), ("t2", 3)]


async def test_it_says_which_messages_others_tell_and_who_repeats_one(keyed):
    assert await keyed.told([3, 20, 7, 999], []) == {3: None, 20: None, 7: None}
    assert await keyed.told([3, 20, 7, 999], [name(3), name(7)]) == {20: None, 7: name(20)}
    assert await keyed.told([], []) == {}
    assert await keyed.repeating([7, 20], []) == [name(20)]
    assert await keyed.repeating([7], [name(20)]) == []
    assert await keyed.repeating([20, 3], []) == []


async def test_the_newest_come_first_from_a_moment_on(keyed):
    everything = await keyed.newest(SearchFilter(), 50)
    assert [point_id for point_id, _ in everything] == [name(number) for number in (21, 20, *range(8, -1, -1))]
    assert everything[0][1] == format_rfc3339(NOON + 21_000)
    earlier = await keyed.newest(SearchFilter(trace_id="t1"), 2, format_rfc3339(NOON + 4_000))
    assert [point_id for point_id, _ in earlier] == [name(4), name(1)]


async def test_the_words_of_a_prompt_are_searched_apart(index):
    await index.upsert([point(1, "apple pie", "you sell pears"), point(2, "pears are out")])
    assert [hit.id for hit in await index.search_words("pears", SearchFilter(), 5)] == [name(2)]
    assert [hit.id for hit in await index.search_words("pear", SearchFilter(), 5, prompts=True)] == [name(1)]
    assert await index.search_words("apple", SearchFilter(), 5, prompts=True) == []


async def test_facets_with_words_count_what_the_words_find(index):
    await index.upsert(
        [point(1, "apple pie", agent_id="a"), point(2, "apples", agent_id="b"), point(3, "plum", agent_id="a")]
    )
    counted = await index.facets(SearchFilter(), ["agent_id"], 5, "an apple")
    assert (counted.matching, counted.values["agent_id"]) == (2, [("a", 1), ("b", 1)])
    assert (await index.facets(SearchFilter(agent_id="a"), ["agent_id"], 5, "apple")).matching == 1
    assert (await index.facets(SearchFilter(), ["agent_id"], 5, "nobody")) == ({"agent_id": []}, 0)
