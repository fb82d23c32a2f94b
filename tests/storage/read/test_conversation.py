"""Conversations as they are read from the store: of what they are made, and how much of that is in a page."""

import sys
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "interpreting"))

from interpreted import agent, model, running, tool

from mapping.times import NS, format_rfc3339
from storage.read.conversation import PageSize, of_session, of_trace

NOON = 1_767_960_000 * NS


@pytest.fixture
def make_calls(make_event):
    """Makes the calls of a conversation, each of which repeats it: `question N` and `answer N`."""

    def make(count, text="question", trace_id="t", first=0, **fields):
        messages, calls = [], []
        for number in range(first + count):
            messages.append({"role": "user", "content": f"{text} {number}"})
            answer = {"role": "assistant", "content": f"answer {number}"}
            calls.append(
                make_event(
                    trace_id=trace_id,
                    timestamp=NOON + number * NS,
                    event_type="model_call",
                    properties={"messages": list(messages), "output": answer},
                    **fields,
                )
            )
            messages.append(answer)
        return calls[first:]

    return make


def texts(page):
    return [part["text"] for turn in page.turns for part in turn["parts"]]


def texts_of_calls(count, first=0, text="question"):
    return [f"{what} {number}" for number in range(first, count) for what in (text, "answer")]


async def pages(read, side):
    """Read all pages, and put them together in the order of time."""
    whole, cursor, count = [], None, 0
    while True:
        page = await read(side, cursor)
        whole = texts(page) + whole if side == "end" else whole + texts(page)
        cursor, count = page.cursor, count + 1
        if cursor is None:
            return whole, count


async def test_a_conversation_is_read_in_order_and_whole(writer, reader, make_calls):
    calls = make_calls(30, agent_id="a")
    await writer.write(calls[::-1])
    for side in ("start", "end"):
        page = await of_trace(reader, "t", side, None)
        assert texts(page) == texts_of_calls(30)
        assert page.cursor is None
    assert page.turns[0] == {
        "event_id": calls[0].id,
        "call_id": calls[0].id,
        "timestamp": format_rfc3339(NOON),
        "status": "unset",
        "role": "user",
        "parts": [{"type": "text", "text": "question 0"}],
        "agent_id": "a",
        "depth": 0,
    }


async def test_what_says_nothing_is_not_read_and_what_failed_is(writer, reader, make_event, make_calls):
    await writer.write(
        [
            *make_calls(1),
            make_event(trace_id="t", event_type="log", properties={"messages": [{"role": "user", "content": "x"}]}),
            make_event(trace_id="t", event_type="error", status="error", properties={"error": "too late"}),
            make_event(trace_id="other", event_type="model_call", properties={"prompt": "y"}),
        ]
    )
    assert sorted(texts(await of_trace(reader, "t", "end", None))) == ["answer 0", "question 0", "too late"]


async def test_agents_speak_where_no_call_of_theirs_does(writer, reader, make_event):
    agent = make_event(trace_id="t", event_type="agent", properties={"input": "plan", "output": "done"})
    silent = make_event(trace_id="t", event_type="model_call", status="error", properties={"error": "no answer"})
    await writer.write([agent, silent])
    assert sorted(texts(await of_trace(reader, "t", "end", None))) == ["done", "no answer", "plan"]


@pytest.mark.parametrize("side", ["start", "end"])
@pytest.mark.parametrize("size", [PageSize(events=7), PageSize(bytes=12_000)])
async def test_a_longer_one_is_read_page_by_page_from_either_side(writer, reader, make_calls, side, size):
    await writer.write(make_calls(40))

    async def read(side, after):
        return await of_trace(reader, "t", side, after, size=size)

    whole, count = await pages(read, side)
    # What the first call of a page repeats of those before it is not said again.
    assert whole == texts_of_calls(40)
    assert count > 2


async def test_messages_of_a_megabyte_are_given_whole(writer, reader, make_calls):
    await writer.write(make_calls(6, text="x" * (1 << 20)))
    page = await of_trace(reader, "t", "end", None)
    assert texts(page)[-1] == "answer 5"
    assert all(len(text) in (len("answer 5"), (1 << 20) + 2) for text in texts(page))


async def test_a_session_is_one_conversation_over_its_traces(writer, reader, make_calls):
    await writer.write([*make_calls(5, session_id="s"), *make_calls(5, trace_id="u", first=5, session_id="s")])
    await writer.write(make_calls(3, text="other", trace_id="v", session_id="another"))
    for side in ("start", "end"):
        assert texts(await of_session(reader, "s", side, None)) == texts_of_calls(10)

    async def read(side, after):
        return await of_session(reader, "s", side, after, PageSize(events=3))

    for side in ("start", "end"):
        assert (await pages(read, side))[0] == texts_of_calls(10)


