"""Finds what is new in a conversation by counting: each call repeats it, and "yes" may be said twice.

Counted are units of a message: adjacent texts, a tool call, a tool result. Equal units have the same canonical form,
or, as a call and its result, the same id. Model calls and events that are messages by themselves report the same
conversation, so a unit is new if either of these two has it once more than it was shown.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from mapping.messages.canonical import plain_of
from mapping.messages.display import Message, Part

_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


class CountedParts(NamedTuple):
    """A unit: the parts of a message that are counted together, and their hash. Without an id it may occur again."""

    key: bytes
    parts: list[Part]
    may_repeat: bool


class SeenMessages:
    """Counts the units of a conversation that were seen, and returns the new ones."""

    def __init__(self) -> None:
        self._by_calls: Counter[bytes] = Counter()
        self._by_events: Counter[bytes] = Counter()
        self._shown: Counter[bytes] = Counter()
        self._ends: set[tuple[bytes, ...]] = set()
        self._systems: set[bytes] = set()
        # The ids of tool calls that no tool event was matched with yet, by name and arguments, and by name.
        self._asked: defaultdict[bytes, list[str | None]] = defaultdict(list)
        self._matched: dict[str, str | None] = {}
        # Tools' calls with an id, for which a model asked without one, and results that a model may be sent with an id
        # where their tool had none, or without it: how often each was shown.
        self._asked_without_id: set[str | None] = set()
        self._in_two_forms: Counter[bytes] = Counter()
        # Tools' calls without an id that no model was heard to ask for: a later request may have them, with an id.
        self._called_without_id: Counter[bytes] = Counter()
        # What tools gave back: a list of messages may have it without a word of which call it answers.
        self._given_back: set[bytes] = set()

    def system(self, parts: list[Part]) -> bool:
        """Count a system prompt, and return whether it is new."""
        key = _key("system", [plain_of(part.get("text", "")) for part in parts])
        is_new = key not in self._systems
        self._systems.add(key)
        return is_new

    def sent(self, messages: list[Message]) -> list[list[CountedParts]]:
        """Count a list of messages, which repeats the conversation so far, and return the new parts of each."""
        # Reasoning is shown with its answer; if it is sent back, it is ignored.
        lists = [[unit for unit in units_of(message) if unit.parts[-1]["type"] != "reasoning"] for message in messages]
        seen: Counter[bytes] = Counter()
        new: list[list[CountedParts]] = [[] for _ in lists]
        # The last message is new, even if it repeats an earlier one, unless a list has already ended like this.
        spoken = max((place for place, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
        end = tuple(unit.key for units in lists[max(spoken, 0) :] for unit in units)
        is_new_end = end not in self._ends
        self._ends.add(end)
        for place, units in enumerate(lists):
            for unit in units:
                seen[unit.key] += 1
                count = seen[unit.key]
                if place == len(lists) - 1 and place > spoken and is_new_end and unit.may_repeat:
                    count = max(count, self._by_calls[unit.key] + 1)
                if count > self._by_calls[unit.key]:
                    self._asks(unit)
                    self._by_calls[unit.key] = count
                    new[place] += self._show(unit, count)
        return new

    def answered(self, message: Message) -> list[CountedParts]:
        """Count an answer, and return its new parts."""
        new: list[CountedParts] = []
        for unit in units_of(message):
            if unit.may_repeat:
                self._by_calls[unit.key] += 1
            elif not self._by_calls[unit.key]:
                self._asks(unit)
                self._by_calls[unit.key] = 1
            new += self._show(unit, self._by_calls[unit.key])
        return new

    def _asks(self, unit: CountedParts) -> None:
        """Count a call with an id by its name and arguments, too: it may be sent back without the id."""
        part = unit.parts[-1]
        if part["type"] == "tool_call" and "id" in part:
            self._by_calls[_named_call(part)] += 1

    def stated(self, message: Message) -> list[CountedParts]:
        """Count a message that is an event by itself, and return its new parts."""
        new: list[CountedParts] = []
        for unit in units_of(message):
            self._by_events[unit.key] += 1
            new += self._show(unit, self._by_events[unit.key])
        return new

    def called(self, event_id: str, call: Part) -> bool:
        """Count the start of a tool, and return whether its call is new."""
        asked = [self._asked[name] for name in _names(call)]
        (unit,) = _counted("tool", [call])
        matching = next((ids for ids in asked if ids), None)
        if "id" not in call and matching:
            call_id = self._matched[event_id] = matching[0]
            for ids in asked:
                if call_id in ids:
                    ids.remove(call_id)
            return False
        known = False
        for ids in asked:
            if id_of(call) in ids:
                ids.remove(id_of(call))
            elif None in ids:  # the model's answer was logged without the call's id
                ids.remove(None)
                known = True
                self._asked_without_id.add(id_of(call))
        is_new = self._happened(unit, taken_up=True) and not known
        if is_new and unit.may_repeat:
            self._called_without_id[unit.key] += 1
        return is_new

    def call_id(self, event_id: str) -> str | None:
        """Return the id of the call that a tool answers, if the tool does not name it itself."""
        return self._matched.get(event_id)

    def returned(self, result: Part) -> bool:
        """Count a tool's result, and return whether it is new."""
        (unit,) = _counted("tool", [result])
        self.gave_back(result.get("result"))
        is_new = self._happened(unit)
        if is_new and (unit.may_repeat or id_of(result) in self._asked_without_id):
            self._in_two_forms[_named_result(unit, result)] += 1
        return is_new

    def gave_back(self, value: Any) -> None:
        """Note what a tool gave back, or the words of its failure: sent without an id, they are not said once more."""
        self._given_back.add(_value(value))

    def _happened(self, unit: CountedParts, *, taken_up: bool = False) -> bool:
        self._by_events[unit.key] += 1
        count = self._by_events[unit.key] if unit.may_repeat else 1
        return bool(self._show(unit, count, taken_up=taken_up, happened=True))

    def _show(
        self, unit: CountedParts, count: int, *, taken_up: bool = False, happened: bool = False
    ) -> list[CountedParts]:
        if count <= self._shown[unit.key]:
            return []
        self._shown[unit.key] = count
        if not happened and self._is_shown_in_other_form(unit):
            return []
        for part in unit.parts:
            if part["type"] == "tool_call" and not taken_up:
                for name in _names(part):
                    self._asked[name].append(id_of(part))
        return [unit]

    def _is_shown_in_other_form(self, unit: CountedParts) -> bool:
        """Return whether a result with an id was shown as that of a tool whose call had none, or the other way.

        So is a call with an id as that of a tool that had none.
        """
        result = unit.parts[-1]
        if result["type"] == "tool_call" and "id" in result and self._called_without_id[_named_call(result)]:
            self._called_without_id[_named_call(result)] -= 1
            return True
        if result["type"] != "tool_result":
            return False
        if "id" not in result and "name" not in result and _value(result.get("result")) in self._given_back:
            return True
        key = _named_result(unit._replace(may_repeat=not unit.may_repeat), result)
        if not self._in_two_forms[key]:
            return False
        self._in_two_forms[key] -= 1
        return True


