"""Exact things are found exactly, among others that differ in one character, whatever a model thinks of them."""

import random
import string
import zlib

import pytest

from storage.filters import SearchFilter
from storage.search.reranking import TimedReranker
from storage.search.search import Searcher
from storage.write.writer import Writer

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)

HEX, DIGITS, CAPITALS = "0123456789abcdef", string.digits, string.ascii_uppercase

# What stands for what: x a hex digit, 9 a digit, A a capital, ? one of these words.
KINDS = {
    "order number": "ORD-99999",
    "booking code": "AAA9AA",
    "error code": "E_?_999",
    "SQLSTATE": "99999",
    "tool": "?_?_?",
    "camelCase": "?ZzExceeded",
    "path": "/srv/?/?/x99.py",
    "file": "report-9999-99.pdf",
    "span id": "xxxxxxxxxxxxxxxx",
    "trace id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "UUID": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    "address": "10.99.99.9:9999",
    "host": "?-?-9x9x9x-xxxxx",
    "mail": "?.?99@example.com",
    "version": "v9.99.99",
}
WORDS = "get order user refund search flight timeout quota limit fetch invoice patient".split()
SETS = {"x": HEX, "9": DIGITS, "A": CAPITALS, "Z": CAPITALS, "z": string.ascii_lowercase}
# Where a thing stands: in a text, among much else, in JSON, or under a key that the text leaves out.
PLACES = (
    lambda thing: {"input.value": f"what became of {thing}?"},
    lambda thing: {"input.value": "the agent waited for its answer, and it came after a while. " * 8 + thing},
    lambda thing: {"input.value": '{"note": "see ' + thing + '"}'},
    lambda thing: {"order_id": thing, "input.value": "an order was looked up"},
)
ASKED = ("{}", "look up {}", "why did {} fail, and what did the agent do about it?")


class Contrary:
    """Finds best what has the least to do with the query."""

    def query_vector(self, _query, vector, _deadline):
        return vector

    def score(self, query, texts, *_):
        return [zlib.crc32((query + text).encode()) / 2**32 * (1 if query not in text else 0.1) for text in texts]


def made(kind, rnd):
    return "".join(rnd.choice(WORDS) if mark == "?" else _one(mark, rnd) for mark in _marks(KINDS[kind]))


def _marks(pattern):
    """The pattern's letters; only those stand for something that are no part of a fixed word."""
    fixed = ("ORD", "E_", "Exceeded", "srv", ".py", "report", "pdf", "example.com", "v9")
    while pattern:
        word = next((word for word in fixed if pattern.startswith(word)), None)
        if word == "v9":
            word = "v"
        yield word or pattern[0]
        pattern = pattern[len(word or "x") :]


def _one(mark, rnd):
    return rnd.choice(SETS[mark]) if mark in SETS else mark


def near(thing, rnd):
    """The thing with another letter or digit in the place of one."""
    place = rnd.choice([place for place, character in enumerate(thing) if character.isalnum()])
    others = DIGITS if thing[place].isdecimal() else "abcdef" if thing[place].islower() else "ABCDEF"
    return thing[:place] + rnd.choice([c for c in others if c != thing[place]]) + thing[place + 1 :]


@pytest.fixture
async def indexer(database, index, embedder, indexing):
    async with indexing(database, index, embedder) as indexer:
        yield indexer


async def test_the_exact_thing_comes_first_by_words_and_in_hybrid(reader, database, indexer, make_event, caught_up):
    rnd = random.Random(6)  # noqa: S311 - nothing secret
    wanted, events = {}, []
    for kind in KINDS:
        for place in PLACES:
            thing = made(kind, rnd)
            duplicates = {near(thing, rnd) for _ in range(6)} - {thing}
            event = make_event(properties=place(thing))
            wanted[event.id] = (kind, thing)
            events += [event, *(make_event(properties=place(duplicate)) for duplicate in duplicates)]
    rnd.shuffle(events)
    await Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored))).write(events)
    await caught_up(indexer)
    reranker = TimedReranker(Contrary, 5.0)
    reranker.load()
    for search in (Searcher(reader, indexer), Searcher(reader, indexer, reranker)):
        for event_id, (kind, thing) in wanted.items():
            for mode, asked in [("keyword", ASKED[0]), ("keyword", ASKED[1]), *(("hybrid", asked) for asked in ASKED)]:
                answer = await search.search(asked.format(thing), mode, SearchFilter(), 1)
                assert answer.results[0].event["id"] == event_id, (kind, thing, mode, asked)


async def test_a_span_is_found_by_its_id(reader, database, indexer, make_event, caught_up):
    rnd = random.Random(7)  # noqa: S311 - nothing secret
    ids = ["".join(rnd.choice(HEX) for _ in range(16)) for _ in range(20)]
    events = [
        make_event(kind="internal", name="chat", span_id=own, parent_span_id=parent, trace_id="f" * 32)
        for own, parent in zip(ids, [None, *ids], strict=False)
    ]
    await Writer(database, agent_window=0, committed=lambda stored: indexer.added(len(stored))).write(events)
    await caught_up(indexer)
    search = Searcher(reader, indexer)
    for event in events:
        for asked in (event.span_id, event.id):
            for mode in ("keyword", "hybrid"):
                answer = await search.search(asked, mode, SearchFilter(), 1)
                assert answer.results[0].event["id"] == event.id, (asked, mode)
