"""Equal passages are one hit: the lists of hits are read on until there are enough that differ.

An event's passage is what was said and done in it (`mapping.search_text.passages`). A boilerplate that a thousand runs
have would otherwise fill a list, and MiniLM would read it again and again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from storage.qdrant.base import Hit

# How often a list is read on.
_ROUNDS = 4

Ask = Callable[[int, Sequence[int]], Awaitable[list[Hit]]]


async def distinct(ask: Ask, depth: int, without: Sequence[int] = ()) -> list[Hit]:
    """Return up to `depth` hits with different passages, best first: of equal ones the best, of `without` none.

    `ask` returns so many hits without some passages. Hits without a passage are all different.
    """
    found: list[Hit] = []
    seen: dict[int, None] = dict.fromkeys(without)
    without_passage: set[str] = set()  # they come again with each question
    for _ in range(_ROUNDS):
        wanted = depth - len(found) + len(without_passage)
        hits = await ask(wanted, list(seen))
        for hit in hits:
            if hit.passage is None and hit.id not in without_passage:
                without_passage.add(hit.id)
                found.append(hit)
            elif hit.passage is not None and hit.passage not in seen:
                seen[hit.passage] = None
                found.append(hit)
        # Half of a list of different ones is enough: what is behind them is not shown.
        if len(hits) < wanted or 2 * len(found) >= depth:
            break
    return found


def by_one_event(*lists: Sequence[Hit]) -> list[list[Hit]]:
    """Return the lists with one event for each passage: that of the first list that has it."""
    events: dict[int, Hit] = {}
    for hits in lists:
        for hit in hits:
            if hit.passage is not None:
                events.setdefault(hit.passage, hit)
    return [[_as(hit, events.get(hit.passage) if hit.passage is not None else None) for hit in hits] for hits in lists]


def _as(hit: Hit, chosen: Hit | None) -> Hit:
    return hit if chosen is None else chosen._replace(score=hit.score)
