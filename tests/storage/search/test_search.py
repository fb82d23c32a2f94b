"""Search: the index finds, the store shows."""

import asyncio
from functools import partial

import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.embedding.model import prepare
from storage.errors import IndexUnavailable, IndexUnusable, SearchOff
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.edge import EdgeIndex
from storage.search.highlight import Passage
from storage.search.results import MODES
from storage.search.search import Searcher
from storage.surreal import cbor
from storage.write.writer import Writer

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)

NOON = 1_767_960_000 * NS


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


@pytest.fixture
def search(reader, indexer):
    return Searcher(reader, indexer)


def texts(answer):
    return [result.event["properties"]["input.value"] for result in answer.results]


@pytest.mark.parametrize("mode", MODES)
async def test_each_mode_finds_and_shows_the_whole_event(search, reader, indexer, store, caught_up, mode):
    (apple, _) = await store("red apple", "yellow pear", indexer=indexer, trace_id="t", session_id="s")
    await caught_up(indexer)
    answer = await search.search("apple", mode, SearchFilter(), 10)
    assert answer.mode == mode
    assert answer.results[0].event == await reader.event(apple)
    scores = [result.score for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    assert texts(answer) == (["red apple"] if mode == "keyword" else ["red apple", "yellow pear"])
    assert len((await search.search("apple", mode, SearchFilter(), 1)).results) == 1


async def test_filters_leave_what_they_name(search, indexer, store, caught_up):
    fields = {"trace_id": "t", "session_id": "s", "agent_id": "a", "event_type": "tool_call", "status": "error"}
    await store("wanted apple", indexer=indexer, **fields)
    await store("early apple", indexer=indexer, trace_id="u", event_type="log", timestamp=NOON - 1000)
    await store("late apple", indexer=indexer, trace_id="v", event_type="log", timestamp=NOON + 1000)
    await caught_up(indexer)
    for which, expected in [
        *[({field: value}, {"wanted apple"}) for field, value in fields.items()],
        ({"since": NOON}, {"wanted apple", "late apple"}),
        ({"until": NOON + 1000}, {"wanted apple", "early apple"}),
        (fields | {"since": NOON, "until": NOON + 1}, {"wanted apple"}),
        (fields | {"event_type": "log"}, set()),
    ]:
        for mode in MODES:
            assert set(texts(await search.search("apple", mode, SearchFilter(**which), 10))) == expected, (which, mode)


async def test_an_inherited_session_is_filtered_by_too(search, indexer, store, caught_up, make_event):
    await store("first", indexer=indexer, trace_id="t", session_id="s", timestamp=NOON)
    await store("silent apple", indexer=indexer, trace_id="t", timestamp=NOON + 1)
    await caught_up(indexer)
    assert texts(await search.search("apple", "keyword", SearchFilter(session_id="s"), 10)) == ["silent apple"]


async def test_a_session_that_a_trace_learns_late_finds_its_earlier_events(search, indexer, store, caught_up):
    (child,) = await store("refund", trace_id="t", indexer=indexer)
    (other,) = await store("another refund", trace_id="t", session_id="own", indexer=indexer)
    await caught_up(indexer)
    await store("root", trace_id="t", session_id="s", agent_id="a", timestamp=1, indexer=indexer)
    await caught_up(indexer)

    async def found(**which):
        answer = await search.search("refund", "keyword", SearchFilter(**which), 10)
        return {result.event["id"] for result in answer.results}

    assert await found(session_id="s") == {child}
    assert await found(session_id="own") == {other}
    assert await found(agent_id="a") == {child, other}


async def test_a_group_shows_its_best(search, indexer, store, caught_up):
    for trace, session in (("t", "s"), ("u", "s"), ("v", "r")):
        await store(f"apple pie {trace}", f"apple {trace}", indexer=indexer, trace_id=trace, session_id=session)
    await store("apple apple apple", "apple juice of somebody", indexer=indexer)  # a trace each, and no session
    await caught_up(indexer)
    by_trace = await search.search("apple pie", "hybrid", SearchFilter(), 10, "trace")
    assert len({result.event["trace_id"] for result in by_trace.results}) == len(by_trace.results) == 5
    assert sorted(texts(by_trace)[:3]) == ["apple pie t", "apple pie u", "apple pie v"]
    by_session = await search.search("apple pie", "hybrid", SearchFilter(), 10, "session")
    assert sorted(str(result.event["session_id"]) for result in by_session.results) == ["None", "None", "r", "s"]
    assert len((await search.search("apple pie", "hybrid", SearchFilter(), 2, "session")).results) == 2


async def test_a_group_says_how_many_more_of_it_were_found(search, indexer, store, caught_up):
    await store("apple pie", "apple", "apple juice", "pear", indexer=indexer, trace_id="t")
    await store("an apple of somebody", indexer=indexer, trace_id="u")
    await caught_up(indexer)
    answer = await search.search("apple", "keyword", SearchFilter(), 10, "trace")
    assert {result.event["trace_id"]: result.more for result in answer.results} == {"t": 2, "u": 0}


async def test_results_show_the_words_that_matched(search, indexer, store, caught_up):
    await store("Two apples and a pear.", "A plum.", indexer=indexer)
    await caught_up(indexer)
    apples, plum = (await search.search("apple", "semantic", SearchFilter(), 10)).results
    assert sorted(each.highlights[0].text for each in (apples, plum)) == ["A plum.", "Two apples and a pear."]
    (result,) = (await search.search("apple", "keyword", SearchFilter(), 10)).results
    assert result.highlights == [Passage("Two apples and a pear.", [(4, 10)])]


async def test_a_name_alone_is_not_how_a_text_begins(search, indexer, store, caught_up):
    await store("a plum", indexer=indexer, name="execute_tool")
    await caught_up(indexer)
    (result,) = (await search.search("apple", "semantic", SearchFilter(), 10)).results
    assert result.highlights == [Passage("a plum", [])]


async def test_an_id_that_is_beside_the_text_is_shown(search, indexer, store, caught_up, database, make_event):
    order = "6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b11"
    event = make_event(properties={"input.value": "an apple", "order_id": order})
    await Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored))).write([event])
    await caught_up(indexer)
    of_id = Passage(order, [(0, 36)])
    (result,) = (await search.search(order, "keyword", SearchFilter(), 10)).results
    assert result.highlights == [of_id]
    (result,) = (await search.search(f"apples of {order.upper()}", "keyword", SearchFilter(), 10)).results
    assert result.highlights == [Passage("an apple", [(3, 8)]), of_id]


