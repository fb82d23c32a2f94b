"""A run as a conversation: each message once, in order, under the agent that says it, whatever repeats it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.conversation import turns_of
from mapping.calls.interpret import interpret
from mapping.calls.reading import tell
from mapping.times import format_rfc3339

MS = 1_000_000
WORDS = {"model_call": "chat", "tool_call": "execute_tool", "agent": "invoke_agent"}


class Trace:
    """Events of a trace, each begun a millisecond after the one before, unless told otherwise."""

    def __init__(self):
        self.rows = []

    def add(self, properties, event_type="model_call", kind="internal", at=None, lasts=None, **fields):
        number = len(self.rows)
        if event_type in WORDS:
            properties = {"gen_ai.operation.name": WORDS[event_type], **properties}
        row = {
            "id": f"e{number}",
            "trace_id": "t",
            "name": None,
            "timestamp": MS * (number if at is None else at),
            "duration_ns": None if lasts is None else MS * lasts,
            "event_type": event_type,
            "kind": kind,
            "status": "unset",
            "span_id": f"{number:016x}" if kind == "internal" else None,
            "properties": properties,
        } | fields
        self.rows.append(row)
        return row

    def call(self, *messages, answer=None, system=None, **fields):
        return self.add(
            {
                "gen_ai.system_instructions": system,
                "messages": list(messages),
                "output": None if answer is None else [answer],
            },
            **fields,
        )

    def tool(self, name, arguments=None, result=None, call_id=None, **fields):
        return self.add(
            {
                "gen_ai.tool.name": name,
                "gen_ai.tool.call.arguments": arguments,
                "gen_ai.tool.call.result": result,
                "gen_ai.tool.call.id": call_id,
            },
            event_type="tool_call",
            **fields,
        )

    def turns(self):
        return turns_of(interpret(map(tell, self.rows)))

    def said(self):
        """Return the turns in short: the event, the role, and what it says."""
        return [f"{turn['event_id']} {turn['role']}: {' '.join(map(words, turn['parts']))}" for turn in self.turns()]


def words(part):
    if part["type"] == "tool_call":
        return f"{part['name']}({json.dumps(part.get('arguments'))})"
    return f"-> {part['result']}" if part["type"] == "tool_result" else part["text"]


def user(text):
    return {"role": "user", "content": text}


def model(text=None, *calls):
    asked = [{"id": one, "function": {"name": name, "arguments": arguments}} for one, name, arguments in calls]
    return {"role": "assistant", "content": text, "tool_calls": asked}


def tool(call_id, result):
    return {"role": "tool", "tool_call_id": call_id, "content": result}


@pytest.fixture
def trace():
    return Trace()


def test_a_call_repeats_the_conversation_and_each_message_is_shown_once(trace):
    trace.call(user("hi"), answer=model("hello"), system="Be brief.")
    trace.call(user("hi"), model("hello"), user("how deep?"), answer=model("seven"), system="Be brief.")
    trace.call(user("hi"), model("hello"), user("how deep?"), model("seven"), user("thanks"), system="Be brief.")
    assert trace.said() == [
        "e0 system: Be brief.",
        "e0 user: hi",
        "e0 assistant: hello",
        "e1 user: how deep?",
        "e1 assistant: seven",
        "e2 user: thanks",
    ]


def test_a_turn_says_which_call_it_is_from_and_when_it_was_said(trace):
    trace.call(user("hi\n there"), answer=model("hello"), lasts=5, status="ok", agent_id="a")
    asked, answered = trace.turns()
    assert asked == {
        "event_id": "e0",
        "call_id": "e0",
        "timestamp": format_rfc3339(0),
        "depth": 0,
        "status": "ok",
        "role": "user",
        "parts": [{"type": "text", "text": "hi\n there"}],
        "agent_id": "a",
    }
    assert (answered["timestamp"], answered["parts"][0]["text"]) == (format_rfc3339(5 * MS), "hello")


def test_what_is_said_twice_is_shown_twice(trace):
    trace.call(user("sure?"), answer=model("yes"))
    trace.call(user("sure?"), model("yes"), user("sure?"), answer=model("yes"))
    assert [turn.partition(": ")[2] for turn in trace.said()] == ["sure?", "yes", "sure?", "yes"]


def test_a_window_of_the_last_messages_repeats_none_of_them(trace):
    said = [user("1"), model("one"), user("yes"), model("two"), user("yes"), model("three"), user("4"), model("four")]
    for place in range(0, len(said), 2):
        trace.call(*said[max(0, place - 2) : place + 1], answer=said[place + 1])
    assert [turn.partition(": ")[2] for turn in trace.said()] == [one["content"] for one in said]


def test_a_call_that_is_tried_again_says_its_messages_once_and_every_failure(trace):
    for status in ("error", "error", "unset"):
        properties = {"messages": [user("hi")], "output": "hello" if status == "unset" else None}
        trace.add(properties | ({"error.type": "RateLimit"} if status == "error" else {}), status=status, name="chat")
    assert trace.said() == ["e0 user: hi", "e0 error: RateLimit", "e1 error: RateLimit", "e2 assistant: hello"]
    assert [turn["status"] for turn in trace.turns()] == ["unset", "error", "error", "unset"]


def test_reasoning_and_white_space_are_shown_and_do_not_count(trace):
    trace.call(user("hi"), answer={"role": "assistant", "reasoning": "They greet.", "content": "Hello\n  there"})
    trace.call(user("hi"), model("Hello there"), user("bye"))
    assert trace.said() == ["e0 user: hi", "e0 assistant: They greet. Hello\n  there", "e1 user: bye"]


@pytest.mark.parametrize("call_id", ["c1", None])
def test_a_tool_s_call_and_its_result_are_shown_once_though_its_event_and_the_next_call_have_both(trace, call_id):
    trace.call(user("how deep?"), answer=model(None, ("c1", "depth", '{"at": "Tortosa"}')), lasts=1)
    trace.tool("depth", '{"at":  "Tortosa"}', "7", call_id, lasts=2, at=2)
    trace.call(user("how deep?"), model(None, ("c1", "depth", '{"at":"Tortosa"}')), tool("c1", "7"), at=5)
    assert trace.said() == [
        "e0 user: how deep?",
        'e0 assistant: depth({"at": "Tortosa"})',
        "e1 tool: -> 7",
    ]


def test_a_result_that_only_the_next_call_has_is_the_tool_s(trace):
    trace.call(user("go"), answer=model(None, ("c1", "look", "{}")))
    trace.tool("look", "{}", call_id="c1")
    trace.call(user("go"), model(None, ("c1", "look", "{}")), tool("c1", "a door"), answer=model("A door."))
    assert trace.said() == ["e0 user: go", "e0 assistant: look({})", "e1 tool: -> a door", "e2 assistant: A door."]


def test_a_tool_that_no_model_is_known_to_have_called_is_shown_with_its_call(trace):
    trace.tool("look", '{"at": 1}', "a door")
    trace.tool("look", '{"at": 1}', "a door")
    assert trace.said() == [
        f"e{n} {said}" for n in (0, 1) for said in ('assistant: look({"at": 1})', "tool: -> a door")
    ]


def test_calls_without_ids_are_taken_up_one_by_one(trace):
    asked = model(None, (None, "look", '{"at": 1}'), (None, "look", '{"at": 2}'))
    trace.call(user("go"), answer=asked)
    trace.tool("look", '{"at": 2}', "two")
    trace.tool("look", "elsewhere", "one")
    trace.tool("look", '{"at": 3}', "three")
    assert trace.said() == [
        "e0 user: go",
        'e0 assistant: look({"at": 1}) look({"at": 2})',
        "e1 tool: -> two",
        "e2 tool: -> one",
        'e3 assistant: look({"at": 3})',
        "e3 tool: -> three",
    ]


def test_a_tool_that_failed_says_why_once_though_it_is_passed_up(trace):
    trace.add({}, event_type="agent", span_id="a", lasts=20, status="error", name="run")
    trace.call(user("go"), answer=model(None, ("c1", "pay", "{}")), parent_span_id="a")
    trace.tool("pay", "{}", call_id="c1", span_id="t", parent_span_id="a", lasts=5, status="error")
    raised = {"exception.type": "Declined", "exception.message": "no money", "exception.stacktrace": "..."}
    trace.add(raised, "error", "span_event", parent_span_id="t", status="error", name="exception")
    trace.add({"body": "Declined: no money"}, "error", "log_record", parent_span_id="a", status="error", at=9)
    trace.rows[0]["properties"]["otel.status_description"] = "no money"
    assert trace.said() == ["e1 user: go", "e1 assistant: pay({})", "e2 tool: -> Declined: no money"]
    assert trace.turns()[-1]["status"] == "error"
    assert trace.turns()[-1]["parts"][0]["failed"] is True


def test_what_a_failed_tool_gave_back_stands_before_its_error(trace):
    trace.add({"tool_name": "make", "output": "2 of 3 done", "error": "exit code 2"}, "tool_call", status="error")
    assert trace.said()[-1] == "e0 tool: -> 2 of 3 done exit code 2"


def test_an_error_stands_where_it_happened(trace):
    trace.call(user("hi"), answer=model("hello"))
    trace.add({"body": "the disk is full"}, "log", "log_record", status="error", name="disk")
    trace.call(user("hi"), model("hello"), user("bye"))
    assert trace.said()[2:] == ["e1 error: the disk is full", "e2 user: bye"]
    assert trace.turns()[2]["name"] == "disk"


def test_a_failure_that_nobody_explains_is_named_once(trace):
    trace.add({}, "span", status="error", name="inner", lasts=1, parent_span_id="outer")
    trace.add({}, "workflow", status="error", name="outer", at=0, lasts=9, span_id="outer")
    assert trace.said() == ["e0 error: inner failed"]


def test_messages_that_are_events_of_a_span_repeat_the_conversation_too(trace):
    """GenAI's message events, as they were until 1.36: each call notes the whole conversation."""

    def note(name, span, **properties):
        trace.add(properties, "message", "span_event", name=name, parent_span_id=span)

    trace.add({}, span_id="one", lasts=3)
    note("gen_ai.system.message", "one", content="Be brief.")
    note("gen_ai.user.message", "one", content="hi")
    note("gen_ai.choice", "one", message='{"content": "hello"}')
    trace.add({}, span_id="two", lasts=9)
    note("gen_ai.system.message", "two", content="Be brief.")
    note("gen_ai.user.message", "two", content="hi")
    note("gen_ai.assistant.message", "two", content="hello")
    note("gen_ai.user.message", "two", content="how deep?")
    note("gen_ai.choice", "two", message='{"content": "seven"}')
    assert trace.said() == [
        "e0 system: Be brief.",
        "e0 user: hi",
        "e0 assistant: hello",
        "e4 user: how deep?",
        "e4 assistant: seven",
    ]


