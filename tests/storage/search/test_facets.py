"""How many events of each kind: of what is stored, what is indexed counts."""

import pytest

from storage.errors import SearchOff
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.read.reader import Reader
from storage.search.facets import facets
from storage.write.writer import Writer

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


@pytest.fixture
async def stored(indexer, store, caught_up):
    shop, bank = {"service.name": "shop"}, {"service.name": "bank"}
    await store(
        "a", "b", "c", indexer=indexer, event_type="tool_call", agent_id="x", resource=shop, project="p", status="error"
    )
    await store(
        "d", "e", indexer=indexer, event_type="model_call", agent_id="x", resource=bank, project="q", status="ok"
    )
    await store("f", indexer=indexer, event_type="model_call", agent_id="y", status="unset")
    await caught_up(indexer)


async def counted(indexer, limit=10, **which):
    all_counts = await facets(indexer, SearchFilter(**which), limit)
    return all_counts.events, {field: dict(values) for field, values in all_counts.counts.items()}


async def test_events_are_counted_by_type_agent_service_project_and_status(indexer, stored):
    assert await counted(indexer) == (
        6,
        {
            "event_type": {"tool_call": 3, "model_call": 3},
            "agent_id": {"x": 5, "y": 1},
            "service": {"shop": 3, "bank": 2},
            "project": {"p": 3, "q": 2},
            "status": {"error": 3, "ok": 2, "unset": 1},
        },
    )
    all_counts = await facets(indexer, SearchFilter(), 10)
    assert all_counts.counts["agent_id"][0] == ("x", 5)


async def test_filters_hold_for_every_count(indexer, stored):
    events, counts = await counted(indexer, event_type="model_call", agent_id="x")
    assert events == 2
    assert counts == {
        "event_type": {"model_call": 2},
        "agent_id": {"x": 2},
        "service": {"bank": 2},
        "project": {"q": 2},
        "status": {"ok": 2},
    }


async def test_a_limit_cuts_the_values_and_not_the_number_of_events(indexer, stored):
    events, counts = await counted(indexer, limit=1)
    assert events == 6
    assert {field: list(values) for field, values in counts.items()} == {
        "event_type": ["model_call"],
        "agent_id": ["x"],
        "service": ["shop"],
        "project": ["p"],
        "status": ["error"],
    }


async def test_what_is_not_indexed_is_not_counted(indexer, stored, database, make_event):
    silent = make_event(properties={"input.value": "g"}, indexed=False)
    await Writer(database, agent_window=0, committed=lambda _: None).write([silent])
    assert (await counted(indexer))[0] == 6


async def test_an_inherited_agent_counts(indexer, stored, store, caught_up):
    await store("root", indexer=indexer, trace_id="t", agent_id="z")
    await store("silent", indexer=indexer, trace_id="t")
    await caught_up(indexer)
    assert (await counted(indexer, agent_id="z"))[1]["agent_id"] == {"z": 2}


async def test_counting_where_search_is_off_is_an_error(database):
    with pytest.raises(SearchOff):
        await facets(Indexer(database, Reader(database)), SearchFilter(), 10)
