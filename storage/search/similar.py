"""Similar events: those nearest in meaning, by the vector that the index has of an event."""

from __future__ import annotations

from mapping.errors import Code, Problem
from storage.errors import NotSearched
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.read.reader import Reader
from storage.search.index_access import asking
from storage.search.results import Group, SearchResult, add_highlights, grouped, hits_needed, shown


async def similar(
    reader: Reader, indexer: Indexer, event_id: str, which: SearchFilter, limit: int, group_by: Group | None = None
) -> list[SearchResult] | None:
    """Return the nearest events, nearest first, without the event itself, or None if no such event is stored.

    The score is the cosine of the two vectors. Raises SearchOff, NotSearched, and Problem (UNAVAILABLE) for an event
    that is not indexed yet.
    """
    stored = await reader.event_and_trace(event_id)
    if stored is None:
        return None
    with asking(indexer) as index:
        hits = await index.search_similar(event_id, which, hits_needed(limit, group_by))
    if hits is None:
        if stored[0]["indexed"] is False:
            raise NotSearched
        message = f"the event is not in the search index yet: {indexer.pending} are to be indexed; try again"
        raise Problem(Code.UNAVAILABLE, message, retry_after=2)
    results = grouped(await shown(reader, hits), group_by)[:limit]
    await add_highlights(results, "")
    return results
