"""The requests of `EdgeIndex` to its engine."""

from __future__ import annotations

from typing import Any

import msgspec


class Open(msgspec.Struct, tag=True):
    """Open the index in a folder, which is created if it does not exist."""

    path: str
    dimensions: int | None


class Read(msgspec.Struct, tag=True):
    """Open an index to search in it only, as it is now, while another process has it open and optimizes it."""

    path: str
    dimensions: int | None


class Upsert(msgspec.Struct, tag=True):
    """Store packed points (`storage.qdrant.packing`); they are on disk after a `Flush`."""

    rows: msgspec.Raw


class SetPayload(msgspec.Struct, tag=True):
    ids: list[str]
    payload: dict[str, Any]


class Delete(msgspec.Struct, tag=True):
    ids: list[str]


class SearchPoints(msgspec.Struct, tag=True):
    """Search by a vector or by a text; the other is None. The answer has the fields of each `Hit`, best first.

    `matches` and `period` are the filter. `period` is text, because MessagePack cannot hold the nanoseconds of all
    years.
    """

    vector: bytes | None
    text: str | None
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int
    without: list[int] = []
    prompts: bool = False


class SearchSimilar(msgspec.Struct, tag=True):
    """Search by a point's own vector. The answer is as for `SearchPoints`, or None if there is no such point."""

    id: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int
    without: list[int] = []


class Facet(msgspec.Struct, tag=True):
    """Count by a field's values. The answer has `(value, count)` of the most frequent ones, equal ones in any order.

    Only the points with these `ids` are counted, if there are any.
    """

    field: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int
    ids: list[str] | None = None


class Newest(msgspec.Struct, tag=True):
    """List the newest points. The answer has `(id, time)` of each."""

    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int
    until: str | None


class CountPassages(msgspec.Struct, tag=True):
    """Count events and traces of passages. The answer has `(passage, events, traces)` of those that occur."""

    passages: list[int]
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]


class Told(msgspec.Struct, tag=True):
    """Ask which of the keys are told by points other than those with the ids `but`. The answer has these keys.

    With each comes the id of the point that repeats the message, None if it is new in one.
    """

    keys: list[int]
    but: list[str]


class Repeating(msgspec.Struct, tag=True):
    """Ask which points but those with the ids `but` repeat a message with one of the keys. The answer has their ids."""

    keys: list[int]
    but: list[str]


class Flush(msgspec.Struct, tag=True):
    """Make changes durable. The answer is the number of points that an `Optimize` would write to files."""


class Optimize(msgspec.Struct, tag=True):
    """Write the points in memory to files that are mapped into it, and forget deleted ones."""


class Count(msgspec.Struct, tag=True):
    pass
