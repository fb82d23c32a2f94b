"""What is said is found once, in the event in which it is new, whatever repeats it, and in any order of arrival."""

import asyncio
import itertools
import json
import shutil

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.indexing.points.maker import PointMaker
from storage.qdrant.edge import EdgeIndex
from storage.read.reader import Reader
from storage.search.search import Searcher
from storage.surreal.database import Database
from storage.write.writer import Writer
from tests.storage.indexed import IMPATIENT, OneIndex, Preparer, WordEmbedder, until_settled

NOON = 1_767_960_000 * 10**9
PROMPT = "Promptword: you help the customers of a shop."


# Words that no stemmer and no tokenizer changes.
LETTERS = "bcdfgjklmnpqrtvx"


def word_of(kind, turn, session):
    digits = (LETTERS[int(session[1:]) >> shift & 15] for shift in (12, 8, 4, 0))
    return f"{kind}{LETTERS[turn]}{''.join(digits)}k"


def message(role, text):
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def genai(messages, answer):
    return {
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": PROMPT}]),
        "gen_ai.input.messages": json.dumps([message(*each) for each in messages]),
        "gen_ai.output.messages": json.dumps([message("assistant", answer)]),
    }


def openinference(messages, answer):
    told = {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": answer}
    for place, (role, text) in enumerate([("system", PROMPT), *messages]):
        told[f"llm.input_messages.{place}.message.role"] = role
        told[f"llm.input_messages.{place}.message.content"] = text
    return told


def plain(messages, answer):
    return {"messages": [{"role": "system", "content": PROMPT}, *({"role": r, "content": t} for r, t in messages)]} | {
        "output": answer
    }


FORMS = (genai, openinference, plain)


def conversation(make_event, form, session, turns, first=0):
    """Return the calls of a conversation, a trace each, of which the first ones were not sent."""
    calls = []
    said = []
    for turn in range(turns):
        said.append(("user", f"{word_of('zq', turn, session)} of the customer"))
        answer = f"{word_of('zw', turn, session)} of the agent"
        calls.append(
            make_event(
                kind="span",
                name="chat",
                event_type="model_call",
                session_id=session,
                trace_id=f"{session}{turn}",
                agent_id="helper",
                timestamp=NOON + turn,
                properties=form(said, answer),
            )
        )
        said.append(("assistant", answer))
    words = [word_of(kind, turn, session) for turn in range(turns) for kind in ("zq", "zw")]
    return calls[first:], words


async def found(indexer, database, word):
    results = (await Searcher(Reader(database), indexer).search(word, "keyword", SearchFilter(), 50)).results
    return [result.event["id"] for result in results if not result.is_prompt]


@pytest.fixture(scope="module")
def store(tmp_path_factory, folder_with_schema):
    """A database for all examples, and the loop they run in."""
    with asyncio.Runner() as loop:
        folder = tmp_path_factory.mktemp("told") / "surreal"
        shutil.copytree(folder_with_schema, folder)
        database = Database(f"surrealkv://{folder}", namespace="vectadb", database="vectadb")
        yield loop, database, tmp_path_factory
        loop.run(database.close())


class Running:
    """An indexer over a database, whose points are made by one maker after another."""

    def __init__(self, database, index, embedder):
        self.indexer = Indexer(database, Reader(database), tuning=IMPATIENT)
        self.database = database
        self._preparer, self._embedder = Preparer(embedder), embedder
        self._index = OneIndex(index)
        self.writer = Writer(database, agent_window=0, committed=lambda stored: self.indexer.added(len(stored)))

    async def start(self):
        self.task = asyncio.create_task(self.indexer.run(lambda: self._embedder, lambda: self._preparer, self._index))

    def restart(self):
        """Forget what was made: what is known is then what is in the index."""
        self._preparer._maker = PointMaker(self._embedder)

    async def stop(self):
        self.task.cancel()
        await asyncio.wait([self.task])
        await self._index.close()


@pytest.fixture(scope="module")
def running(store):
    loop, database, folders = store
    running = Running(database, EdgeIndex(folders.mktemp("index") / "qdrant", 32), WordEmbedder())
    loop.run(running.start())
    yield running
    loop.run(running.stop())


numbers = itertools.count()


@st.composite
def deliveries(draw):
    """Draw a form, how many turns and how many of the first are not sent, and batches, some with a restart after."""
    form, turns = draw(st.sampled_from(FORMS)), draw(st.integers(1, 4))
    first = draw(st.integers(0, turns - 1))
    places = range(turns - first)
    order = draw(st.permutations([*places, *draw(st.lists(st.sampled_from(places), max_size=2))]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=3)) | {0, len(order)})
    batches = [(order[start:end], draw(st.booleans())) for start, end in itertools.pairwise(cuts)]
    return form, turns, first, batches


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
# The first call arrives last, after a restart: the last one, which tells it until then, is made again.
@example((genai, 3, 0, [([2], False), ([1], True), ([0], False)]))
def test_each_message_is_found_once_in_any_order(store, running, make_event, delivery):
    loop, database, _ = store
    form, turns, first, batches = delivery
    calls, words = conversation(make_event, form, f"s{next(numbers)}", turns, first)

    async def check():
        for places, restarts in batches:
            await running.writer.write([calls[place] for place in dict.fromkeys(places)])
            await until_settled(running.indexer)
            if restarts:
                running.restart()
        for word in words:
            ids = await found(running.indexer, database, word)
            assert len(ids) == 1, (word, len(ids))
        # What is new in a call that was sent is found in it.
        for place, call in enumerate(calls, start=first):
            for word in words[2 * place : 2 * place + 2]:
                assert await found(running.indexer, database, word) == [call.id]

    loop.run(check())


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(4)), st.booleans())
def test_a_message_that_a_log_and_spans_around_tell_is_found_once(store, running, make_event, order, restarts):
    loop, database, _ = store
    session = f"s{next(numbers)}"
    (span,), words = conversation(make_event, genai, session, 1)
    question, answer = (json.loads(span.properties[f"gen_ai.{way}.messages"]) for way in ("input", "output"))
    around = make_event(
        kind="span", name="invoke_agent helper", session_id=session, trace_id=f"{session}0", agent_id="helper",
        timestamp=NOON, properties={"input.value": question[0]["parts"][0]["content"],
                                    "output.value": answer[0]["parts"][0]["content"]},
    )  # fmt: skip
    logs = [
        make_event(kind="log_record", name=name, session_id=session, trace_id=f"{session}0", timestamp=NOON,
                   properties={"body": {"content": told[0]["parts"][0]["content"]}})
        for name, told in (("gen_ai.user.message", question), ("gen_ai.assistant.message", answer))
    ]  # fmt: skip
    events = [span, around, *logs]

    async def check():
        for place in order:
            await running.writer.write([events[place]])
            await until_settled(running.indexer)
            if restarts:
                running.restart()
        for word in words:
            assert len(await found(running.indexer, database, word)) == 1

    loop.run(check())


