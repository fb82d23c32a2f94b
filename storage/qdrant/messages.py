"""What `EdgeIndex` asks its engine for."""

from __future__ import annotations

from typing import Any

import msgspec


class Open(msgspec.Struct, tag=True):
    """Open the index in a folder, created if need be."""

    path: str
    dimensions: int | None


class Upsert(msgspec.Struct, tag=True):
    """Store points, packed (`storage.qdrant.packing`); they are on disk after a `Flush`."""

    rows: msgspec.Raw


class SetPayload(msgspec.Struct, tag=True):
    ids: list[str]
    payload: dict[str, Any]


class Delete(msgspec.Struct, tag=True):
    ids: list[str]


class Search(msgspec.Struct, tag=True):
    """Search by a vector or by a text, whichever is given. Answered with `(id, score)` of each hit, best first.

    `matches` and `period` are the filter; `period` is text, because MessagePack cannot hold nanoseconds of all years.
    """

    vector: bytes | None
    text: str | None
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class Similar(msgspec.Struct, tag=True):
    """Search by a point's own vector. Answered as a `Search`, or with None where there is no such point."""

    id: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class Facet(msgspec.Struct, tag=True):
    """Count by a field's values. Answered with `(value, count)` of the most frequent ones, in no order among equals."""

    field: str
    matches: list[tuple[str, str]]
    period: tuple[str | None, str | None]
    limit: int


class Flush(msgspec.Struct, tag=True):
    pass


class Count(msgspec.Struct, tag=True):
    pass