def test_a_message_that_is_an_event_and_stands_in_a_call_is_shown_once(trace):
    trace.add({"prompt": "hi"}, "message", "log_record", name="user_prompt")
    trace.call(user("hi"), answer=model("hello"))
    trace.add({"response": "hello"}, "message", "log_record", name="assistant_response")
    trace.add({"prompt": "hi"}, "message", "log_record", name="user_prompt")
    trace.call(user("hi"), model("hello"), user("hi"), answer=model("hello"))
    trace.add({"response": "hello"}, "message", "log_record", name="assistant_response")
    assert trace.said() == ["e0 user: hi", "e1 assistant: hello", "e3 user: hi", "e4 assistant: hello"]


def test_a_call_inside_another_is_the_same_call(trace):
    trace.call(user("hi"), answer=model("hello"), span_id="outer", lasts=9)
    trace.call(user("hi"), answer=model("hello"), parent_span_id="outer", lasts=1)
    assert trace.said() == ["e0 user: hi", "e0 assistant: hello"]


def test_agents_are_told_apart_by_the_span_that_names_them(trace):
    trace.add({"gen_ai.agent.name": "planner"}, "agent", span_id="a", lasts=9)
    trace.call(user("plan"), answer=model(None, ("c1", "ask", "{}")), parent_span_id="a")
    trace.add({"gen_ai.agent.name": "expert"}, "agent", span_id="b", parent_span_id="a", lasts=2)
    trace.call(user("deep?"), answer=model("seven"), parent_span_id="b", system="You know rivers.")
    assert [(turn["agent_id"], turn["depth"], turn["role"], words(turn["parts"][0])) for turn in trace.turns()] == [
        ("planner", 0, "user", "plan"),
        ("planner", 0, "assistant", "ask({})"),
        ("expert", 1, "system", "You know rivers."),
        ("expert", 1, "agent", "deep?"),
        ("expert", 1, "assistant", "seven"),
    ]