def test_a_system_prompt_is_found_once_and_not_for_the_calls_that_have_it(store, running, make_event):
    loop, database, _ = store
    calls = [
        call for number in range(6) for call in conversation(make_event, FORMS[number % 3], f"p{next(numbers)}", 2)[0]
    ]

    async def check():
        await running.writer.write(calls)
        await until_settled(running.indexer)
        search = Searcher(Reader(database), running.indexer)
        for mode in ("keyword", "hybrid"):
            results = (await search.search("promptword help customers shop", mode, SearchFilter(), 50)).results
            assert [result.is_prompt for result in results].count(True) == 1
        (result,) = (await search.search("promptword", "keyword", SearchFilter(), 50)).results
        assert result.is_prompt
        assert result.highlights[0].text.startswith("Promptword")

    loop.run(check())


def test_a_conversation_whose_first_calls_were_deleted_is_told_by_those_that_come_after(store, running, make_event):
    loop, database, _ = store
    calls, words = conversation(make_event, genai, f"d{next(numbers)}", 3)

    async def check():
        await running.writer.write(calls[:2])
        await until_settled(running.indexer)
        for call in calls[:2]:
            await running.indexer.index.delete([call.id])
        running.restart()
        await running.writer.write(calls[2:])
        await until_settled(running.indexer)
        for word in words:
            assert await found(running.indexer, database, word) == [calls[2].id]

    loop.run(check())
