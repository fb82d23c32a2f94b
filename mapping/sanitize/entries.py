"""Which entries of a map are kept where there are too many: of a list written out key by key, its first and last items.

OpenInference writes messages as `llm.input_messages.0.message.content` and the like. A long conversation is thousands
of keys, of which those of the system prompt and of the last turns say most.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

# The place of an item in a list, which is named by what stands before.
_PLACE = re.compile(r"(?:\A|\.)([0-9]{1,9})(?=\.|\Z)")
# Where so many lists share the room that none gets so many keys, the first keys are kept.
_LEAST = 8


def kept_keys(keys: Collection[str], most: int) -> list[str]:
    """Return at most `most` of the keys, in their order. Each list loses its middle, all other keys their end."""
    plain: list[str] = []
    lists: dict[str, dict[int, list[str]]] = {}
    for key in keys:
        if match := _PLACE.search(key):
            lists.setdefault(key[: match.start()], {}).setdefault(int(match[1]), []).append(key)
        else:
            plain.append(key)
    room = share([len(plain), *(sum(map(len, items.values())) for items in lists.values())], most)
    if room < _LEAST:
        return list(islice(keys, most))
    kept = set(plain[:room])
    for items in lists.values():
        kept.update(_first_and_last([items[place] for place in sorted(items)], room))
    return [key for key in keys if key in kept]


def _first_and_last(items: list[list[str]], room: int) -> list[str]:
    """Return at most `room` keys of a list's items, of the first item and the last in any case. No other is halved."""
    if sum(map(len, items)) <= room:
        return [key for item in items for key in item]
    kept = items[0][: room // 2 if len(items) > 1 else room]
    begin, end = 1, len(items)
    while begin < end and len(kept) + len(items[begin]) <= room // 4:
        kept += items[begin]
        begin += 1
    while begin < end and len(kept) + len(items[end - 1]) <= room:
        end -= 1
        kept += items[end]
    if begin < end == len(items):
        kept += items[-1][: room - len(kept)]
    return kept


def share(sizes: list[int], room: int) -> int:
    """Return the size down to which the largest have to go so that all fit: 0 or less where none is left of them."""
    left = len(sizes)
    for size in sorted(sizes):
        if size * left > room:
            return room // left
        room -= size
        left -= 1
    return max(sizes, default=0)
