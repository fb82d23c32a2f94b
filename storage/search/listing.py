"""Events without a search: those that pass the filters, the newest first, as the index has them.

They are the events that facets count, and with the filter `passage` those in which a passage occurs.
"""

from __future__ import annotations

from typing import NamedTuple

from mapping.times import format_rfc3339, parse_rfc3339
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import Hit
from storage.read.paging import read_cursor, write_cursor
from storage.read.reader import Reader
from storage.search.index_access import asking
from storage.search.results import SearchResult, add_highlights, shown

# What its cursors are of.
_SEARCH = "search"
# How many more than a page are read at first, because several may have the page's last moment.
_BESIDE = 50


class Listed(NamedTuple):
    """A page, and the cursor of the next one, if there is one."""

    results: list[SearchResult]
    next_cursor: str | None


async def listed(reader: Reader, indexer: Indexer, which: SearchFilter, limit: int, cursor: str | None) -> Listed:
    """Return a page of events, newest first; equal times by id. Raises Problem as a search does."""
    after = None if cursor is None else read_cursor(cursor, _SEARCH)
    until = None if after is None else format_rfc3339(after.place)
    most = limit + _BESIDE
    with asking(indexer) as index:
        while True:
            points = await index.newest(which, most, until)
            order = sorted((-parse_rfc3339(at), point_id) for point_id, at in points)
            # Of the last moment that the index tells apart, a microsecond, not all may have been read.
            if len(points) == most:
                order = [place for place in order if place[0] // 1000 != order[-1][0] // 1000]
            behind = [place for place in order if after is None or place > (-after.place, after.id)]
            if len(points) < most or len(behind) > limit:
                break
            most *= 2
    page = behind[:limit]
    results = await shown(reader, [Hit(point_id, 0.0) for _, point_id in page])
    await add_highlights(results, "")
    more = len(behind) > limit
    return Listed(results, write_cursor(-page[-1][0], page[-1][1], _SEARCH) if more else None)
