"""The types of `/api/v1`'s answers to searches (`answers.py`)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from receiver.http.answers import (
    Answer,
    Count,
    EventId,
    NextCursor,
)
from receiver.http.event_answers import Event
from storage.indexing.indexer import State
from storage.search.results import Mode


class IndexState(Answer):
    """The state of the search index, and how many events are stored and not searchable yet."""

    state: State
    pending: Count


class Highlight(Answer):
    """A passage of an event's text; `ranges` are the places of the query's words, in Unicode code points."""

    text: str
    ranges: list[tuple[Count, Count]]


class Place(Answer):
    """The place of a result in one of the lists that its score is made of."""

    rank: Annotated[int, msgspec.Meta(ge=1)]
    score: float


class Occurrences(Answer):
    """How many events say the same, and in how many traces."""

    events: Count
    traces: Count


class Result(Answer, kw_only=True):
    """A search result. `parts` if asked for; `more`, with `group_by`, is how many other hits its group has.

    `passage` is the key of what was said and done in the event, null if that is nothing; `occurrences` counts events
    that have it and pass the filters: this is the best of them. `prompt`: the event's system prompt was found.
    """

    score: float
    event: Event
    passage: Annotated[str, msgspec.Meta(pattern="^[0-7][0-9a-f]{15}$")] | None = None
    occurrences: Occurrences | msgspec.UnsetType = msgspec.UNSET
    prompt: bool = False
    more: Count | msgspec.UnsetType = msgspec.UNSET
    highlights: list[Highlight]
    parts: dict[str, Place] | msgspec.UnsetType = msgspec.UNSET


class SearchResults(Answer):
    """Results, best first; without a query the events that pass the filters, the newest first, in pages.

    `mode` is hybrid's `keyword` while the index is filled for another model. `reranked` is how many of the `candidates`
    MiniLM had the time to read.
    """

    query: str | None
    mode: Mode | None
    took_ms: float
    index: IndexState
    reranked: Count
    candidates: Count
    results: list[Result]
    next_cursor: NextCursor


class Similar(Answer):
    """The events nearest to one in meaning."""

    event_id: EventId
    took_ms: float
    index: IndexState
    results: list[Result]


class FacetValue(Answer):
    value: str
    count: Count


class FacetCounts(Answer):
    event_type: list[FacetValue]
    agent_id: list[FacetValue]
    service: list[FacetValue]
    project: list[FacetValue]
    status: list[FacetValue]


class Facets(Answer):
    """How many events there are of each kind, the most frequent values first; with words, of those that have one.

    Not `complete`: more have them than are counted, and these are the best.
    """

    took_ms: float
    index: IndexState
    events: Count
    complete: bool
    facets: FacetCounts
