"""How many events there are of each type, agent, service and status, counted in the search index.

The store would have to read every event that passes the filters. The index counts those it has: an event counts once it
is indexed, and one that was sent with `generate_embeddings: false` never does.
"""

from __future__ import annotations

import time
from typing import Any

from mapping.model import STATUSES
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import FACETS
from storage.search.index_access import asking, index_state
from storage.search.results import took_ms


async def facets(indexer: Indexer, which: SearchFilter, limit: int) -> dict[str, Any]:
    """Give `{took_ms, index, events, facets: {field: [{value, count}]}}`, the most frequent values of each field first.

    `events` is how many pass the filters. Raises Problem as a search does.
    """
    started = time.perf_counter()
    with asking(indexer) as index:
        # Every event has a status: their counts add up to the number of events.
        counted = await index.facets(which, FACETS, max(limit, len(STATUSES)))
    return {
        "took_ms": took_ms(started),
        "index": index_state(indexer),
        "events": sum(count for _, count in counted["status"]),
        "facets": {
            field: [{"value": value, "count": count} for value, count in values[:limit]]
            for field, values in counted.items()
        },
    }
