"""The text by which an event is searched: input, output, tool calls and errors, in words.

Order: name, input, output, tool, arguments, result, error, then other attributes. Of the messages only the new ones
count (`new_messages.py`). JSON's punctuation, ids, base64 and values that the emitter has redacted are left out. The
text is cut at `TEXT_LIMIT` characters; each part that has words gets at least `PART_ROOM` of them, so that a long
conversation leaves room for the error at the end.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mapping.messages.flattened import flattened
from mapping.search_text.new_messages import Direction, parted
from mapping.search_text.words import MESSAGES_ROOM, TEXT_LIMIT, is_structure, lines_of, says_nothing, title
from mapping.semantics.vocabulary import FLATTENED, KEYS, ROLES, UNSAID

PART_ROOM = 600
# How much of the conversation before a call is looked through for what no other event tells.
EARLIER_ROOM = 4 * TEXT_LIMIT

# The parts of a text, and the attribute roles of their values.
_PARTS = {
    "input": ("input",),
    "output": ("output",),
    "tool": ("tool",),
    "arguments": ("arguments",),
    "result": ("result",),
    "error": ("error", "remark"),
}
PARTS = (*_PARTS, "rest")
_PART_OF = {ROLES.index(role): part for part, roles in _PARTS.items() for role in roles}
# The parts that may hold messages.
_DIRECTIONS: dict[str, Direction] = {"input": "input", "output": "output"}
# The parts that calls after this one repeat.
_TOLD = frozenset({"input", "output", "arguments", "result"})
_SYSTEM = ROLES.index("system")
# What a log of a single message is called, if that is the system prompt, and its role.
_PROMPT_EVENTS = frozenset({"gen_ai.system.message"})
_PROMPT_ROLES = ("system", "developer")
# Keys with a role. The values of models and providers are treated like those of other attributes.
_PLACES = {key: ranked for key, ranked in KEYS.items() if ROLES[ranked[0]] not in ("model", "provider")}
_PREFIXES = {prefix: role for role, prefixes in FLATTENED.items() for prefix in prefixes}
# Those of messages, which may repeat a conversation; the others are of documents.
_MESSAGE_PREFIXES = frozenset(
    "llm.input_messages. llm.prompts. gen_ai.prompt. llm.output_messages. llm.choices. llm.completions. "
    "gen_ai.completion.".split()
)
# Keys under which a structured log has its content, as a log record has under its own `attributes` and `body`.
_LEVELS = frozenset({"body", "attributes"})
_MAX_LEVELS = 2
_ORIGIN = frozenset({"resource", "scope"})

# Further keys of attributes whose values are not words.
_WORDLESS = re.compile(r"(?:^|[._])(?:version|timestamp|time|tokens?|port|mime_type)$", re.IGNORECASE)
_LAST = len(KEYS)


class Words(NamedTuple):
    """An event's words in lines: its own by part (`PARTS`), and what it repeats of earlier calls.

    `told` are the messages, arguments and results among its own, each in lines; `earlier` are the messages that were
    told before it, as a rule by other events; `prompts` the system prompts, a text each.
    """

    name: str | None
    parts: dict[str, list[str]]
    told: list[list[str]]
    earlier: list[list[str]]
    prompts: list[str]

    def text(self, earlier: Iterable[str] = ()) -> str:
        """Return the searched text, with these lines of earlier messages; "" if there are no words.

        Words that occur twice (in input.value and a message) are used only once.
        """
        parts: list[list[str]] = []
        seen: set[str] = set()
        for lines in ([self.name] if self.name else [], earlier, *self.parts.values()):
            parts.append([line for line in dict.fromkeys(lines) if line not in seen])
            seen.update(lines)
        return _cut(parts)

    def said(self) -> list[str]:
        """Return the lines of what was said and done: without the name and other attributes."""
        return list(dict.fromkeys(itertools.chain.from_iterable(self.parts[part] for part in _PARTS)))


def text_of(name: str | None, properties: dict[str, Any]) -> str:
    """Return the searched text of an event's name and properties; "" if there are no words."""
    return words_of(name, properties).text()


def parts_of(name: str | None, properties: dict[str, Any]) -> dict[str, list[str]]:
    """Return the words of each part (`PARTS`) of an event's text, in lines, without repetitions of the name."""
    return words_of(name, properties).parts


def words_of(name: str | None, properties: dict[str, Any]) -> Words:
    """Return all words of an event."""
    found = _Found({part: [] for part in PARTS}, [], [], [])
    _collect(name, properties, found, 0)
    parts = {
        part: [line for _, lines in sorted(ranked, key=lambda pair: pair[0]) for line in lines]
        for part, ranked in found.parts.items()
    }
    told, prompts = found.told, found.prompts
    if name in _PROMPT_EVENTS:
        told, prompts, parts["input"] = [], [*prompts, "\n".join(parts["input"])], []
    return Words(name, parts, told, found.earlier, [prompt for prompt in dict.fromkeys(prompts) if prompt])


