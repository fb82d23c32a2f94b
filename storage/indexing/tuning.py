"""How fast indexing goes, and how much it takes at a time."""

from __future__ import annotations

from typing import NamedTuple


class Tuning(NamedTuple):
    """Durations are in seconds."""

    # What comes within this time is indexed together.
    linger: float = 0.2
    # Where an index or the store is away.
    retry_after: float = 5.0
    # Another receiver on the same stores may have stopped before it had indexed what it stored.
    look_again_after: float = 30.0
    # Those who search the index that served until now have their answer by then.
    searches_end_within: float = 1.0
    # After a kill the index reads this much of its own log again, and is told it by the queue once more.
    flush_every: float = 5.0
    # Records of the queue that are looked past to find the next.
    most_unflushed: int = 200
    # Events taken at a time from the queue, or from the store to fill an index: half a second of indexing.
    group: int = 1_000
    # Events read, made into points and upserted at a time: 10 ms of the store's engine, 20 of the index's, so that
    # others are served in between.
    part: int = 250


TUNING = Tuning()