async def test_a_trace_that_says_nothing_has_no_turns(writer, reader, make_event):
    await writer.write([make_event(trace_id="t", event_type="log")])
    assert await of_trace(reader, "t", "end", None) == ([], None)


async def test_what_is_not_there_is_none(reader):
    assert await of_trace(reader, "t", "end", None) is None
    assert await of_session(reader, "s", "start", None) is None


@pytest.mark.parametrize("side", ["start", "end"])
@pytest.mark.parametrize("looked_at", [6, 20])
async def test_a_trace_of_more_events_than_are_looked_at_is_read_to_its_other_end(
    writer, reader, make_event, make_calls, side, looked_at
):
    silent = [make_event(trace_id="t", timestamp=NOON + at * NS + 1, event_type="span") for at in range(40)]
    await writer.write([*make_calls(40), *silent])
    size = PageSize(events=8, looked_at=looked_at)
    whole, count = await pages(lambda side, after: of_trace(reader, "t", side, after, size=size), side)
    assert whole == texts_of_calls(40)
    assert count > 80 // looked_at


@pytest.mark.parametrize("side", ["start", "end"])
@pytest.mark.parametrize("size", [PageSize(looked_at=5), PageSize(traces=2), PageSize(events=3, traces=1)])
async def test_a_session_of_more_traces_than_are_looked_at_is_read_to_its_other_end(
    writer, reader, make_calls, side, size
):
    for number in range(7):
        await writer.write(make_calls(4, trace_id=f"t{number}", first=4 * number, session_id="s"))
    whole, count = await pages(lambda side, after: of_session(reader, "s", side, after, size), side)
    assert whole == texts_of_calls(28)
    assert count > 2


@pytest.mark.parametrize("side", ["start", "end"])
async def test_events_of_one_moment_end_no_conversation(writer, reader, make_event, make_calls, side):
    at_once = [make_event(trace_id="t", timestamp=NOON + 3 * NS + 1, event_type="span") for _ in range(20)]
    await writer.write([*make_calls(10), *at_once])
    whole, _ = await pages(lambda side, after: of_trace(reader, "t", side, after, size=PageSize(looked_at=4)), side)
    assert {*texts_of_calls(10)} == {
        *whole
    }  # what was said before is further away than is looked at, so it is said again


@pytest.mark.parametrize("side", ["start", "end"])
async def test_agents_speak_from_far_above_what_is_looked_at(database, reader, side):
    def asked(number, above, at=None):
        said = {
            "gen_ai.input.messages": [{"role": "user", "content": f"question {number}"}],
            "gen_ai.output.messages": [{"role": "assistant", "content": f"answer {number}"}],
        }
        told = {name: msgspec.json.encode(messages).decode() for name, messages in said.items()}
        return model(number, above=above, at=at or number, seconds=0.01, **told)

    spans = [
        agent(1, "planner", seconds=100),
        asked(2, 1),
        agent(3, "coach", above=1, at=2.1, seconds=95),
        # A span that is no call.
        msgspec.structs.replace(tool(4, above=3, at=2.2, seconds=95), name="step", properties={}),
        asked(90, 3, at=2.3),
        # Another one at work at the same time.
        agent(91, "clerk", above=1, at=2.4, seconds=95),
        asked(92, 91, at=2.5),
        agent(5, "helper", above=4, at=2.6, seconds=94),
        *(asked(number, 5) for number in range(6, 80)),
    ]
    async with running(database) as store:
        await store.write(*spans)
        await store.settled()
        assert {call["kind"] for call in (await store.calls()).values()} == {"agent", "model"}
        whole = await of_trace(reader, "1" * 32, side, None)
        assert whole.cursor is None
        turns, cursor, count = [], None, 0
        while count == 0 or cursor is not None:
            page = await of_trace(reader, "1" * 32, side, cursor, size=PageSize(looked_at=16))
            turns = page.turns + turns if side == "end" else turns + page.turns
            cursor, count = page.cursor, count + 1
    assert count > 4
    assert turns == whole.turns
    assert {turn.get("name") for turn in turns if turn["agent_id"] == "helper"} == {None, "coach"}


async def test_a_few_that_speak_among_many_that_do_not_are_in_one_page(writer, reader, make_event, make_calls):
    silent = [make_event(trace_id="t", timestamp=NOON + at * NS // 100, event_type="span") for at in range(3_000)]
    await writer.write([*make_calls(3), *make_calls(30, first=27), *silent])
    for side in ("start", "end"):
        assert len(texts(await of_trace(reader, "t", side, None))) >= 12