def id_of(part: Part) -> str | None:
    """Return the id of a tool's call or result as the model gave it, without the tool's name that Gemini CLI adds."""
    call_id, name = part.get("id"), part.get("name")
    return call_id.removeprefix(f"{name}__") if isinstance(call_id, str) else None


def units_of(message: Message) -> Iterator[CountedParts]:
    """Yield a message's units. Reasoning, which only some clients send back, belongs to the unit after it."""
    waiting: list[Part] = []
    for is_text, group in itertools.groupby(message["parts"], key=lambda part: part["type"] in {"text", "reasoning"}):
        parts = list(group)
        if is_text and all(part["type"] == "reasoning" for part in parts):
            waiting += parts
            continue
        for unit in _counted(message["role"], parts):
            yield unit._replace(parts=[*waiting, *unit.parts])
            waiting = []
    if waiting:
        yield CountedParts(_key("reasoning", [part["text"] for part in waiting]), waiting, may_repeat=True)


def _counted(role: str, parts: list[Part]) -> Iterator[CountedParts]:
    """Yield the units of parts that are all texts (and reasoning), or all something else."""
    if parts[0]["type"] in {"text", "reasoning"}:
        text = " ".join([plain_of_text(part["text"]) for part in parts if part["type"] == "text"])
        yield CountedParts(_key("text", [role, text]), parts, may_repeat=True)
        return
    for part in parts:
        kind = part["type"]
        if kind == "tool_call":
            if "id" not in part:
                yield CountedParts(_named_call(part), [part], may_repeat=True)
                continue
            values = [id_of(part)]
        elif kind == "tool_result":
            values = [id_of(part)] if "id" in part else ["", plain_of(part.get("result"))]
        else:
            values = [plain_of(part)]
        yield CountedParts(_key(kind, values), [part], may_repeat="id" not in part)


def _named_call(call: Part) -> bytes:
    return _key("tool_call", [call.get("name"), plain_of(call.get("arguments") or {})])


def _names(call: Part) -> tuple[bytes, bytes]:
    name = call.get("name")
    return _key("asked", [name, plain_of(call.get("arguments") or {})]), _key("asked", [name])


def _named_result(unit: CountedParts, result: Part) -> bytes:
    return _key("named", [unit.may_repeat, result.get("name"), plain_of(result.get("result"))])


def _value(result: Any) -> bytes:
    return _key("value", [plain_of(result)])


def plain_of_text(text: str) -> str:
    return " ".join(text.split())


def _key(kind: str, values: list[Any]) -> bytes:
    return blake2b(_encode([kind, *values]), digest_size=16).digest()
