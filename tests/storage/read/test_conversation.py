"""A trace's conversation as it is read from the store: what it is made of, and how much of that."""

import pytest

from mapping.times import NS
from storage.read import conversation as conversation_module
from storage.read.conversation import conversation

NOON = 1_767_960_000 * NS


@pytest.fixture
def make_calls(make_event):
    """Makes the calls of a conversation, each of which repeats it: `question N` and `answer N`."""

    def make(count, text="question", **fields):
        said, calls = [], []
        for number in range(count):
            said.append({"role": "user", "content": f"{text} {number}"})
            answer = {"role": "assistant", "content": f"answer {number}"}
            calls.append(
                make_event(
                    trace_id="t",
                    timestamp=NOON + number,
                    event_type="model_call",
                    properties={"messages": list(said), "output": answer},
                    **fields,
                )
            )
            said.append(answer)
        return calls

    return make


def texts(told):
    return [part["text"] for turn in told.turns for part in turn["parts"]]


async def test_a_conversation_is_read_in_order_and_whole(writer, reader, make_calls):
    calls = make_calls(30, agent_id="a")
    await writer.write(calls[::-1])
    told = await conversation(reader, "t")
    assert texts(told) == [f"{what} {number}" for number in range(30) for what in ("question", "answer")]
    assert told.truncated is False
    assert told.turns[0] == {
        "event_id": calls[0].id,
        "timestamp": NOON,
        "status": "unset",
        "role": "user",
        "parts": [{"type": "text", "text": "question 0"}],
        "agent_id": "a",
    }


async def test_what_says_nothing_is_not_read_and_what_failed_is(writer, reader, make_event, make_calls):
    await writer.write(
        [
            *make_calls(1),
            make_event(trace_id="t", event_type="log", properties={"messages": [{"role": "user", "content": "x"}]}),
            make_event(trace_id="t", event_type="log", status="error", properties={"error": "too late"}),
            make_event(trace_id="other", event_type="model_call", properties={"prompt": "y"}),
        ]
    )
    assert sorted(texts(await conversation(reader, "t"))) == ["answer 0", "question 0", "too late"]


async def test_events_of_a_client_s_own_types_speak(writer, reader, make_event):
    await writer.write([make_event(trace_id="t", event_type="my_llm", properties={"prompt": "hi", "response": "ho"})])
    assert texts(await conversation(reader, "t")) == ["hi", "ho"]


async def test_agents_speak_where_no_call_of_theirs_does(writer, reader, make_event):
    agent = make_event(trace_id="t", event_type="agent", properties={"input": "plan", "output": "done"})
    silent = make_event(trace_id="t", event_type="model_call", status="error", properties={"error": "no answer"})
    await writer.write([agent, silent])
    assert sorted(texts(await conversation(reader, "t"))) == ["done", "no answer", "plan"]
    speaking = make_event(trace_id="t", event_type="model_call", properties={"prompt": "plan it"})
    await writer.write([speaking])
    assert sorted(texts(await conversation(reader, "t"))) == ["no answer", "plan it"]


@pytest.mark.parametrize(
    ("limit", "most"), [("MOST_EVENTS", 5), ("MOST_READ", 12_000), ("MOST_MESSAGES", 200), ("MOST_GIVEN", 2_000)]
)
async def test_of_a_longer_one_the_end_is_given(writer, reader, make_calls, monkeypatch, limit, most):
    await writer.write(make_calls(40))
    whole = await conversation(reader, "t")
    monkeypatch.setattr(conversation_module, limit, most)
    told = await conversation(reader, "t")
    assert told.truncated is True
    given = texts(told)
    # The first call that is read repeats all that was said before it, which is shown as said in it.
    assert 2 <= len(given) <= len(texts(whole))
    assert given == texts(whole)[-len(given) :]


async def test_messages_of_a_megabyte_are_given_whole(writer, reader, make_calls):
    await writer.write(make_calls(6, text="x" * (1 << 20)))
    told = await conversation(reader, "t")
    assert told.truncated is True
    assert 2 << 20 < sum(map(len, texts(told))) < 5 << 20
    assert texts(told)[-1] == "answer 5"


async def test_a_trace_that_says_nothing_has_no_turns(writer, reader, make_event):
    await writer.write([make_event(trace_id="t", event_type="log")])
    assert await conversation(reader, "t") == ([], False)


async def test_a_trace_that_is_not_there_is_none(reader):
    assert await conversation(reader, "t") is None
