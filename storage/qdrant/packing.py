"""Points in the form that both indexes take, packed, so that processes can pass them on as bytes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from storage.qdrant.bm25 import clean, document_vector

if TYPE_CHECKING:
    from storage.qdrant.base import Point


class PackedPoint(msgspec.Struct, array_like=True):
    """A point. `dense` and `weights` are float32, `words` (their indices) uint32, in the machine's byte order."""

    id: str
    dense: bytes | None
    words: bytes
    weights: bytes
    payload: dict[str, Any]


_DECODER = msgspec.msgpack.Decoder(list[PackedPoint])


def pack(points: Sequence[Point], dimensions: int | None) -> bytes:
    """Return points, packed. Raises ValueError for a vector of other dimensions."""
    # Imported here, because numpy would cost the engine's process, which only unpacks, 25 MB.
    from storage.qdrant.vectors import checked  # noqa: PLC0415

    rows = []
    for point in points:
        words = document_vector(clean(point.text), map(clean, point.identifiers), clean(point.prompt))
        rows.append(
            PackedPoint(
                point.id,
                None if point.dense is None else checked(point.dense, dimensions).tobytes(),
                array("I", words.indices).tobytes(),
                array("f", words.values).tobytes(),
                point.payload,
            )
        )
    return msgspec.msgpack.encode(rows)


def unpack(packed: bytes | msgspec.Raw) -> list[PackedPoint]:
    return _DECODER.decode(packed)


def floats(data: bytes) -> list[float]:
    return array("f", data).tolist()


def integers(data: bytes) -> list[int]:
    return array("I", data).tolist()
