"""What a run was about, in a line each: the first question, the last answer, what went wrong, what took longest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mapping.calls.conversation import failure_line
from mapping.calls.model import Call, Message, Telling

_LENGTH = 200

_Moment = tuple[int, str]


def first_question(calls: Iterable[Call], statements: Iterable[Telling]) -> str | None:
    """Return what the user asked first: in a call's messages, of which the history before it is left out."""
    asked: list[tuple[_Moment, str]] = []
    every: list[Call | Telling] = [*calls, *statements]
    for one in every:
        line = next(_lines(one.sent, "user"), None)
        if line is not None:
            asked.append(((one.start, one.id), line))
    return min(asked)[1] if asked else None


def last_answer(calls: Sequence[Call], every: Mapping[str, Call]) -> str | None:
    """Return what was answered last, by the outermost agent that answered anything. `every` has a run's calls by id."""
    answers: list[tuple[int, int, str, str]] = []
    for call in calls:
        line = next(_lines(call.answered, "assistant"), None)
        if line is not None and call.kind != "tool":
            answers.append((-_depth(call, every), call.end, call.id, line))
    return max(answers)[-1] if answers else None


def error_lines(calls: Iterable[Call], errors: Iterable[Telling], most: int) -> list[str]:
    """Return the failures that were not passed up from below, each once, in the order of time, at most `most`."""
    failed: list[tuple[_Moment, str]] = [
        ((call.start, call.id), failure_line(call.failure) or f"{call.name or call.kind} failed")
        for call in calls
        if call.fails_first
    ]
    failed += [
        ((error.start, error.id), failure_line(error.failure) or f"{error.event_name or 'a step'} failed")
        for error in errors
    ]
    return list(dict.fromkeys(_line(text) for _, text in sorted(failed)))[:most]


def slowest_step(calls: Iterable[Call]) -> Call | None:
    """Return the call of a model or tool that took longest, of equals the first; what took no time is none."""
    steps = [call for call in calls if call.kind != "agent" and call.end > call.start]
    return min(steps, key=lambda call: (call.start - call.end, call.start, call.id), default=None)


def error_line(call: Call) -> str | None:
    """Return what went wrong with a call, in a line."""
    if call.status != "error":
        return None
    return _line(failure_line(call.failure) or f"{call.name or call.kind} failed")


def _depth(call: Call, every: Mapping[str, Call]) -> int:
    """Count the agents around a call."""
    depth, seen = 0, {call.id}
    while call.parent_id is not None and call.parent_id in every and call.parent_id not in seen:
        seen.add(call.parent_id)
        call = every[call.parent_id]
        depth += call.kind == "agent"
    return depth


def _lines(messages: Sequence[Message], role: str) -> Iterator[str]:
    """Iterate over the texts of a role, the last message first."""
    for message in reversed(messages):
        if message["role"] == role:
            texts = [part["text"] for part in message["parts"] if part["type"] == "text" and part.get("text")]
            if line := _line(" ".join(texts)):
                yield line


def _line(text: str) -> str:
    """Return a text as one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else line[: _LENGTH - 1] + "…"
