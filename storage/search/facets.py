"""How many events there are of each type, agent, service and status, counted in the search index.

The store would have to read every event that passes the filters. The index counts only the events that it has: those
that wait for indexing and those that are excluded from search are not counted.
"""

from __future__ import annotations

from typing import NamedTuple

from mapping.model import STATUSES
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import FACETS, WORDS_COUNTED
from storage.search.index_access import asking


class Facets(NamedTuple):
    """The number of events that pass the filters, and by field its most frequent values with their counts.

    `complete` is False if more events have one of the words than are counted.
    """

    events: int
    counts: dict[str, list[tuple[str, int]]]
    complete: bool = True


async def facets(indexer: Indexer, which: SearchFilter, limit: int, words: str | None = None) -> Facets:
    """Return the counts of the fields `FACETS`, at most `limit` values of each. Raises Problem as a search does.

    With `words`, the events that have one of them are counted, as keyword search finds them.
    """
    with asking(indexer) as index:
        counts, matching = await index.facets(which, FACETS, max(limit, len(STATUSES)), words)
    # Every event has a status: their counts add up to the number of events.
    events = sum(count for _, count in counts["status"]) if matching is None else matching
    complete = matching is None or matching < WORDS_COUNTED
    return Facets(events, {field: values[:limit] for field, values in counts.items()}, complete)
