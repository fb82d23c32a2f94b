"""Search results: whole events, the best one of each group, with highlights, and how often each is found."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec

from mapping.search_text.identifiers import identifiers_of
from storage.filters import SearchFilter
from storage.qdrant.base import Hit, Occurrences, VectorIndex
from storage.qdrant.bm25 import exact_things
from storage.read.reader import Reader
from storage.search.highlight import MOST_PASSAGES, Highlighter, Passage
from storage.search.texts import text_of_hit
from storage.surreal.rows import EventRow

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = get_args(Mode)
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

    `hit` is what the index has of it, `is_prompt` whether that is the event's system prompt. `occurrences` is how many
    events say the same as `passage`, if it is known. `parts`, if requested, has its place in each of the lists that
    were fused, by the list's name.
    """

    score: float
    event: EventRow
    hit: Hit = Hit("", 0.0)
    is_prompt: bool = False
    occurrences: Occurrences | None = None
    more: int | None = None
    highlights: list[Passage] = []
    parts: dict[str, Place] | None = None
    _text: str | None = None

    @property
    def text(self) -> str:
        """Return what was found: the text of the event, or its system prompt. The first time takes 0.1 ms."""
        if self._text is None:
            self._text = text_of_hit(self.event, self.hit, is_prompt=self.is_prompt)
        return self._text

    @property
    def passage(self) -> int | None:
        return None if self.is_prompt else self.hit.passage

    @property
    def told(self) -> frozenset[int]:
        """Return the keys of the messages in its text."""
        return frozenset() if self.is_prompt else frozenset(self.hit.told)

    @property
    def key(self) -> str:
        """Return its key in the lists that were fused, which system prompts are not in."""
        return "" if self.is_prompt else self.event["id"]


def hits_needed(limit: int, group_by: Group | None) -> int:
    return limit * _LOOKED_AT if group_by else limit


async def shown(reader: Reader, hits: Sequence[Hit], prompts: Sequence[Hit] = ()) -> list[SearchResult]:
    """Return a result for each hit whose event the store still has; `prompts` are hits in system prompts."""
    results: list[SearchResult] = []
    marked = [*((hit, False) for hit in hits), *((hit, True) for hit in prompts)]
    for start in range(0, len(marked), _READ_AT_ONCE):
        piece = marked[start : start + _READ_AT_ONCE]
        events = await reader.events_by_id({hit.id for hit, _ in piece})
        results += [
            SearchResult(hit.score, events[hit.id], hit, is_prompt) for hit, is_prompt in piece if hit.id in events
        ]
    return results


def told_once(results: Sequence[SearchResult]) -> list[SearchResult]:
    """Leave out what the events before it in the list tell, too: in one trace a log, a span and one around it may.

    Two events of a trace tell the same if the messages of one are all among those of the other. JSON events do not: a
    client sends each for itself.
    """
    kept: list[SearchResult] = []
    of_trace: defaultdict[str, list[frozenset[int]]] = defaultdict(list)
    for result in results:
        told, trace = result.told, result.event["trace_id"]
        if told and trace and result.event["kind"] != "json":
            if any(told <= other or other <= told for other in of_trace[trace]):
                continue
            of_trace[trace].append(told)
        kept.append(result)
    return kept


async def counted(index: VectorIndex, results: Sequence[SearchResult], which: SearchFilter) -> None:
    """Set how often each result's passage occurs among the events that pass the filter."""
    passages = [result.passage for result in results if result.passage is not None]
    counts = await index.occurrences(passages, which)
    for result in results:
        if result.passage is not None:
            result.occurrences = counts.get(result.passage)


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
    passages = await asyncio.to_thread(_highlights, results, query)
    for result, of_event in zip(results, passages, strict=True):
        result.highlights = of_event


def _highlights(results: list[SearchResult], query: str) -> list[list[Passage]]:
    highlighter, exact = Highlighter(query), frozenset(exact_things(query))
    return [_of_result(result, highlighter, exact) for result in results]


def _of_result(result: SearchResult, highlighter: Highlighter, exact: frozenset[str]) -> list[Passage]:
    event = result.event
    # An event's text begins with the name, which is shown anyway.
    after_name = len(event["name"]) + 1 if event["name"] and not result.is_prompt else 0
    passages = highlighter.passages(result.text, after_name)
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
        result.parts = {name: of_list[result.key] for name, of_list in places.items() if result.key in of_list}
