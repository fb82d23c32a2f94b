"""Which index the settings ask for."""

from __future__ import annotations

from pathlib import Path

from storage.index.base import VectorIndex
from storage.index.edge import EdgeIndex
from storage.index.server import ServerIndex


def choose_index(*, url: str, api_key: str, collection: str, data_dir: Path, dimensions: int | None) -> VectorIndex:
    """Give the server's index where there is a `url`, else the embedded one in `data_dir`. Neither is open yet."""
    if url:
        return ServerIndex(url, api_key, collection, dimensions)
    return EdgeIndex(data_dir / "qdrant", dimensions)
