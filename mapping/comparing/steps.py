"""A run's calls as steps: in an order that two runs share, with what was said in each, and what differs of two."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args

import msgspec

from mapping.calls.model import Call, CallKind, Message, Part
from mapping.comparing.alignment import Aligned, Likeness, align
from mapping.model import Status
from mapping.times import NS

SaidField = Literal["instructions", "prompt", "answer", "arguments", "result"]
Said = dict[SaidField, str]
Difference = Literal[SaidField, "name", "agent", "status", "error", "duration", "tokens", "cost"]
SAID: tuple[SaidField, ...] = get_args(SaidField)

# Numbers differ where one is a quarter more than the other, and at least so much.
_QUARTER = 1.25
_LEAST_DURATION, _LEAST_TOKENS, _LEAST_COST = NS // 10, 20, NS // 10_000
_DEEPEST = 100


class Step(msgspec.Struct, kw_only=True):
    """A call of a run. Moments are nanoseconds, `cost` billionths of a US dollar.

    `said` is what was passed, sent and answered, None where it was not read. `depth` counts the calls around it.
    """

    id: str
    trace_id: str
    kind: CallKind
    name: str | None
    agent: str | None
    parent_id: str | None
    start: int
    end: int
    status: Status
    error: str | None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    said: Said | None = None
    depth: int = 0

    @property
    def likeness(self) -> Likeness:
        said = self.said or {}
        passed = "\0".join(said.get(field, "") for field in ("instructions", "prompt", "arguments"))
        return Likeness(self.kind, self.name or "", self.agent or "", self.depth, passed)


def aligned(one: Sequence[Step], other: Sequence[Step]) -> list[Aligned]:
    """Return every step of both runs once, given in the order of `in_order`."""
    return align([step.likeness for step in one], [step.likeness for step in other])


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Return steps, each after the one around it, with their depth set.

    Steps side by side come in the order of their start; those at work at the same time have no order of their own, and
    come by their names and what was passed.
    """
    children: defaultdict[str | None, list[Step]] = defaultdict(list)
    by_id = {step.id: step for step in steps}
    for step in sorted(by_id.values(), key=lambda step: (step.start, step.id)):
        children[step.parent_id if step.parent_id in by_id else None].append(step)
    ordered: dict[str, Step] = {}
    # Steps that nothing leads to are around each other.
    waiting = [(step, 0) for step in [*_side_by_side(children.pop(None, [])), *by_id.values()][::-1]]
    while waiting:
        step, depth = waiting.pop()
        if step.id in ordered:
            continue
        step.depth = min(depth, _DEEPEST)
        ordered[step.id] = step
        waiting += [(child, depth + 1) for child in reversed(list(_side_by_side(children.get(step.id, []))))]
    return list(ordered.values())


def _side_by_side(siblings: Sequence[Step]) -> Iterator[Step]:
    group: list[Step] = []
    for step in siblings:
        if group and step.start >= min(each.end for each in group):
            yield from sorted(group, key=_by_name)
            group = []
        group.append(step)
    yield from sorted(group, key=_by_name)


def _by_name(step: Step) -> tuple[Likeness, int, str]:
    return step.likeness, step.start, step.id


def differences(one: Step, other: Step) -> list[Difference]:
    """Return what differs between two steps. What was said in one only where both are known."""
    found: list[Difference] = [
        field for field in ("name", "agent", "status", "error") if getattr(one, field) != getattr(other, field)
    ]
    if one.said is not None and other.said is not None:
        found += [field for field in SAID if one.said.get(field, "") != other.said.get(field, "")]
    if _differ(one.end - one.start, other.end - other.start, _LEAST_DURATION):
        found.append("duration")
    tokens = (one.input_tokens, other.input_tokens), (one.output_tokens, other.output_tokens)
    if any(_differ(each, another, _LEAST_TOKENS) for each, another in tokens):
        found.append("tokens")
    if _differ(one.cost, other.cost, _LEAST_COST):
        found.append("cost")
    return found


def _differ(one: int | None, other: int | None, least: int) -> bool:
    less, more = sorted((one or 0, other or 0))
    return more - less >= least and more > less * _QUARTER


def said_in(calls: Iterable[Call]) -> dict[str, Said]:
    """Return what was said in each of a run's calls, by id, given in the order of time.

    Of a prompt that repeats what the last call of the same agent was sent and answered, only what is new.
    """
    heard: dict[str | None, list[str]] = {}
    said: dict[str, Said] = {}
    for call in calls:
        sent = list(map(message_text, call.sent))
        of_call = said_in_one(call)
        if call.kind == "model":
            known = heard.get(call.agent, [])
            repeated = 0
            while repeated < min(len(sent), len(known)) and sent[repeated] == known[repeated]:
                repeated += 1
            of_call["prompt"] = "\n".join(sent[repeated:])
            heard[call.agent] = [*sent, *map(message_text, call.answered)]
        said[call.id] = of_call
    return said


def said_in_one(call: Call) -> Said:
    """Return what was said in a call: all of its prompt, too."""
    return {
        "instructions": "\n".join(map(_part_text, call.system)),
        "prompt": "\n".join(map(message_text, call.sent)),
        "answer": "\n".join(map(message_text, call.answered)),
        "arguments": value_text(call.arguments),
        "result": value_text(call.result),
    }


def message_text(message: Message) -> str:
    """Return a message as text, without ids, which are others in each run."""
    return "\n".join([f"{message['role']}:", *map(_part_text, message["parts"])])


def _part_text(part: Part) -> str:
    if part["type"] == "tool_call":
        return f"calls {part.get('name') or 'a tool'} {value_text(part.get('arguments'))}"
    if part["type"] == "tool_result":
        return f"result {value_text(part.get('result'))}"
    text = part.get("text")
    facts = [part.get(field) for field in ("type", "name", "media_type", "size", "url")]
    return text if isinstance(text, str) else " ".join(str(fact) for fact in facts if fact is not None)


def value_text(value: Any) -> str:
    """Return a value as text: JSON of several lines, its keys in order; a text is itself, nothing is ""."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    except RecursionError:
        return "(nested too deeply to be compared)"
