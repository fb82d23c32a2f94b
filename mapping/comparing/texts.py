"""What differs between two texts: by lines, and within changed lines by words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from mapping.comparing.common import common

# Whose a piece of text is: of both, or of one.
Whose = Literal["both", "a", "b"]

# Characters of a text that are compared, and lines or words that are compared with each other.
MOST_CHARACTERS, MOST_PIECES = 100_000, 5_000
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Change(NamedTuple):
    """A piece of text, and whose it is."""

    whose: Whose
    text: str


class _Block(NamedTuple):
    """What both have, and after it what each has in the other's place."""

    both: str
    a: str
    b: str


def changes(a: str, b: str) -> list[Change]:
    """Return two texts as pieces: those of "both" and "a" together are `a`, those of "both" and "b" are `b`."""
    swapped = a > b  # so that swapped texts differ in the same
    blocks = [_Block(both, b, a) for both, a, b in _blocks(b, a)] if swapped else _blocks(a, b)
    whose: tuple[Whose, ...] = ("both", "a", "b")
    return [Change(one, text) for block in blocks for one, text in zip(whose, block, strict=True) if text]


def _blocks(a: str, b: str) -> Iterator[_Block]:
    for block in _of_pieces(a.splitlines(keepends=True), b.splitlines(keepends=True)):
        if block.a and block.b:
            yield _Block(block.both, "", "")
            yield from _joined(_of_pieces(_WORD.findall(block.a), _WORD.findall(block.b)))
        else:
            yield block


def _of_pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[_Block]:
    """Yield blocks of lines or words. More than `MOST_PIECES` are compared at their beginnings and ends only."""
    begin = 0
    while begin < min(len(a), len(b)) and a[begin] == b[begin]:
        begin += 1
    end = 0
    while end < min(len(a), len(b)) - begin and a[-1 - end] == b[-1 - end]:
        end += 1
    first, second = a[begin : len(a) - end], b[begin : len(b) - end]
    pairs = common(first, second) if max(len(first), len(second)) <= MOST_PIECES else []
    both = "".join(a[:begin])
    i = j = 0
    for pair in [*pairs, (len(first), len(second))]:
        if pair == (i, j) and pair != (len(first), len(second)):
            both += first[i]
        else:
            yield _Block(both, "".join(first[i : pair[0]]), "".join(second[j : pair[1]]))
            both = "".join(first[pair[0] : pair[0] + 1])
        i, j = pair[0] + 1, pair[1] + 1
    yield _Block("".join(a[len(a) - end :]), "", "")


def _joined(blocks: Iterable[_Block]) -> list[_Block]:
    """Join changes with less between them than they change: a word here and there makes no text readable."""
    joined: list[_Block] = []
    for block in blocks:
        last = joined[-1] if joined else _Block("", "", "")
        changed = min(max(len(one.a), len(one.b)) for one in (last, block))
        if 0 < changed >= len(block.both):
            joined[-1] = _Block(last.both, last.a + block.both + block.a, last.b + block.both + block.b)
        else:
            joined.append(block)
    return joined
