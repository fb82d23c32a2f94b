"""Calls of tools that nothing tells of but messages: a model asked for them, and was sent their results.

So it is where a library of models is instrumented, and the program's own functions are not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mapping import ids
from mapping.calls import faults
from mapping.calls.model import Call, Message, Part
from mapping.calls.tools import real_name, result_of
from mapping.messages.extraction import first

# Calls that wait for their results: those that were asked for last.
_MOST_WAITING = 64


class _Asked(NamedTuple):
    """A call of a tool as a model asked for it: where (traces and sessions), and what tells it from the others."""

    model: Call
    part: Part
    where: frozenset[str]
    place: int
    in_history: bool = False


def tools_in_messages(calls: Sequence[Call]) -> list[Call]:
    """Return the calls of tools that are in messages, of traces and sessions in which no event tells of a tool.

    Each is told by the call of the model that asked for it, and by the first one that was sent its result; by this one
    alone where the other is not known. `calls` come in the order of their start.
    """
    with_tools = {place for call in calls if call.kind == "tool" for place in _where(call)}
    waiting: deque[_Asked] = deque(maxlen=_MOST_WAITING)
    answered: set[tuple[str, str]] = set()
    found: list[Call] = []
    for model in calls:
        where = _where(model)
        if model.kind != "model" or not with_tools.isdisjoint(where):
            continue
        for place, result in enumerate(_new_results(model.sent)):
            keys = {(one, call_id) for one in where if (call_id := result.get("id"))}
            asked = next((one for one in waiting if _answers(result, one.part) and where & one.where), None)
            if asked is not None:
                waiting.remove(asked)
            # A request that is made again brings the same result.
            elif keys.isdisjoint(answered) and (part := _in_history(model, result)) is not None:
                asked = _Asked(model, part, where, place, in_history=True)
            if asked is not None:
                found.append(_tool(asked, model, result))
                answered |= keys
        parts = [part for message in model.answered for part in message["parts"] if part["type"] == "tool_call"]
        waiting.extend(_Asked(model, part, where, place) for place, part in enumerate(parts) if part.get("name"))
    return found


def is_in_messages(call: Call) -> bool:
    """Return whether a call is one of these: it has no event of its own, and not the id of one."""
    return call.id not in call.told_by


def _where(call: Call) -> frozenset[str]:
    return frozenset({call.trace_id, call.session_id or call.trace_id})


def _new_results(sent: Sequence[Message]) -> Iterator[Part]:
    """Iterate over the results that a model has not answered yet."""
    spoken = max((place for place, message in enumerate(sent) if message["role"] == "assistant"), default=-1)
    for message in sent[spoken + 1 :]:
        yield from (part for part in message["parts"] if part["type"] == "tool_result")


def _answers(result: Part, asked: Part) -> bool:
    """Return whether a result is that of a call: by the id that both have, else by the tool's name."""
    if "id" in result and "id" in asked:
        return bool(result["id"] == asked["id"])
    return "name" in result and bool(result["name"] == asked["name"])


def _tool(asked: _Asked, answered: Call, result: Part) -> Call:
    model, part = asked.model, asked.part
    told = result_of(result.get("result"))
    failed = bool(result.get("failed")) or told.failed
    words = first((told.error, told.value))
    return Call(
        id=ids.named("tool in history" if asked.in_history else "tool in answer", model.id, str(asked.place)),
        kind="tool",
        name=real_name(part["name"]) or part["name"],
        told_by=[*model.told_by, *answered.told_by],
        trace_id=model.trace_id,
        # In the order in which they were asked for.
        start=model.end + asked.place,
        end=max(answered.start, model.end + asked.place),
        agent=model.agent,
        session_id=model.session_id,
        parent_id=model.parent_id,
        status="error" if failed else "unset",
        failure=faults.failure(None, words if isinstance(words, str | dict) else None) if failed else None,
        fails_first=failed,
        tool_call_id=part.get("id") or result.get("id"),
        arguments=part.get("arguments"),
        result=told.value,
        emitters=model.emitters,
        joined_by=dict.fromkeys(model.told_by, "asked for") | dict.fromkeys(answered.told_by, "answered"),
        given_by={"name": model.id, "tool_call_id": model.id, "arguments": model.id, "result": answered.id},
    )


def _in_history(model: Call, result: Part) -> Part | None:
    """Return the call that a result answers, out of the conversation before it."""
    asked = [part for message in model.sent if message["role"] == "assistant" for part in message["parts"]]
    return next((part for part in reversed(asked) if part["type"] == "tool_call" and _answers(result, part)), None)
