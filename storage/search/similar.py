"""Similar events: those nearest in meaning, by the vector that the index has of an event."""

from __future__ import annotations

from collections.abc import Sequence

from mapping.errors import Code, Problem
from mapping.search_text.passages import passage_of
from mapping.search_text.text import words_of
from storage.errors import NotSearched
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import Hit
from storage.read.reader import Reader
from storage.search.index_access import asking
from storage.search.passages import distinct
from storage.search.results import Group, SearchResult, add_highlights, counted, grouped, hits_needed, shown


async def similar(
    reader: Reader, indexer: Indexer, event_id: str, which: SearchFilter, limit: int, group_by: Group | None = None
) -> list[SearchResult] | None:
    """Return the nearest events, nearest first, without those that say the same, or None if no such event is stored.

    The score is the cosine of the two vectors. Raises SearchOff, NotSearched, and Problem (UNAVAILABLE) for an event
    that is not indexed yet.
    """
    stored = await reader.event_and_trace(event_id)
    if stored is None:
        return None
    event = stored[0]
    words = words_of(event["name"], event["properties"])
    own = passage_of(words, words.text())

    async def nearest(most: int, without: Sequence[int]) -> list[Hit]:
        hits = await index.search_similar(event_id, which, most, without)
        if hits is not None:
            return hits
        if event["indexed"] is False:
            raise NotSearched
        message = f"the event is not in the search index yet: {indexer.pending} are to be indexed; try again"
        raise Problem(Code.UNAVAILABLE, message, retry_after=2)

    with asking(indexer) as index:
        hits = await distinct(nearest, hits_needed(limit, group_by), [] if own is None else [own])
        results = grouped(await shown(reader, hits), group_by)[:limit]
        await counted(index, results, which)
    await add_highlights(results, "")
    return results
