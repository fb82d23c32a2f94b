"""What a run was about, in a line each: the first question, the last answer, what went wrong, what took longest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mapping.calls.conversation import failure_line
from mapping.calls.model import Call, Failure, Message, Telling
from mapping.calls.outline import encoded

_LENGTH = 200
# A call that comes so often with the same arguments is a repeat.
_LEAST_REPEATED = 3

_Moment = tuple[int, str]
_Ended = tuple[int, int, str]


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


class Failed(NamedTuple):
    """A failure: the event that tells of it, where it arose, the agent there, and what went wrong, a line each."""

    event_id: str
    where: str
    agent: str | None
    line: str


def failures(calls: Iterable[Call], errors: Iterable[Telling]) -> list[Failed]:
    """Return the failures that were not passed up from below, in the order in which they became known.

    That is when what failed has ended, or an agent that gives up over a tool would have failed before the tool.
    """
    found: list[tuple[_Ended, str, str | None, Failure | None]] = [
        (_ended(call), call.name or call.kind, call.agent, call.failure) for call in calls if call.fails_first
    ]
    found += [(_ended(error), error.event_name or "a step", error.agent, error.failure) for error in errors]
    return [
        Failed(event_id, _line(where) or "a step", agent, _line(failure_line(failure) or f"{where} failed"))
        for (*_, event_id), where, agent, failure in sorted(found, key=lambda one: one[0])
    ]


def _ended(failed: Call | Telling) -> _Ended:
    """Return when it ended; of what ended at once, the inner one first, which began last."""
    return failed.end, -failed.start, failed.id


def error_lines(failed: Iterable[Failed], most: int) -> list[str]:
    """Return the lines of failures, each once, at most `most`."""
    return list(dict.fromkeys(one.line for one in failed))[:most]


def slowest_step(calls: Iterable[Call]) -> Call | None:
    """Return the call of a model or tool that took longest, of equals the first; what took no time is none."""
    steps = [call for call in calls if call.kind != "agent" and call.end > call.start]
    return min(steps, key=lambda call: (call.start - call.end, call.start, call.id), default=None)


class Repeated(NamedTuple):
    """A tool that was called again and again with the same arguments, and how often."""

    name: str
    times: int


def most_repeated(calls: Iterable[Call]) -> Repeated | None:
    """Return what was repeated most; fewer than three times are none, and neither are arguments that nobody knows."""
    counts = Counter(
        (call.name or call.kind, encoded(call.arguments))
        for call in calls
        if call.kind == "tool" and call.arguments is not None
    )
    for (name, _), count in counts.most_common(1):
        if count >= _LEAST_REPEATED:
            return Repeated(name, count)
    return None


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
