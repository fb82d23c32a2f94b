"""Words of scripts that are written without spaces: Chinese, Japanese, Korean, Thai and its neighbours.

A run of such a script is split into grams, overlapping pieces of two or three characters, so that any word is found
inside a sentence; adjacent text in other scripts (`order-9981`) is separated from it. Korean has spaces, but attaches
particles to words. Edge's `multilingual` tokenizer handles Chinese and Thai only: it splits Japanese words in a
sentence otherwise than alone, and Korean ones not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Han, kana and hangul are split into pairs, letters of Thai, Lao, Burmese and Khmer into triples.
_PAIRS = r"\u1100-\u11ff\u3040-\u30fa\u30fc-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_PAIRS += r"\uf900-\ufaff\uff66-\uff9f"
_RARE_PAIRS = r"\U00020000-\U0003ffff"
_TRIPLES = r"\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3"
UNSPACED = re.compile(f"([{_PAIRS}{_RARE_PAIRS}]+)|[{_TRIPLES}]+")
# Of characters up to U+FFFF the engine makes a table; those beyond are looked for apart, or it is five times as slow.
_USUAL, _RARE = re.compile(f"[{_PAIRS}{_TRIPLES}]"), re.compile(f"[{_RARE_PAIRS}]")


class Gram(NamedTuple):
    """A gram, and its start in a text."""

    start: int
    text: str


def apart(text: str) -> str:
    """Return a text with spaces around each run of such a script; without one, the text itself."""
    return UNSPACED.sub(r" \g<0> ", text) if has_unspaced(text) else text


def has_unspaced(text: str) -> bool:
    """Return whether a text has such a script. Many that have none have dashes, curly quotes, accents or emoji."""
    return not text.isascii() and (_USUAL.search(text) or _RARE.search(text)) is not None


def grams_in(text: str, *, singles: bool = True) -> Iterator[Gram]:
    """Yield the grams of a text; a run that is shorter than a gram is yielded as it is.

    Of Chinese, Japanese and Korean these are pairs and, with `singles`, single characters, so that a word of one
    character is found. A query for longer words does not need them.
    """
    for match in UNSPACED.finditer(text):
        run, are_pairs = match[0], match[1] is not None
        for size in (1, 2) if are_pairs and singles and len(run) > 1 else (2,) if are_pairs else (3,):
            for start in range(max(1, len(run) - size + 1)):
                yield Gram(match.start() + start, run[start : start + size])
