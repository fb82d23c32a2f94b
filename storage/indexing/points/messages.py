"""The messages between `Preparer` and its process."""

from __future__ import annotations

import msgspec


class LoadModel(msgspec.Struct, tag=True):
    """Load a model that is already built or downloaded; with None, points have no vectors."""

    model: str | None
    data_dir: str
    threads: int


class MakePoints(msgspec.Struct, tag=True):
    """Make points of the events in the store's answer to `maker.EVENTS`; with `plain`, without vectors as well.

    `told` are the keys of lines that other events tell, with the event that repeats one, None where it is new.
    """

    answer: bytes
    plain: bool
    told: dict[int, str | None] = {}


class ForgetTold(msgspec.Struct, tag=True):
    """Forget which event tells what, because events were deleted."""


class PackedPoints(msgspec.Struct):
    """Packed points (`storage.qdrant.packing`) of the events with these ids; `plain` has them without vectors.

    `told` are the keys of the lines that these events tell as news. `repeated` are those that they tell because no
    other event does, as far as the maker knows.
    """

    event_ids: list[str]
    points: bytes
    plain: bytes | None
    told: list[int] = []
    repeated: list[int] = []
