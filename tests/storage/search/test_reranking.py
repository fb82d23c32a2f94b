"""What MiniLM re-reads: within the budget, and never against an exact thing that was asked for."""

import asyncio
import itertools
import json
import threading
import time

import pytest

from storage.filters import SearchFilter
from storage.search.reranking import AT_LEAST, TimedReranker
from storage.search.search import CANDIDATES, Searcher
from storage.search.texts import text_of_hit
from storage.write.writer import Writer
from tests.clock import Clock

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("storage.search.search.time", clock)
    monkeypatch.setattr("storage.search.reranking.time", clock)
    return clock


class FakeMiniLM:
    """Takes `seconds` to read a text, and likes those with "liked" in them."""

    def __init__(self, seconds=0.0, clock=time):
        self.seconds = seconds
        self.texts = []
        self.all_ask = None
        self._clock = clock

    def query_vector(self, _query, vector, _deadline):
        return vector

    def score(self, _query, texts, deadline, least, latest):
        if self.all_ask:
            self.all_ask.wait(20)
        scores = []
        for text in texts:
            if self._clock.monotonic() + self.seconds > (latest if len(scores) < least else deadline):
                break
            self._clock.sleep(self.seconds)
            self.texts.append(text)
            scores.append(0.9 if "liked" in text else 0.1)
        return scores


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


@pytest.fixture
def searching(reader, indexer):
    def search_with(minilm, budget):
        reranker = TimedReranker(lambda: minilm, budget)
        reranker.load()
        return Searcher(reader, indexer, reranker)

    return search_with


def texts(answer):
    return [result.event["properties"]["input.value"] for result in answer.results]


async def test_the_best_are_read_again_and_take_the_order_that_gives_them(searching, indexer, store, caught_up):
    await store("apple apple", "apple pie", "apple that is liked, among many other words", indexer=indexer)
    await caught_up(indexer)
    search = searching(FakeMiniLM(), 5.0)
    answer = await search.search("apple", "hybrid", SearchFilter(), 10, parts=True)
    assert answer.reranked == 3
    assert texts(answer)[0] == "apple that is liked, among many other words"
    assert answer.results[0].parts["reranked"].rank == 1
    scores = [result.score for result in answer.results]
    assert scores == sorted(scores, reverse=True)
    for mode in ("semantic", "keyword"):
        assert (await search.search("apple", mode, SearchFilter(), 10)).reranked == 0


async def test_what_is_not_among_the_first_ten_may_become_the_first(searching, indexer, store, caught_up):
    await store(*[f"apple {number}" for number in range(20)], "an apple, liked, " + "word " * 30, indexer=indexer)
    await caught_up(indexer)
    answer = await searching(FakeMiniLM(), 5.0).search("apple", "hybrid", SearchFilter(), 1)
    assert texts(answer)[0].startswith("an apple, liked")


async def test_no_more_than_the_candidates_are_read(searching, indexer, store, caught_up):
    await store(*[f"apple {number}" for number in range(CANDIDATES + 30)], indexer=indexer)
    await caught_up(indexer)
    answer = await searching(FakeMiniLM(), 20.0).search("apple", "hybrid", SearchFilter(), 70)
    assert answer.reranked == CANDIDATES
    assert len(answer.results) == 70


async def test_a_slow_model_reads_what_it_has_time_for(searching, indexer, store, caught_up, clock):
    await store(*[f"apple {number}" for number in range(30)], indexer=indexer)
    await caught_up(indexer)
    minilm = FakeMiniLM(0.5, clock)
    answer = await searching(minilm, 6.0).search("apple", "hybrid", SearchFilter(), 30)
    assert answer.reranked == len(minilm.texts) == 12
    assert answer.candidates == 30
    assert len(answer.results) == 30
    # Those that were read come first, and what was not read comes after.
    assert set(texts(answer)[: len(minilm.texts)]) == set(minilm.texts)


async def test_a_busy_machine_reads_eight_all_the_same(searching, indexer, store, caught_up, clock):
    await store(*[f"apple {number}" for number in range(30)], indexer=indexer)
    await caught_up(indexer)
    minilm = FakeMiniLM(1.5, clock)
    answer = await searching(minilm, 6.0).search("apple", "hybrid", SearchFilter(), 30)
    assert answer.reranked == len(minilm.texts) == AT_LEAST


async def test_a_machine_too_busy_for_that_says_how_many_of_how_many_it_read(
    searching, indexer, store, caught_up, clock
):
    await store(*[f"apple {number}" for number in range(30)], indexer=indexer)
    await caught_up(indexer)
    answer = await searching(FakeMiniLM(2.0, clock), 2.0).search("apple", "hybrid", SearchFilter(), 30)
    assert answer.reranked == 3 < AT_LEAST
    assert answer.candidates == 30


async def test_searches_at_once_share_the_time(searching, indexer, store, caught_up, clock):
    await store(*[f"apple {number}" for number in range(30)], indexer=indexer)
    await caught_up(indexer)
    minilm = FakeMiniLM(0.02, clock)
    minilm.all_ask = threading.Event()
    search = searching(minilm, 0.5)
    scores, asked = search._reranker.scores, []

    async def noted(*arguments):
        asked.append(clock.now)
        return await scores(*arguments)

    search._reranker.scores = noted
    asking = [asyncio.create_task(search.search("apple", "hybrid", SearchFilter(), 30)) for _ in range(6)]
    async with asyncio.timeout(60):
        while len(asked) < 6:
            await asyncio.sleep(0.01)
    began = clock.now
    minilm.all_ask.set()
    answers = await asyncio.gather(*asking)
    assert clock.now - began < 3 * 0.5
    assert all(len(answer.results) == 30 for answer in answers)
    assert AT_LEAST <= sum(answer.reranked for answer in answers) <= 25 + 5 * AT_LEAST


