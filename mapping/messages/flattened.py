"""Lists of messages whose fields are attributes of their own: `llm.input_messages.0.message.content` and the like."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from mapping.messages.parts import MAX_DEPTH, MOST
from mapping.semantics.vocabulary import FLATTENED
from mapping.values import DROPPED, cut_items, first

# What each message of a flattened list has, before its place and behind it, by the role the list plays.
_FLATTENED = {
    role: [(prefix, role_key) for prefix in prefixes for role_key in (".message.role", ".role")]
    for role, prefixes in FLATTENED.items()
}
# How many attributes its sender has dropped: Python's SDK drops those that were set first.
_DROPPED = "otel.dropped_attributes_count"


def flattened(level: dict[str, Any], role: str) -> Iterator[list[Any]]:
    """Yield the lists of messages that are flattened to `PREFIX.N.message.content` and the like.

    Of a list whose first messages were dropped, the others.
    """
    for prefix, role_key in _FLATTENED[role]:
        begins = _first_place(level, prefix, role_key)
        if begins is None or len(level) > MOST:
            continue
        tree: dict[str, Any] = {}
        for key, value in level.items():
            if key.startswith(prefix):
                *path, last = key.removeprefix(prefix).split(".", MAX_DEPTH)
                inner = tree
                for step in path:
                    inner = inner.setdefault(step, {})
                    if not isinstance(inner, dict):
                        break
                else:
                    inner[last] = value
        kept = {key: value for key, value in tree.items() if not _is_place(key) or int(key) >= begins}
        yield _with_gaps(_listed(kept), kept) if DROPPED in level else _listed(kept)


def _with_gaps(listed: Any, places: Collection[str]) -> Any:
    """Return a list with how many of its items were over the limits, and where. `places` are those of the others."""
    if not isinstance(listed, list):
        return listed
    whole = listed[:1]
    for (before, place), item in zip(pairwise(sorted(map(int, places))), listed[1:], strict=True):
        if place > before + 1:
            whole.append(cut_items(place - before - 1))
        whole.append(item)
    return whole


def missing_messages(level: dict[str, Any]) -> int:
    """Return how many messages at the beginning of what was sent were dropped by the sender."""
    places = (_first_place(level, prefix, role_key) for prefix, role_key in _FLATTENED["input"])
    return first(places) or 0


def _first_place(level: dict[str, Any], prefix: str, role_key: str) -> int | None:
    """Return the place of the first message of a flattened list, None where there is none."""
    if f"{prefix}0{role_key}" in level:
        return 0
    if _DROPPED not in level:
        return None
    keys = (
        key.removeprefix(prefix).removesuffix(role_key)
        for key in level
        if key.startswith(prefix) and key.endswith(role_key)
    )
    return min(map(int, filter(_is_place, keys)), default=None)


def _is_place(key: str) -> bool:
    return key.isdecimal() and len(key) < 10


def _listed(tree: Any) -> Any:
    """Return a tree of flattened keys, its numbered branches as lists."""
    if not isinstance(tree, dict):
        return tree
    branches = {key: _listed(branch) for key, branch in tree.items()}
    if branches and all(map(_is_place, branches)):
        return [branches[key] for key in sorted(branches, key=int)]
    return branches
