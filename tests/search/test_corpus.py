"""A run is found in words of one's own among hundreds that say the same things again and again."""

import asyncio
import re
from collections import Counter

import corpus
import pytest
from measuring import LEISURE, Runs

from storage.filters import SearchFilter

RUNS = 600
WORD = re.compile(r"[a-z]{4,}")
FUNCTION_WORDS = frozenset("that with from have this they them what when were will which because than then".split())


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as loop:
        yield loop


@pytest.fixture(scope="module")
def runs(loop, static_data_dir, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("corpus")
    (data_dir / "models").symlink_to(static_data_dir / "models")
    runs = Runs(data_dir, RUNS)
    loop.run(runs.open())
    yield runs
    loop.run(runs.storage.close())


def test_the_corpus_is_the_same_each_time_and_has_twelve_agents_and_three_ways_to_send():
    first, again = list(corpus.runs(60)), list(corpus.runs(60))
    assert first == again
    assert list(corpus.runs(60, seed=2)) != first
    assert len(corpus._AGENTS) == 12
    assert Counter(len(run.requests) for run in first) == {1: 40, 2: 20}


def test_a_query_shares_few_words_with_the_run_that_answers_it():
    for needle in corpus.needles():
        said = set(WORD.findall(str(needle.turns).lower()))
        asked = set(WORD.findall(needle.query.lower())) - FUNCTION_WORDS
        assert len(asked & said) <= len(asked) / 2, needle.query


def test_most_runs_are_among_the_first_three(loop, runs):
    places = loop.run(runs.places(runs.needles, runs.hidden, "hybrid", LEISURE))
    found = dict(zip((needle.query for needle in runs.needles), places, strict=True))
    assert 1 <= found["customer is angry that the refund never arrived"] <= 3
    assert sum(1 <= place <= 3 for place in places) >= 9, found


def test_a_system_prompt_is_one_result_of_its_agent_and_none_of_its_calls(loop, runs):
    query = "Never repeat secrets, cards or passwords. Escalate to a person if asked to."

    async def found(mode):
        return (await runs.search(LEISURE).search(query, mode, SearchFilter(), 50)).results

    for mode in ("keyword", "hybrid"):
        results = loop.run(found(mode))
        assert results[0].is_prompt
        assert not any("Never repeat secrets" in result.text for result in results if not result.is_prompt)


def test_what_hundreds_of_runs_say_is_one_result(loop, runs):
    async def found():
        return (await runs.search(0).search("Done: the empty list", "keyword", SearchFilter(), 20)).results

    results = loop.run(found())
    assert len({result.text for result in results}) == len(results)
    assert max(result.occurrences.traces for result in results) > 3