async def test_without_it_nothing_is_read(reader, indexer, store, caught_up):
    await store("apple", "liked apple", indexer=indexer)
    await caught_up(indexer)
    answer = await Searcher(reader, indexer).search("apple", "hybrid", SearchFilter(), 10)
    assert answer.reranked == 0
    assert texts(answer)[0] == "apple"


@pytest.mark.parametrize("failing", ["load", "query_vector", "score"])
async def test_a_model_that_fails_is_logged_and_search_goes_on(
    reader, indexer, store, caught_up, monkeypatch, caplog, failing
):
    await store("apple", indexer=indexer)
    await caught_up(indexer)

    def fail(*_):
        raise OSError("torn file")

    minilm = FakeMiniLM()
    if failing != "load":
        monkeypatch.setattr(minilm, failing, fail)
    reranker = TimedReranker(fail if failing == "load" else lambda: minilm, 5.0)
    reranker.load()
    answer = await Searcher(reader, indexer, reranker).search("apple", "hybrid", SearchFilter(), 10)
    assert texts(answer) == ["apple"]
    assert answer.reranked == (1 if failing == "query_vector" else 0)
    assert "torn file" in caplog.text


async def test_what_is_looked_for_may_be_bettered(searching, indexer, embedder, store, caught_up):
    await store("pear tree", "apple", indexer=indexer)
    await caught_up(indexer)
    minilm = FakeMiniLM()
    minilm.query_vector = lambda _query, vector, _deadline: 0 * vector + embedder.embed(["pear tree"])[0]
    answer = await searching(minilm, 5.0).search("fruit", "semantic", SearchFilter(), 2)
    assert texts(answer) == ["pear tree", "apple"]
    assert answer.results[0].score == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("query", ["ORD-48213", "liked order ORD-48213", "what became of ORD-48213, liked or not?"])
async def test_an_exact_thing_is_not_pushed_down(searching, indexer, store, caught_up, query):
    near = [f"liked order ORD-4821{digit}" for digit in "12456789"]
    await store(*near, *["liked order"] * 60, "ORD-48213 it is", indexer=indexer)
    await caught_up(indexer)
    answer = await searching(FakeMiniLM(), 5.0).search(query, "hybrid", SearchFilter(), 3)
    assert texts(answer)[0] == "ORD-48213 it is"


async def test_an_exact_thing_beside_the_text_is_held_too(searching, indexer, database, make_event, caught_up):
    held = make_event(properties={"order_id": "ORD-48213", "input.value": "refund"})
    others = [make_event(properties={"order_id": f"ORD-4821{n}", "input.value": "liked refund"}) for n in "4567"]
    written = Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored)))
    await written.write([*others, held])
    await caught_up(indexer)
    for mode in ("keyword", "hybrid"):
        answer = await searching(FakeMiniLM(), 5.0).search("ORD-48213", mode, SearchFilter(), 3)
        assert answer.results[0].event["id"] == held.id


async def test_events_are_read_and_texts_made_only_where_they_are_needed(
    reader, indexer, store, caught_up, monkeypatch
):
    await store(*[f"apple {number}" for number in range(40)], indexer=indexer)
    await caught_up(indexer)
    read, made = [], []

    async def counted(ids, own=reader.events_by_id):
        read.extend(ids := list(ids))
        return await own(ids)

    monkeypatch.setattr(reader, "events_by_id", counted)
    monkeypatch.setattr(
        "storage.search.results.text_of_hit", lambda *args, **kind: made.append(args) or text_of_hit(*args, **kind)
    )
    plain = await Searcher(reader, indexer).search("apple", "hybrid", SearchFilter(), 5)
    assert (len(plain.results), len(read), len(made)) == (5, 10, 5)
    minilm = FakeMiniLM(0.1, clock := Clock())
    monkeypatch.setattr("storage.search.search.time", clock)
    monkeypatch.setattr("storage.search.reranking.time", clock)
    reranker = TimedReranker(lambda: minilm, 1.0)
    reranker.load()
    made.clear()
    again = await Searcher(reader, indexer, reranker).search("apple", "hybrid", SearchFilter(), 5)
    assert again.reranked == len(minilm.texts) < 20
    assert len(made) <= again.reranked + 1  # the one for which there was no time


async def test_events_that_tell_the_same_do_not_make_the_results_fewer(
    reader, indexer, database, make_event, caught_up
):
    """More events are read until there are as many results as were asked for."""
    orders = itertools.permutations(
        [{"type": "text", "content": f"apple, {word}"} for word in ("red", "ripe", "sweet")]
    )
    said = [json.dumps([{"role": "user", "parts": parts}]) for parts in orders]
    calls = [{"gen_ai.input.messages": message, "gen_ai.operation.name": "chat"} for message in said]
    same = [make_event(kind="span", trace_id="a" * 32, properties=call) for call in calls]
    others = [make_event(properties={"input.value": f"pear {number}"}) for number in range(6)]
    written = Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored)))
    await written.write([*same, *others])
    await caught_up(indexer)
    answer = await Searcher(reader, indexer).search("apple red ripe sweet", "hybrid", SearchFilter(), 2)
    assert [result.event["kind"] for result in answer.results] == ["span", "json"]
