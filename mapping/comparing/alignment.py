"""Which step of one run is which of another: the steps keep their order, and as much as possible is alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mapping.calls.model import CallKind
from mapping.comparing.common import Pair, common

# Steps of one run times those of the other that are all weighed against each other (0.4 us each).
MOST_WEIGHED = 400_000


class Likeness(NamedTuple):
    """What steps are aligned by. `said` is what was passed or sent, "" where it is not known."""

    kind: CallKind
    name: str
    agent: str
    depth: int
    said: str


# The place of a step in each run, None where only the other run has it.
Aligned = tuple[int | None, int | None]


def align(one: Sequence[Likeness], other: Sequence[Likeness]) -> list[Aligned]:
    """Return every step of both runs once, in order. Before a pair come the steps that only `one` has, then `other`'s.

    Swapped runs are aligned alike.
    """
    swapped = list(one) > list(other)
    pairs = [(i, j) for j, i in _pairs(other, one)] if swapped else _pairs(one, other)
    return list(_with_others(pairs, len(one), len(other)))


def _with_others(pairs: Sequence[Pair], ones: int, others: int) -> Iterator[Aligned]:
    i = j = 0
    for pair in [*pairs, (ones, others)]:
        yield from ((place, None) for place in range(i, pair[0]))
        yield from ((None, place) for place in range(j, pair[1]))
        if pair != (ones, others):
            yield pair
        i, j = pair[0] + 1, pair[1] + 1


def _pairs(one: Sequence[Likeness], other: Sequence[Likeness]) -> list[Pair]:
    """Return the pairs: all weighed where that is little work, else between what is alike in everything."""
    if len(one) * len(other) <= MOST_WEIGHED:
        return _weighed(one, other)
    return _between(one, other, common(one, other), _of_a_gap)


def _of_a_gap(one: Sequence[Likeness], other: Sequence[Likeness]) -> list[Pair]:
    if len(one) * len(other) <= MOST_WEIGHED:
        return _weighed(one, other)
    return common([step[:3] for step in one], [step[:3] for step in other])


def _between(
    one: Sequence[Likeness],
    other: Sequence[Likeness],
    anchors: Sequence[Pair],
    pairs_of: Callable[[Sequence[Likeness], Sequence[Likeness]], list[Pair]],
) -> list[Pair]:
    """Return the anchors, and between them the pairs of what is left there."""
    pairs: list[Pair] = []
    i = j = 0
    for anchor in [*anchors, (len(one), len(other))]:
        inner = pairs_of(one[i : anchor[0]], other[j : anchor[1]])
        pairs += [(i + a, j + b) for a, b in inner]
        pairs.append(anchor)
        i, j = anchor[0] + 1, anchor[1] + 1
    return pairs[:-1]


def _weighed(one: Sequence[Likeness], other: Sequence[Likeness]) -> list[Pair]:
    """Return the pairs that have the greatest sum of `_weight`."""
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < min(len(one), len(other)) - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    first, second = one[begin : len(one) - end], other[begin : len(other) - end]
    weights: dict[Likeness, list[int]] = {}
    sums = [[0] * (len(second) + 1)]
    for step in first:
        if step not in weights:
            weights[step] = [_weight(step, candidate) for candidate in second]
        above, row = sums[-1], [0]
        for place, weight in enumerate(weights[step]):
            row.append(max(above[place + 1], row[place], above[place] + weight if weight else 0))
        sums.append(row)
    inner: list[Pair] = []
    i, j = len(first), len(second)
    while i and j:
        if sums[i][j] == sums[i - 1][j]:
            i -= 1
        elif sums[i][j] == sums[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            inner.append((begin + i, begin + j))
    ends = [(len(one) - place, len(other) - place) for place in range(end, 0, -1)]
    return [*((place, place) for place in range(begin)), *inner[::-1], *ends]


def _weight(one: Likeness, other: Likeness) -> int:
    """Return how much two steps are alike, 0 where they are not the same step.

    Another model in its place is the same step, and so is a run's outermost agent of another name; another tool is not.
    """
    if one.kind != other.kind:
        return 0
    has_name = one.name == other.name
    if not has_name and (one.kind == "tool" or (one.kind == "agent" and one.depth + other.depth > 0)):
        return 0
    return 2 + 4 * has_name + 2 * (one.agent == other.agent) + (one.depth == other.depth) + 2 * (one.said == other.said)
