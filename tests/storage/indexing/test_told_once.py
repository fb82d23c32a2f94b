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


def lines_said(kind, turn, session, lines, by):
    """Return a message's lines, each with a word of its own."""
    return [f"{word_of(f'{kind}{LETTERS[line]}', turn, session)} of the {by}" for line in range(lines)]


def message(role, said):
    return {"role": role, "parts": [{"type": "text", "content": line} for line in said]}


def genai(messages, answer):
    return {
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": PROMPT}]),
        "gen_ai.input.messages": json.dumps([message(*each) for each in messages]),
        "gen_ai.output.messages": json.dumps([message("assistant", answer)]),
    }


def openinference(messages, answer):
    told = {}
    for way, of_way in (("input", [("system", [PROMPT]), *messages]), ("output", [("assistant", answer)])):
        for place, (role, said) in enumerate(of_way):
            at = f"llm.{way}_messages.{place}.message."
            told[f"{at}role"] = role
            for line, text in enumerate(said):
                told[f"{at}contents.{line}.message_content.type"] = "text"
                told[f"{at}contents.{line}.message_content.text"] = text
    return told


def plain(messages, answer):
    said = [{"role": role, "content": [{"type": "text", "text": line} for line in lines]} for role, lines in messages]
    return {"messages": [{"role": "system", "content": PROMPT}, *said], "output": [message("assistant", answer)]}


FORMS = (genai, openinference, plain)


def conversation(make_event, form, session, turns, lines=1):
    """Return the calls of a conversation, a trace each, and by turn the words that occur once in it."""
    calls, words, said = [], [], []
    for turn in range(turns):
        said.append(("user", lines_said("zq", turn, session, lines, "customer")))
        answer = lines_said("zw", turn, session, lines, "agent")
        words.append([line.split()[0] for line in (*said[-1][1], *answer)])
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
    return calls, words


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
    """Draw a form, lines of a message, turns and how many of the first are not sent; batches, some before a restart."""
    form, lines, turns = draw(st.sampled_from(FORMS)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    first = draw(st.integers(0, turns - 1))
    places = range(turns - first)
    order = draw(st.permutations([*places, *draw(st.lists(st.sampled_from(places), max_size=2))]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=3)) | {0, len(order)})
    batches = [(order[start:end], draw(st.booleans())) for start, end in itertools.pairwise(cuts)]
    return form, lines, turns, first, batches


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
# The first call arrives last, after a restart: the last one, which tells it until then, is made again.
@example((genai, 1, 3, 0, [([2], False), ([1], True), ([0], False)]))
def test_each_message_is_found_once_in_any_order(store, running, make_event, delivery):
    loop, database, _ = store
    form, lines, turns, first, batches = delivery
    calls, words = conversation(make_event, form, f"s{next(numbers)}", turns, lines)
    calls = calls[first:]

    async def check():
        for places, restarts in batches:
            await running.writer.write([calls[place] for place in dict.fromkeys(places)])
            await until_settled(running.indexer)
            if restarts:
                running.restart()
        for word in itertools.chain.from_iterable(words[:first]):
            ids = await found(running.indexer, database, word)
            assert len(ids) == 1, (word, len(ids))
        # What is new in a call that was sent is found in it.
        for call, of_turn in zip(calls, words[first:], strict=True):
            for word in of_turn:
                assert await found(running.indexer, database, word) == [call.id]

    loop.run(check())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FORMS), st.integers(1, 3), st.booleans(), st.data())
def test_what_logs_tell_is_not_told_by_a_call_that_repeats_it(store, running, make_event, form, lines, by_line, data):
    loop, database, _ = store
    session = f"s{next(numbers)}"
    (_, later), (words, new) = conversation(make_event, form, session, 2, lines)
    logs = [
        make_event(kind="log_record", name=f"gen_ai.{role}.message", session_id=session, trace_id=f"{session}0",
                   timestamp=NOON + number, properties={"body": {"role": role, "content": content}})
        for number, (role, content) in enumerate(logged(session, lines, by_line=by_line))
    ]  # fmt: skip
    order = data.draw(st.permutations([later, *logs]))
    restarts = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))

    async def check():
        for event, restart in zip(order, restarts, strict=True):
            await running.writer.write([event])
            await until_settled(running.indexer)
            if restart:
                running.restart()
        for word in words:
            (teller,) = await found(running.indexer, database, word)
            assert teller != later.id
        for word in new:
            assert await found(running.indexer, database, word) == [later.id]

    loop.run(check())


def logged(session, lines, *, by_line):
    """Yield what logs tell of a conversation's first turn: role and content, a line or a message in each."""
    for role, kind, by in (("user", "zq", "customer"), ("assistant", "zw", "agent")):
        said = lines_said(kind, 0, session, lines, by)
        if by_line:
            yield from ((role, line) for line in said)
        else:
            yield role, [{"type": "text", "text": line} for line in said]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(4)), st.booleans())
def test_a_message_that_a_log_and_spans_around_tell_is_found_once(store, running, make_event, order, restarts):
    loop, database, _ = store
    session = f"s{next(numbers)}"
    (span,), (words,) = conversation(make_event, genai, session, 1)
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
        for word in itertools.chain.from_iterable(words):
            assert await found(running.indexer, database, word) == [calls[2].id]

    loop.run(check())
