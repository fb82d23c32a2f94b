"""The requests of `EdgeIndex` to its engine."""

from __future__ import annotations

from typing import Any

import msgspec


class Open(msgspec.Struct, tag=True):
    """Open the index in a folder, which is created if it does not exist."""

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
    """Search by a vector or by a text; the other is None. The answer has `(id, score)` of each hit, best first.

    `matches` and `period` are the filter. `period` is text, because MessagePack cannot hold the nanoseconds of all
    years.
    """

    vector: bytes | None
    text: str | None
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class SearchSimilar(msgspec.Struct, tag=True):
    """Search by a point's own vector. The answer is as for `SearchPoints`, or None if there is no such point."""

    id: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class Facet(msgspec.Struct, tag=True):
    """Count by a field's values. The answer has `(value, count)` of the most frequent ones, equal ones in any order."""

    field: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class Flush(msgspec.Struct, tag=True):
    pass


class Count(msgspec.Struct, tag=True):
    pass
