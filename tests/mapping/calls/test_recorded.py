"""What real programs sent is what they did: model calls, tools, tokens, agents, sessions, words and failures.

`NOT_SENT` holds what a program does not send, with what is seen instead; everything else must be as it was.
"""

from __future__ import annotations

from collections import Counter

import pytest
from not_sent import NOT_SENT
from recorded import NAMES, recording

from mapping.messages.canonical import plain_of


def sent(name, aspect):
    """Say whether a program sends what an aspect needs."""
    return aspect not in NOT_SENT.get(name, {})


def these(aspect):
    return [name for name in NAMES if sent(name, aspect)]


def models(name):
    return [call for call in recording(name).run.calls if call.kind == "model"]


def tools(name):
    return [call for call in recording(name).run.calls if call.kind == "tool"]


def true_models(name):
    return recording(name).truth["model_calls"]


def true_tools(name):
    """Return the tools that really ran; agents that are called as tools are calls of tools, too."""
    return recording(name).truth["tool_calls"]


@pytest.mark.parametrize("name", these("models"))
def test_each_call_of_a_model_is_one(name):
    assert len(models(name)) == len(true_models(name))


@pytest.mark.parametrize("name", these("model names"))
def test_models_have_their_names(name):
    told = Counter(call.name for call in models(name) if call.status != "error")
    answered = [call for call in true_models(name) if not call["failed"]]
    assert told in (Counter(call["model"] for call in answered), Counter(call["asked_model"] for call in answered))


@pytest.mark.parametrize("name", these("tokens"))
def test_tokens_are_those_that_were_used(name):
    totals = recording(name).run.totals
    true = true_models(name)
    assert totals.input_tokens == sum(call.get("input_tokens") or 0 for call in true)
    assert totals.output_tokens == sum(call.get("output_tokens") or 0 for call in true)


@pytest.mark.parametrize("name", these("cached tokens"))
def test_tokens_from_a_cache_stand_apart(name):
    totals, true = recording(name).run.totals, true_models(name)
    assert totals.cache_read_tokens == sum(call.get("cache_read") or 0 for call in true)


@pytest.mark.parametrize("name", these("reasoning tokens"))
def test_tokens_of_reasoning_stand_apart(name):
    totals, true = recording(name).run.totals, true_models(name)
    assert totals.reasoning_tokens == sum(call.get("reasoning") or 0 for call in true)


@pytest.mark.parametrize("name", these("tools"))
def test_each_call_of_a_tool_is_one(name):
    true = Counter(call["name"] for call in true_tools(name))
    told = Counter(call.name for call in tools(name))
    assert {tool: told[tool] for tool in true} == dict(true)


@pytest.mark.parametrize("name", these("arguments"))
def test_tools_have_their_arguments(name):
    told = [plain_of(call.arguments) for call in tools(name)]
    assert all(plain_of(call["arguments"]) in told for call in true_tools(name))


@pytest.mark.parametrize("name", these("results"))
def test_tools_have_their_results(name):
    told = [plain_of(call.result) for call in tools(name)]
    assert all(plain_of(call["result"]) in told for call in true_tools(name) if "result" in call)


@pytest.mark.parametrize("name", these("tool failures"))
def test_a_tool_that_failed_has_failed_and_says_why(name):
    true = [call["error"].partition(": ")[2] or call["error"] for call in true_tools(name) if "error" in call]
    failed = [call for call in tools(name) if call.status == "error"]
    assert len(failed) == len(true)
    for error in true:
        assert any(error in f"{call.failure} {call.result}" for call in failed)


@pytest.mark.parametrize("name", these("agents"))
def test_agents_have_their_names(name):
    calls = recording(name).run.calls
    assert {call.agent for call in calls if call.kind != "agent"} <= {*recording(name).truth["agents"]}
    assert {call.name for call in calls if call.kind == "agent"} == {*recording(name).truth["agents"]}


@pytest.mark.parametrize("name", these("session"))
def test_calls_have_their_session(name):
    assert {call.session_id for call in recording(name).run.calls} == {recording(name).truth["session"]}


@pytest.mark.parametrize("name", these("words"))
def test_question_and_answer_are_said_once(name):
    said = [
        (turn["role"], part["text"])
        for turn in recording(name).turns
        for part in turn["parts"]
        if part["type"] == "text" and turn["depth"] == 0
    ]
    truth = recording(name).truth
    assert [text for role, text in said if role == "user"].count(truth["question"]) == 1
    assert 1 <= [text for role, text in said if role == "assistant"].count(truth["answer"]) <= 2


@pytest.mark.parametrize("name", these("system"))
def test_the_system_prompt_is_said_once_by_the_system(name):
    said = [
        part["text"]
        for turn in recording(name).turns
        for part in turn["parts"]
        if part["type"] == "text" and turn["role"] == "system"
    ]
    assert said.count(recording(name).truth["system"]) == 1


@pytest.mark.parametrize("name", these("failures"))
def test_each_failure_counts_once(name):
    truth = recording(name).truth
    failed = sum(call["failed"] for call in truth["model_calls"]) + sum("error" in call for call in truth["tool_calls"])
    assert recording(name).run.totals.errors == failed


def test_what_is_not_sent_is_really_not_there():
    """A program that has learned to send something is taken off the list."""
    assert NOT_SENT.keys() <= set(NAMES)