def test_what_waits_for_a_person_is_no_error(trace):
    trace.add({"gen_ai.agent.name": "payer"}, "agent", span_id="a", lasts=9, name="invoke_agent payer")
    interrupt = {"exception.type": "GraphInterrupt", "exception.message": "Pay 40 euro?"}
    trace.tool("pay", "{}", span_id="t", parent_span_id="a", lasts=2, status="error")
    trace.add(interrupt, "error", "span_event", parent_span_id="t", status="error", name="exception", at=3)
    assert [(turn["role"], turn["status"]) for turn in trace.turns()] == [("assistant", "unset"), ("waiting", "unset")]


def test_an_agent_that_takes_over_repeats_what_was_said_to_the_first(trace):
    trace.call(user("hi"), answer=model("over to B"), system="You are A.", agent_id="A")
    trace.call(user("hi"), model("over to B"), answer=model("B here"), system="You are B.", agent_id="B")
    assert trace.said() == [
        "e0 system: You are A.",
        "e0 user: hi",
        "e0 assistant: over to B",
        "e1 system: You are B.",
        "e1 assistant: B here",
    ]


def test_spans_that_are_their_own_grandparents_do_no_harm(trace):
    trace.call(user("hi"), span_id="a", parent_span_id="b")
    trace.call(user("hi"), user("ho"), span_id="b", parent_span_id="a")
    trace.call(user("hi"), span_id="c", parent_span_id="c")
    assert {turn.partition(" ")[2] for turn in trace.said()} == {"user: hi", "user: ho"}


