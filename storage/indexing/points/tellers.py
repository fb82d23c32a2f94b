"""Which event tells a line of a message: that in which it is new, else the first to repeat it.

A system prompt is told once for each agent, by the first call that has it. What is known is what was made last, so
another event may tell a message, too: `storage/indexing/upserts.py` asks the index about those that an event repeats.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.search_text.passages import earlier_lines, keys_told, prompt_keys
from mapping.search_text.text import Words

# The keys that are remembered: 30 MB.
_REMEMBERED = 200_000


class Told(NamedTuple):
    """What an event tells: the keys of its new lines, and by key the lines and system prompts that it repeats."""

    new: list[int]
    earlier: dict[int, list[str]]
    prompts: dict[int, str]

    @property
    def repeated(self) -> list[int]:
        return [*self.earlier, *self.prompts]


class Tellers:
    """Remembers who tells which line, of the last ones."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        # By a line's key the event that repeats it, or None: it is new in one.
        self._tellers: OrderedDict[int, str | None] = OrderedDict()

    def forget(self) -> None:
        """Forget all of it, because events were deleted."""
        self._tellers.clear()

    def add(self, told: Iterable[int]) -> None:
        """Remember that these lines are told."""
        for key in told:
            self._tellers[key] = None
            self._tellers.move_to_end(key)

    def learn(self, told: Mapping[int, str | None]) -> None:
        """Remember who tells these lines: the event that repeats one, None where it is new."""
        self._tellers.update(told)

    def told_by(self, events: Sequence[Mapping[str, Any]], words: Sequence[Words]) -> list[Told]:
        """Return what each of the events tells, whose words these are."""
        both = list(zip(events, words, strict=True))
        new = [keys_told(of_event, _scope(event)) for event, of_event in both]
        for keys in new:
            self.add(keys)
        told = [
            Told(keys, self._earlier(event, of_event), self._prompts(event, of_event))
            for keys, (event, of_event) in zip(new, both, strict=True)
        ]
        while len(self._tellers) > self._remembered:
            self._tellers.popitem(last=False)
        return told

    def _earlier(self, event: Mapping[str, Any], words: Words) -> dict[int, list[str]]:
        if not words.earlier:
            return {}
        of_keys = earlier_lines(words, _scope(event))
        return {key: lines for key, lines in of_keys.items() if self._tells(event["id"], key)}

    def _prompts(self, event: Mapping[str, Any], words: Words) -> dict[int, str]:
        if not words.prompts:
            return {}
        keys = prompt_keys(words, _of_project(event, f"{event.get('service')}\0{event.get('agent_id')}"))
        return {key: prompt for key, prompt in zip(keys, words.prompts, strict=True) if self._tells(event["id"], key)}

    def _tells(self, event_id: str, key: int) -> bool:
        """Return whether the event is the one that tells it, because no other is known."""
        teller = self._tellers.setdefault(key, event_id)
        self._tellers.move_to_end(key)
        return teller == event_id


def _scope(event: Mapping[str, Any]) -> str:
    return _of_project(event, str(event.get("session_id") or event.get("trace_id") or event["id"]))


def _of_project(event: Mapping[str, Any], name: str) -> str:
    """Return a name that is another one in another project: what one of them tells is not told in the other."""
    return f"{name}\0{event['project']}" if event.get("project") else name
