"""The messages between `Preparer` and its process."""

from __future__ import annotations

import msgspec


class LoadModel(msgspec.Struct, tag=True):
    """Load the model, which is built or downloaded already; None makes points without vectors."""

    model: str | None
    data_dir: str
    threads: int


class MakePoints(msgspec.Struct, tag=True):
    """Make points of the events in the store's answer to `points.EVENTS`, without vectors as well if `plain`."""

    answer: bytes
    plain: bool


class PackedPoints(msgspec.Struct):
    """Points, packed (`storage.qdrant.packing`), of the events with these ids; `plain` are the same without vectors."""

    event_ids: list[str]
    points: bytes
    plain: bytes | None