async def test_parts_say_rank_and_score_in_each_list(search, indexer, store, caught_up):
    await store("apple pie", "apple pie with apple", "pear", indexer=indexer)
    await caught_up(indexer)
    assert (await search.search("apple pie", "hybrid", SearchFilter(), 10)).results[0].parts is None
    for mode, names in (("keyword", {"keyword"}), ("semantic", {"semantic"}), ("hybrid", {"keyword", "semantic"})):
        results = (await search.search("apple pie", mode, SearchFilter(), 10, parts=True)).results
        assert names <= set().union(*(result.parts for result in results))
        for name in names:
            listed = [result.parts[name] for result in results if name in result.parts]
            assert sorted(part.rank for part in listed) == list(range(1, len(listed) + 1))
            by_rank = [part.score for part in sorted(listed, key=lambda part: part.rank)]
            assert by_rank == sorted(by_rank, reverse=True)
    pear = next(result for result in results if result.event["properties"]["input.value"] == "pear")
    assert "keyword" not in pear.parts


async def test_a_hit_that_the_store_no_longer_has_is_not_shown(search, indexer, store, caught_up, database):
    (gone, _) = await store("apple", "another apple", indexer=indexer)
    await caught_up(indexer)
    await database.query("DELETE $event", event=cbor.record("agent_event", gone))
    assert texts(await search.search("apple", "keyword", SearchFilter(), 10)) == ["another apple"]


@pytest.mark.parametrize("query", ["", "  \n"])
async def test_nothing_to_search_for_is_the_clients_error(search, query):
    with pytest.raises(Problem, match="words to search for") as raised:
        await search.search(query, "hybrid", SearchFilter(), 10)
    assert raised.value.code is Code.INVALID_ARGUMENT


async def test_any_query_is_answered(search, indexer, store, caught_up):
    await store("apple", indexer=indexer)
    await caught_up(indexer)
    for query in ["...", "\0", "'; DROP", "x" * 100_000, "e\u0301 \u202e"]:
        for mode in MODES:
            answer = await search.search(query, mode, SearchFilter(), 10)
            assert texts(answer) == ([] if mode == "keyword" else ["apple"])


async def test_search_that_is_off_is_said(reader, database):
    with pytest.raises(SearchOff):
        await Searcher(reader, Indexer(database, reader)).search("apple", "keyword", SearchFilter(), 10)


@pytest.mark.parametrize("state", ["preparing", "failed"])
async def test_search_that_is_not_ready_says_why(reader, database, state):
    indexer = Indexer(database, reader)
    indexer.state = state
    indexer.progressed(0.5, "building the model")
    with pytest.raises(Problem, match="building the model") as raised:
        await Searcher(reader, indexer).search("apple", "keyword", SearchFilter(), 10)
    assert raised.value.code is Code.UNAVAILABLE


async def test_an_index_that_is_away_is_no_fault_of_the_query(search, index, indexer, store, caught_up, monkeypatch):
    await store("apple", indexer=indexer)
    await caught_up(indexer)

    async def failing(error, *_):
        raise error

    for error in (IndexUnavailable("the engine stopped"), IndexUnusable("the engine is damaged")):
        monkeypatch.setattr(index, "search_words", partial(failing, error))
        with pytest.raises(Problem, match="the engine") as raised:
            await search.search("apple", "keyword", SearchFilter(), 10)
        assert raised.value.code is Code.UNAVAILABLE
    monkeypatch.undo()
    await caught_up(indexer)
    assert texts(await search.search("apple", "keyword", SearchFilter(), 10)) == ["apple"]


async def test_the_real_model_finds_by_meaning(database, reader, tmp_path, indexing, caught_up, make_event):
    sentences = [
        "The customer wants her money back for the broken kettle.",
        "Weather forecast for Lisbon: sunny, 24 degrees.",
        "Deployment of the payment service failed: connection refused by the database.",
    ]
    events = [make_event(properties={"input.value": sentence}) for sentence in sentences]
    await Writer(database, agent_window=0, committed=lambda _: None).write(events)
    model = await asyncio.to_thread(prepare, "minilm", tmp_path, 0, lambda *_: None)
    async with indexing(database, EdgeIndex(tmp_path / "qdrant", model.dimensions), model) as indexer:
        await caught_up(indexer)
        search = Searcher(reader, indexer)
        for query, sentence in {
            "refund request": sentences[0],
            "is it warm in Portugal?": sentences[1],
            "outage of the checkout backend": sentences[2],
        }.items():
            assert texts(await search.search(query, "semantic", SearchFilter(), 3))[0] == sentence
