"""Keys of passages: by one of them equal texts are one hit, by the others a message is told by one event only.

Keys are integers of 63 bits, which the search index can hold. A message has one key for all of it; one of several lines
has keys of its first lines besides, because it may be repeated without its reasoning, or as a tool's event tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from mapping.search_text.text import Words

_LINES = 4  # of a message that get keys of their own
_MESSAGES = 32  # of an event that get keys


def passage_of(words: Words, text: str) -> int | None:
    """Return the key of what was said and done in an event, or else of its whole text; None without words.

    Attributes that say no more than which call it was, and the name, which is the model's, do not make it another.
    """
    said = "\n".join(words.said()) or text
    return _key("", said) if said else None


def keys_told(words: Words, scope: str) -> list[int]:
    """Return the keys of the messages that an event tells. `scope` is its session or trace: each is told once there."""
    messages = words.told[:_MESSAGES]
    return list(dict.fromkeys(key for lines in messages for key in _keys(lines, scope)))


def earlier_keys(words: Words, scope: str) -> list[tuple[int, tuple[int, ...]]]:
    """Return the key of each earlier message, and those of its first lines: it was told if that is, or all of these."""
    return [_of_message(lines, scope) for lines in words.earlier]


def prompt_keys(words: Words, scope: str) -> list[int]:
    """Return the keys of the system prompts; `scope` is whose they are: each is told once there."""
    return [_key(f"prompt\0{scope}", prompt) for prompt in words.prompts]


def _of_message(lines: Sequence[str], scope: str) -> tuple[int, tuple[int, ...]]:
    whole, *first = _keys(lines, scope)
    return whole, tuple(first)


def _keys(lines: Sequence[str], scope: str) -> Iterator[int]:
    yield _key(scope, "\n".join(lines))
    if len(lines) > 1:
        for line in lines[:_LINES]:
            yield _key(scope, line)


def _key(scope: str, text: str) -> int:
    digest = blake2b(f"{scope}\0{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
