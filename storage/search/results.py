"""Search results: whole events, the best one of each group, with highlights."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec

from mapping.search_text.identifiers import identifiers_of
from mapping.search_text.text import text_of
from storage.qdrant.base import Hit
from storage.qdrant.bm25 import exact_things
from storage.read.reader import Reader
from storage.search.highlight import MOST_PASSAGES, Highlighter, Passage
from storage.surreal.rows import EventRow

Group = Literal["trace", "session"]
GROUPS: tuple[Group, ...] = get_args(Group)

# How many hits are read for each result if results are grouped, since several hits may be in one group.
_LOOKED_AT = 5
# Events read at a time: the store does one thing at a time.
_READ_AT_ONCE = 100


class Place(NamedTuple):
    """The place of a result in a list: its rank, from 1, and its score."""

    rank: int
    score: float


class SearchResult(msgspec.Struct):
    """A search result. `more` is the number of other hits in its group, if results are grouped.

    `parts`, if requested, has its place in each of the lists that were fused, by the list's name.
    """

    score: float
    event: EventRow
    more: int | None = None
    highlights: list[Passage] = []
    parts: dict[str, Place] | None = None


def hits_needed(limit: int, group_by: Group | None) -> int:
    return limit * _LOOKED_AT if group_by else limit


async def shown(reader: Reader, hits: Sequence[Hit]) -> list[SearchResult]:
    """Return a result for each hit whose event the store still has."""
    results: list[SearchResult] = []
    for start in range(0, len(hits), _READ_AT_ONCE):
        piece = hits[start : start + _READ_AT_ONCE]
        events = await reader.events_by_id(hit.id for hit in piece)
        results += [SearchResult(hit.score, events[hit.id]) for hit in piece if hit.id in events]
    return results


def grouped(results: list[SearchResult], group_by: Group | None) -> list[SearchResult]:
    """Return the best result of each group, with the number of others in `more`; `group_by` None returns all.

    An event without a session is a group of its own.
    """
    if group_by is None:
        return results
    best: dict[str, SearchResult] = {}
    for result in results:
        event = result.event
        group = event["trace_id"] if group_by == "trace" else event["session_id"]
        first = best.setdefault(group or event["id"], result)
        first.more = 0 if first.more is None else first.more + 1
    return list(best.values())


async def add_highlights(results: list[SearchResult], query: str) -> None:
    """Set each result's highlights: passages of its text around the query's words, or the beginning of the text."""
    # In a thread, so that the receiver can acknowledge meanwhile: 200 long texts take 0.2 s.
    passages = await asyncio.to_thread(_highlights, [result.event for result in results], query)
    for result, of_event in zip(results, passages, strict=True):
        result.highlights = of_event


def _highlights(events: list[EventRow], query: str) -> list[list[Passage]]:
    highlighter, exact = Highlighter(query), frozenset(exact_things(query))
    return [_of_event(event, highlighter, exact) for event in events]


def _of_event(event: EventRow, highlighter: Highlighter, exact: frozenset[str]) -> list[Passage]:
    # The text begins with the name, which is shown anyway.
    after_name = len(event["name"]) + 1 if event["name"] else 0
    passages = highlighter.passages(text_of(event["name"], event["properties"]), after_name)
    # Most identifiers are not in the text; they match as a whole.
    ids = [each for each in identifiers_of(event) if each.lower() in exact] if exact else []
    beside = [each for each in ids if not any(each in passage.text for passage in passages)]
    if not beside:
        return passages
    of_text = [passage for passage in passages if passage.ranges]
    return [*of_text, *(Passage(each, [(0, len(each))]) for each in beside)][:MOST_PASSAGES]


def add_parts(results: list[SearchResult], lists: Mapping[str, Sequence[Hit]]) -> None:
    """Set each result's `parts`, its places in these lists."""
    places = {
        name: {hit.id: Place(number + 1, hit.score) for number, hit in enumerate(hits)} for name, hits in lists.items()
    }
    for result in results:
        event_id = result.event["id"]
        result.parts = {name: of_list[event_id] for name, of_list in places.items() if event_id in of_list}
