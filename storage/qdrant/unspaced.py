"""Words of scripts that are written without spaces: Chinese, Japanese, Korean, Thai and its neighbours.

A run of such a script becomes its grams, pieces of two or three characters that overlap, so that any word is found
inside a sentence, and what touches it (`order-9981`) stands apart. Korean has spaces, but glues particles to words.
Edge's `multilingual` tokenizer knows Chinese and Thai words alone: Japanese ones it splits otherwise in a sentence than
by themselves, Korean ones not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Han, kana and hangul: two characters tell much. Letters of Thai, Lao, Burmese and Khmer: three.
_PAIRS = r"\u1100-\u11ff\u3040-\u30fa\u30fc-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_PAIRS += r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_TRIPLES = r"\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3"
UNSPACED = re.compile(f"([{_PAIRS}]+)|[{_TRIPLES}]+")


class Gram(NamedTuple):
    """A gram and where in a text it starts."""

    start: int
    text: str


def apart(text: str) -> str:
    """Return a text with spaces around each run of such a script."""
    return text if text.isascii() else UNSPACED.sub(r" \g<0> ", text)


def grams_in(text: str, *, singles: bool = True) -> Iterator[Gram]:
    """Walk the grams of a text; of a run that is shorter than one, the run.

    Of Chinese, Japanese and Korean these are pairs and `singles`, so that a word of one character is found; a query for
    longer words does without them.
    """
    if text.isascii():
        return
    for found in UNSPACED.finditer(text):
        run, are_pairs = found[0], found[1] is not None
        for size in (1, 2) if are_pairs and singles and len(run) > 1 else (2,) if are_pairs else (3,):
            for start in range(max(1, len(run) - size + 1)):
                yield Gram(found.start() + start, run[start : start + size])
