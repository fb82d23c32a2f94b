"""What there is to know of a recorded program, and how it is compared with what was true: raises AssertionError."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from recorded import Recording

from mapping.calls.model import Call
from mapping.messages.canonical import plain_of


def _calls(one: Recording, kind: str) -> list[Call]:
    return [call for call in one.run.calls if call.kind == kind]


def _said(one: Recording, role: str, *, depth: int | None = None) -> list[str]:
    return [
        part["text"]
        for turn in one.turns
        for part in turn["parts"]
        if part["type"] == "text" and turn["role"] == role and depth in (None, turn["depth"])
    ]


def _tokens(one: Recording, field: str, true: str) -> None:
    used = sum(call.get(true) or 0 for call in one.truth["model_calls"])
    assert getattr(one.run.totals, field) == used


def models(one: Recording) -> None:
    assert len(_calls(one, "model")) == len(one.truth["model_calls"])


def model_names(one: Recording) -> None:
    told = Counter(call.name for call in _calls(one, "model") if call.status != "error")
    answered = [call for call in one.truth["model_calls"] if not call["failed"]]
    assert told in (Counter(call["model"] for call in answered), Counter(call["asked_model"] for call in answered))


def tokens(one: Recording) -> None:
    _tokens(one, "input_tokens", "input_tokens")
    _tokens(one, "output_tokens", "output_tokens")


def cached_tokens(one: Recording) -> None:
    _tokens(one, "cache_read_tokens", "cache_read")
    _tokens(one, "cache_write_tokens", "cache_write")


def reasoning_tokens(one: Recording) -> None:
    _tokens(one, "reasoning_tokens", "reasoning")


def tools(one: Recording) -> None:
    true = Counter(call["name"] for call in one.truth["tool_calls"])
    told = Counter(call.name for call in _calls(one, "tool"))
    assert {name: told[name] for name in true} == dict(true)


def arguments(one: Recording) -> None:
    told = [plain_of(call.arguments) for call in _calls(one, "tool")]
    for call in one.truth["tool_calls"]:
        assert plain_of(call["arguments"]) in told


def results(one: Recording) -> None:
    told = [plain_of(call.result) for call in _calls(one, "tool")]
    for call in one.truth["tool_calls"]:
        if "result" in call:
            assert plain_of(call["result"]) in told


def tool_failures(one: Recording) -> None:
    true = [call["error"] for call in one.truth["tool_calls"] if "error" in call]
    failed = [call for call in _calls(one, "tool") if call.status == "error"]
    assert len(failed) == len(true)
    for error in true:
        words = error.partition(": ")[2] or error
        assert any(words in f"{call.failure} {call.result}" for call in failed)


def agents(one: Recording) -> None:
    calls = one.run.calls
    if not one.truth["agents"]:
        return  # the program or the service stands in
    assert {call.agent for call in calls if call.kind != "agent"} <= {*one.truth["agents"]}
    assert {call.name for call in calls if call.kind == "agent"} == {*one.truth["agents"]}


def session(one: Recording) -> None:
    assert {call.session_id for call in one.run.calls} == {one.truth["session"]}


def words(one: Recording) -> None:
    if not one.truth["model_calls"]:
        return  # nothing was said to a model
    # It is asked again where the first time was answered, and the second refused; some frameworks put more around it.
    asked = [text for text in _said(one, "user") if one.truth["question"] in text]
    assert 1 <= len(asked) <= 2
    # An agent that was asked by another says it, and that one says it again.
    answer = one.truth["answer"]
    assert 1 <= len([text for text in _said(one, "assistant") if answer in text]) <= max(2, len(one.truth["agents"]))


def system(one: Recording) -> None:
    if not one.truth["model_calls"] or not one.truth["system"]:
        return
    assert _said(one, "system").count(one.truth["system"]) == 1


def failures(one: Recording) -> None:
    failed = [call for call in one.truth["model_calls"] if call["failed"]]
    failed += [call for call in one.truth["tool_calls"] if "error" in call]
    assert one.run.totals.errors == len(failed)


ASPECTS: dict[str, Callable[[Recording], None]] = {
    "models": models,
    "model names": model_names,
    "tokens": tokens,
    "cached tokens": cached_tokens,
    "reasoning tokens": reasoning_tokens,
    "tools": tools,
    "arguments": arguments,
    "results": results,
    "tool failures": tool_failures,
    "agents": agents,
    "session": session,
    "words": words,
    "system prompt": system,
    "failures": failures,
}
