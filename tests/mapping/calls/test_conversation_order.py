"""In which order a conversation is told where the moments of events say otherwise."""

from histories import SECOND, telling

from mapping.calls.conversation import turns_of
from mapping.calls.interpret import interpret


def message(role, *parts):
    return {
        "role": role,
        "parts": [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts],
    }


def call(call_id):
    return {"type": "tool_call", "id": call_id, "name": "look", "arguments": {}}


def span(name, kind, start, end, **fields):
    return telling(id=name, span_id=name, kind=kind, start=start * SECOND, end=end * SECOND, name=name, **fields)


def told(*tellings):
    """Return who says what: texts, and the ids of calls and results."""
    return [
        (turn["role"], part.get("text") or part.get("id"))
        for turn in turns_of(interpret(tellings))
        for part in turn["parts"]
    ]


AGENT = span("agent", "agent", 0, 20, sent=[message("user", "Where?")], agent="agent")


def test_an_answer_comes_before_the_tool_that_starts_while_it_is_written():
    for answered in ([message("assistant", "Wait.", call("c1"))], [message("assistant", "Wait.")]):
        model = span("m", "model", 1, 4, parent_span_id="agent", answered=answered)
        tool = span("look", "tool", 3, 5, parent_span_id="agent", call_id="c1", result="here")
        assert told(AGENT, model, tool) == [
            ("user", "Where?"),
            ("assistant", "Wait."),
            ("assistant", "c1"),
            ("tool", "c1"),
        ]


def test_an_answer_of_a_loop_comes_after_the_tools_in_it():
    model = span("m", "model", 1, 9, parent_span_id="agent", answered=[message("assistant", "There.")])
    tool = span("look", "tool", 3, 5, parent_span_id="agent", call_id="c1", result="here")
    assert told(AGENT, model, tool)[-2:] == [("tool", "c1"), ("assistant", "There.")]


def test_an_answer_that_is_a_record_comes_before_the_tool_that_its_response_called():
    tool = span("look", "tool", 3, 5, parent_span_id="agent", call_id="c1", result="here", response_id="r1")
    record = telling(
        id="record",
        kind="statement",
        signal="log",
        start=4 * SECOND,
        end=4 * SECOND,
        response_id="r1",
        answered=[message("assistant", "Wait.")],
    )
    assert told(AGENT, tool, record)[1:3] == [("assistant", "Wait."), ("assistant", "c1")]


def test_a_prompt_that_is_a_record_comes_before_what_is_sent_with_it():
    model = span("m", "model", 1, 4, sent=[message("user", "Where?")], answered=[message("assistant", "There.")])
    record = telling(
        id="record",
        kind="statement",
        signal="log",
        start=2 * SECOND,
        end=2 * SECOND,
        system=[{"type": "text", "text": "You look."}],
    )
    assert told(model, record) == [("system", "You look."), ("user", "Where?"), ("assistant", "There.")]


def test_an_agent_says_what_it_was_asked_where_a_tool_is_called_before_any_model():
    tool = span("look", "tool", 1, 2, parent_span_id="agent", call_id="c1", result="here")
    model = span(
        "m",
        "model",
        3,
        4,
        parent_span_id="agent",
        sent=[message("user", "Where?")],
        answered=[message("assistant", "There.")],
    )
    assert told(AGENT, tool, model) == [
        ("user", "Where?"),
        ("assistant", "c1"),
        ("tool", "c1"),
        ("assistant", "There."),
    ]
