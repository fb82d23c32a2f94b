"""Keys of passages: by one of them equal texts are one hit, by the others a message is told by one event only.

Keys are integers of 63 bits, which the search index can hold. A message has a key for each line (text, reasoning, a
call's name and arguments), because it may be repeated without its reasoning, and logs tell it in pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from mapping.search_text.text import Words

_LINES = 8  # of a message that have keys of their own
_MESSAGES = 32  # of an event that have keys


def passage_of(words: Words, text: str) -> int | None:
    """Return the key of what was said and done in an event, or else of its whole text; None without words.

    Attributes that say no more than which call it was, and the name, which is the model's, do not make it another.
    """
    said = "\n".join(words.said()) or text
    return _key("", said) if said else None


def keys_told(words: Words, scope: str) -> list[int]:
    """Return the keys of the lines that an event tells. `scope` is its session or trace: each is told once there."""
    messages = words.told[:_MESSAGES]
    return list(dict.fromkeys(key for lines in messages for key in _keys(lines, scope)))


def earlier_lines(words: Words, scope: str) -> dict[int, list[str]]:
    """Return the lines of earlier messages by their keys: a line for most."""
    return {key: lines for message in words.earlier for key, lines in _keys(message, scope).items()}


def prompt_keys(words: Words, scope: str) -> list[int]:
    """Return the keys of the system prompts; `scope` is whose they are: each is told once there."""
    return [_key(f"prompt\0{scope}", prompt) for prompt in words.prompts]


def _keys(lines: Sequence[str], scope: str) -> dict[int, list[str]]:
    """Return a message's lines by their keys: the first ones have one each, the others one together."""
    pieces = [[line] for line in lines[:_LINES]]
    if lines[_LINES:]:
        pieces.append(list(lines[_LINES:]))
    return {_key(scope, "\n".join(piece)): piece for piece in pieces}


def _key(scope: str, text: str) -> int:
    digest = blake2b(f"{scope}\0{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