texts = st.sampled_from(["yes", "no", "go on", ""])
messages = st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant"]), texts)


@given(st.lists(st.tuples(st.lists(messages, max_size=5), texts, st.sampled_from(["ok", "error"])), max_size=6))
def test_nothing_that_was_said_is_missing(calls):
    trace = Trace()
    for sent, answer, status in calls:
        trace.add({"messages": sent, "output": answer}, status=status)
    said = {(turn["role"], part["text"]) for turn in trace.turns() for part in turn["parts"]}
    listed = [sent for sent, _, _ in calls if any(message["content"] for message in sent)]
    assert {(message["role"], message["content"]) for sent in listed for message in sent if message["content"]} <= said
    assert {("assistant", answer) for _, answer, _ in calls if answer} <= said


@given(st.lists(texts.filter(bool), min_size=1, max_size=12))
def test_a_conversation_that_is_repeated_call_by_call_is_itself(said):
    trace = Trace()
    turns = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]
    for place in range(0, len(turns), 2):
        answer = turns[place + 1]["content"] if place + 1 < len(turns) else None
        trace.add({"messages": turns[: place + 1], "output": answer})
    assert [(turn["role"], turn["parts"][0]["text"]) for turn in trace.turns()] == [
        (turn["role"], turn["content"]) for turn in turns
    ]
