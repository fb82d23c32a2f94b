"""More like an event: the index has its vector already."""

import pytest

from mapping.errors import Code, Problem
from storage.errors import NotSearched, SearchOff
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.read.reader import Reader
from storage.search.similar import similar
from storage.surreal import cbor
from storage.write.writer import Writer

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)

ALL = SearchFilter()


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


@pytest.fixture
def like(reader, indexer):
    """Return the texts of the events that are like one."""

    async def ask(event_id, which=ALL, limit=10, group_by=None):
        results = await similar(reader, indexer, event_id, which, limit, group_by)
        return [result.event["properties"]["input.value"] for result in results]

    return ask


async def test_the_nearest_come_first_and_never_the_event_itself(like, reader, indexer, store, caught_up):
    pie, *_ = await store("apple pie", "apple pie recipe", "apple tree", "stock market", indexer=indexer)
    await caught_up(indexer)
    assert await like(pie) == ["apple pie recipe", "apple tree", "stock market"]
    assert await like(pie, limit=1) == ["apple pie recipe"]


async def test_filters_hold(like, indexer, store, caught_up):
    (pie,) = await store("apple pie", indexer=indexer, status="ok")
    await store("apple cake", indexer=indexer, status="error")
    await store("apple pie again", indexer=indexer, status="ok")
    await caught_up(indexer)
    assert await like(pie, SearchFilter(status="error")) == ["apple cake"]


async def test_a_group_shows_its_nearest_and_how_many_more(reader, indexer, store, caught_up):
    (pie,) = await store("apple pie", indexer=indexer, trace_id="t")
    await store("apple pie cooled", "apple pie hot", "apple", indexer=indexer, trace_id="u")
    await store("apple pear", indexer=indexer, trace_id="v")
    await caught_up(indexer)
    results = await similar(reader, indexer, pie, ALL, 10, "trace")
    assert [(result.event["trace_id"], result.more) for result in results] == [("u", 2), ("v", 0)]


async def test_an_event_that_the_store_no_longer_has_is_not_shown(like, indexer, store, caught_up, database):
    pie, gone, _ = await store("apple pie", "apple pie again", "apple tree", indexer=indexer)
    await caught_up(indexer)
    await database.query("DELETE $event", event=cbor.record("agent_event", gone))
    assert await like(pie) == ["apple tree"]


async def test_an_event_that_is_not_there_is_like_none(reader, indexer, store, caught_up):
    await store("apple pie", indexer=indexer)
    await caught_up(indexer)
    assert await similar(reader, indexer, "00000000-0000-0000-0000-000000000000", ALL, 10) is None


async def test_an_event_that_is_not_indexed_yet_is_to_be_asked_for_again(reader, indexer, index, store, caught_up):
    (pie,) = await store("apple pie", indexer=indexer)
    await caught_up(indexer)
    await index.delete([pie])
    with pytest.raises(Problem, match="not in the search index yet") as raised:
        await similar(reader, indexer, pie, ALL, 10)
    assert raised.value.code is Code.UNAVAILABLE


async def test_an_event_that_was_not_to_be_indexed_is_the_clients_error(
    database, reader, indexer, store, caught_up, make_event
):
    await store("apple pie", indexer=indexer)
    event = make_event(properties={"input.value": "apple pie"}, indexed=False)
    await Writer(database, agent_window=0, committed=lambda _: None).write([event])
    await caught_up(indexer)
    with pytest.raises(NotSearched):
        await similar(reader, indexer, event.id, ALL, 10)


async def test_search_that_is_off_is_said(database, reader, store):
    (pie,) = await store("apple pie")
    with pytest.raises(SearchOff):
        await similar(reader, Indexer(database, Reader(database)), pie, ALL, 10)
