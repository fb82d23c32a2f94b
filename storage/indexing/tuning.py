"""The intervals and sizes of indexing."""

from __future__ import annotations

from typing import NamedTuple


class Tuning(NamedTuple):
    """Durations are in seconds."""

    # Events that are stored within this time are indexed together.
    linger: float = 0.2
    # The pause while an index or the store cannot be reached.
    retry_after: float = 5.0
    # How often the queue is read without news.
    look_again_after: float = 30.0
    # How long an index that no longer serves is kept for the searches that still use it.
    searches_end_within: float = 1.0
    # After a kill, the events since the last flush are indexed again.
    flush_every: float = 5.0
    # The maximum number of records that are indexed and not flushed: they are still in the queue, and skipped there.
    most_unflushed: int = 200
    # Events that are taken from the queue at a time, or from the store to fill an index: half a second of indexing.
    group: int = 1_000
    # Events that are read, made into points and upserted at a time: 10 ms of SurrealDB's engine and 20 ms of Qdrant's,
    # so that others are served in between.
    part: int = 250


TUNING = Tuning()
# Where the stores are on servers, other receivers write into the queue, and make and retire indexes; and a server has
# what it was given on disk at once.
SHARED = TUNING._replace(look_again_after=0.5, searches_end_within=5.0, flush_every=0.0)
