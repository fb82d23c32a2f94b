"""What of a call's messages is new, in the forms in which programs log them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.search_text.passages import earlier_lines, keys_told, passage_of, prompt_keys
from mapping.search_text.text import text_of, words_of


def openai(role, text):
    return {"role": role, "content": text}


def parts(role, text):
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def langchain(role, text):
    kind = {"user": "HumanMessage", "assistant": "AIMessage", "system": "SystemMessage", "tool": "ToolMessage"}[role]
    return {"lc": 1, "type": "constructor", "id": ["langchain", kind], "kwargs": {"content": text}}


def typed(role, text):
    return {"type": {"user": "human", "assistant": "ai"}.get(role, role), "content": text}


def anthropic(role, text):
    if role == "tool":
        return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": text}]}
    return {"role": role, "content": [{"type": "text", "text": text}]}


def pair(role, text):
    return [role, text]


MESSAGES = [
    ("system", "prompt here"),
    ("user", "first question"),
    ("assistant", "first answer"),
    ("user", "second question"),
    ("assistant", "second thought"),
    ("tool", "tool result"),
]
FORMS = {
    "as a list": lambda messages: {"input": messages},
    "as text": lambda messages: {"gen_ai.input.messages": json.dumps(messages)},
    "in a request": lambda messages: {"input.value": json.dumps({"model": "m", "messages": messages})},
    "in lists of lists": lambda messages: {"input": {"messages": [messages]}},
    "under a name of one's own": lambda messages: {"history": messages},
}


def lines(lists):
    return [line for message in lists for line in message]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("message", [openai, parts, langchain, typed, anthropic, pair])
def test_what_follows_the_last_answer_is_new_whatever_the_form(message, form):
    words = words_of("chat", FORMS[form]([message(*each) for each in MESSAGES]))
    assert "tool result" in words.text()
    assert not any(said in words.text() for _, said in MESSAGES[:-1])
    earlier = " ".join(lines(words.earlier))
    assert all(said in earlier for _, said in MESSAGES[1:-1])
    assert ["prompt here" in prompt for prompt in words.prompts] == [True]


def test_a_conversation_that_ends_with_its_answer_has_its_last_turn_as_news():
    words = words_of(None, {"input": [openai(*each) for each in (*MESSAGES, ("assistant", "second answer"))]})
    assert words.text().splitlines() == ["second question", "second thought", "tool result", "second answer"]
    assert lines(words.earlier) == ["first question", "first answer"]


def test_of_a_state_that_an_agent_returns_what_follows_the_user_is_new():
    words = words_of(None, {"output.value": {"messages": [openai(*each) for each in MESSAGES]}})
    assert words.text().splitlines() == ["second thought", "tool result"]
    assert words.prompts == ["prompt here"]


def test_pieces_of_a_stream_and_turns_of_a_prompt_are_searched_as_what_they_say():
    turns = "<|start_header_id|>{}<|end_header_id|>\n\n{}<|eot_id|>"
    asked = {"prompt": turns.format("system", "Be brief.") + turns.format("user", "Which river?"), "top_p": 1}
    deltas = [{"contentBlockDelta": {"delta": {"text": text}}} for text in ("The Dou", "ro.")]
    body = {"input": {"inputBodyJson": asked}, "output": {"outputBodyJson": deltas}}
    words = words_of(None, {"body": body})
    assert (words.parts["input"][0], words.parts["output"]) == ("Which river?", ["The Douro."])
    assert words.prompts == ["Be brief."]


def test_an_answer_is_new_whatever_its_role():
    assert text_of(None, {"gen_ai.output.messages": [parts("system", "I look.")]}) == "I look."


@pytest.mark.parametrize(
    "properties",
    [
        {"gen_ai.system_instructions": [{"type": "text", "content": "prompt here"}], "input": "question"},
        {"system_prompt": "prompt here", "input": "question"},
        {"input": {"system": "prompt here", "messages": [openai("user", "question")]}},
        {"llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": "prompt here"}
        | {"llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": "question"},
        {"input": [openai("developer", "prompt here"), openai("user", "question")]},
    ],
)
def test_system_prompts_are_no_part_of_the_text(properties):
    words = words_of(None, properties)
    assert (words.text(), words.prompts) == ("question", ["prompt here"])


@pytest.mark.parametrize("body", [{"content": "prompt here"}, {"role": "system", "content": "prompt here"}])
def test_a_log_of_a_system_prompt_tells_nothing_else(body):
    words = words_of("gen_ai.system.message", {"body": body})
    assert (words.text(), words.prompts, words.told) == ("gen_ai.system.message", ["prompt here"], [])


def test_what_a_call_answers_has_the_key_that_it_has_where_the_next_call_repeats_it():
    answer = {"role": "assistant", "parts": [{"type": "text", "content": "Let me look."}, {
        "type": "tool_call", "id": "c", "name": "find_order", "arguments": {"number": 7}}]}  # fmt: skip
    asked = parts("user", "Where is it?")
    first = words_of("chat", {"gen_ai.input.messages": [asked], "gen_ai.output.messages": [answer]})
    thought = {**answer, "parts": [{"type": "reasoning", "content": "An order."}, *answer["parts"]]}
    reasoned = words_of("chat", {"gen_ai.input.messages": [asked], "gen_ai.output.messages": [thought]})
    later = words_of("chat", {"gen_ai.input.messages": [asked, answer, parts("tool", "shipped")]})
    for told in (keys_told(first, "s"), keys_told(reasoned, "s")):
        assert earlier_lines(later, "s").keys() <= set(told)
    assert earlier_lines(later, "other").keys().isdisjoint(keys_told(first, "s"))


def test_each_line_of_a_message_has_a_key_and_those_after_the_eighth_have_one_together():
    said = [f"line {number}" for number in range(10)]
    message = {"role": "user", "parts": [{"type": "text", "content": line} for line in said]}
    words = words_of("chat", {"input": [message, parts("assistant", "answer"), parts("user", "thanks")]})
    assert list(earlier_lines(words, "s").values()) == [[line] for line in said[:8]] + [said[8:], ["answer"]]


def test_equal_words_are_one_passage_whatever_the_model_and_the_attributes():
    one = words_of("chat gpt-4o", {"input": "question", "temperature": 0.1})
    same = words_of("chat gpt-5", {"input.value": "question"})
    other = words_of("chat gpt-4o", {"input": "another question"})
    keys = [passage_of(words, words.text()) for words in (one, same, other)]
    assert keys[0] == keys[1] != keys[2]
    assert passage_of(words_of(None, {}), "") is None
    named = words_of("step", {})
    assert passage_of(named, named.text()) is not None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "assistant", "system"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "parts", "messages", "type", "kwargs", "text"]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(["input", "output", "gen_ai.input.messages", "history", "body"]), anything)
def test_any_value_has_keys_that_the_index_can_hold(key, value):
    words = words_of("n", {key: value})
    keys = [*keys_told(words, "s"), *earlier_lines(words, "s"), *prompt_keys(words, "s")]
    passage = passage_of(words, words.text())
    assert all(0 <= each < 2**63 for each in [*keys, passage or 0])


@pytest.mark.parametrize("kind", [[], {}, 1, None])
def test_the_type_of_what_is_no_message_may_be_anything(kind):
    assert "hello" in text_of(None, {"gen_ai.output.messages": [{"role": None, "content": "hello", "type": kind}]})