class _Found(NamedTuple):
    """What was collected so far; the lines of each part with their key's precedence in its role."""

    parts: dict[str, list[tuple[int, list[str]]]]
    told: list[list[str]]
    earlier: list[list[str]]
    prompts: list[str]

    def add(self, part: str, rank: int, value: object) -> None:
        """Add a value's lines, those of its messages apart."""
        direction = _DIRECTIONS.get(part)
        if direction is None or (isinstance(value, str) and not is_structure(value)):
            lines = lines_of(value)
            if part in _TOLD and lines:
                self.told.append(lines)
        else:
            lines = self._parted(value, direction)
        self.parts[part].append((rank, lines))

    def _parted(self, value: object, direction: Direction) -> list[str]:
        new, rest, earlier, prompts = parted(value, direction)
        self.prompts.extend("\n".join(lines_of(prompt)) for prompt in prompts)
        if earlier:
            self.earlier.extend(_latest(earlier, EARLIER_ROOM))
        messages = _latest(new, MESSAGES_ROOM)
        if rest is not None:
            messages.append(lines_of(rest))
        self.told.extend(filter(None, messages))
        return messages[0] if len(messages) == 1 else [line for message in messages for line in message]


def _latest(messages: Sequence[Any], room: int) -> list[list[str]]:
    """Return the lines of the last messages, in order, until they fill the room."""
    latest: list[list[str]] = []
    for message in reversed(messages):
        latest.append(lines_of(message))
        room -= sum(len(line) + 1 for line in latest[-1])
        if room <= 0:
            break
    return latest[::-1]


def _collect(name: str | None, properties: dict[str, Any], found: _Found, depth: int) -> None:
    """Add the lines of properties to their parts."""
    is_prompt = properties.get("role") in _PROMPT_ROLES
    lists: set[str] = set()
    for key, value in properties.items():
        if isinstance(value, dict):
            if key in _LEVELS and depth < _MAX_LEVELS:
                _collect(name, value, found, depth + 1)
                continue
            if depth and key in _ORIGIN:
                continue
        if (role := _PLACES.get(key)) is not None:
            _add_role(found, role, value, is_prompt=is_prompt)
        elif value != name and not says_nothing(key, value):
            if (prefix := _prefix_of(key)) in _MESSAGE_PREFIXES:
                lists.add(prefix)
            else:
                _add_other(found, prefix, key, value)
    for prefix in sorted(lists):
        _add_flattened(found, prefix, properties)


def _add_role(found: _Found, role: tuple[int, int], value: Any, *, is_prompt: bool) -> None:
    """Add a value whose key has a role; those of some roles are not searched."""
    part = _PART_OF.get(role[0])
    if role[0] == _SYSTEM or (is_prompt and part == "input"):
        found.prompts.append("\n".join(lines_of(value)))
    elif part:
        found.add(part, role[1], value)


def _add_other(found: _Found, prefix: str, key: str, value: Any) -> None:
    """Add a value whose key has no role: that of a flattened list, `prefix`, if it has one."""
    if prefix:
        if not isinstance(value, int | float):  # a document's score
            found.add(_PREFIXES[prefix], _LAST, value)
    elif _is_said(key):
        if isinstance(value, list | dict) or (isinstance(value, str) and is_structure(value)):
            new, rest, earlier, prompts = parted(value, "input")
            if new or earlier or prompts:  # `messages`, `history` or what else a program calls it
                found.add("input", _LAST, value)
                return
            value = rest
        found.parts["rest"].append((_LAST, [f"{title(key)}: {words}" for words in lines_of(value)]))


def _add_flattened(found: _Found, prefix: str, properties: dict[str, Any]) -> None:
    """Add the messages whose fields are attributes of their own."""
    part = _PREFIXES[prefix]
    fields = {key: value for key, value in properties.items() if key.startswith(prefix)}
    messages = next(flattened(fields, part), None)
    for value in (messages,) if messages is not None else fields.values():
        found.add(part, _LAST, value)


# The same keys occur in every event; without a cache these functions took a third of the time of a text.
_cached = lru_cache(maxsize=1_000)


@_cached
def _prefix_of(key: str) -> str:
    return next((prefix for prefix in _PREFIXES if key.startswith(prefix)), "")


@_cached
def _is_said(key: str) -> bool:
    return not _WORDLESS.search(key) and (not key.startswith(UNSAID) or key.endswith("model"))


def _cut(parts: list[list[str]]) -> str:
    """Join the parts' lines within the limit; each part leaves as much of `PART_ROOM` to later parts as they need."""
    whole = "\n".join(itertools.chain.from_iterable(parts))
    if len(whole) <= TEXT_LIMIT:
        return whole
    needs = [sum(len(line) + 1 for line in part) for part in parts]
    cut: list[str] = []
    left = TEXT_LIMIT + 1  # the last line ends without a line break
    for number, part in enumerate(parts):
        room = left - sum(min(need, PART_ROOM) for need in needs[number + 1 :])
        for line in part:
            if room <= 1:
                break
            cut.append(line[: room - 1])
            room -= len(cut[-1]) + 1
            left -= len(cut[-1]) + 1
    return "\n".join(cut)
