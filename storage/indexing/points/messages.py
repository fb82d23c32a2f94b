"""The messages between `Preparer` and its process."""

from __future__ import annotations

import msgspec


class LoadModel(msgspec.Struct, tag=True):
    """Load a model that is already built or downloaded; with None, points have no vectors."""

    model: str | None
    data_dir: str
    threads: int


class MakePoints(msgspec.Struct, tag=True):
    """Make points of the events in the store's answer to `maker.EVENTS`; with `plain`, without vectors as well."""

    answer: bytes
    plain: bool


class PackedPoints(msgspec.Struct):
    """Packed points (`storage.qdrant.packing`) of the events with these ids; `plain` has them without vectors."""

    event_ids: list[str]
    points: bytes
    plain: bytes | None
