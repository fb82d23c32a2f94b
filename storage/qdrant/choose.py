"""Which index the settings ask for."""

from __future__ import annotations

from pathlib import Path

from storage.qdrant.base import VectorIndex
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.server import ServerIndex


class Indexes:
    """Search indexes by their names: collections of the server where there is a `url`, else folders in `data_dir`."""

    def __init__(self, *, url: str, api_key: str, collection: str, data_dir: Path) -> None:
        self._url, self._api_key, self._collection = url, api_key, collection
        self._folder = data_dir / "qdrant"

    def named(self, name: str, dimensions: int | None) -> VectorIndex:
        """Give an index, not open yet."""
        if self._url:
            return ServerIndex(self._url, self._api_key, f"{self._collection}-{name}", dimensions)
        return EdgeIndex(self._folder / name, dimensions)

    async def put_in_place(self, index: VectorIndex) -> None:
        """Let the server give this one of its collections to those who ask for the settings' name."""
        if isinstance(index, ServerIndex):
            await index.answer_to(self._collection)

    async def remove(self, name: str) -> None:
        """Remove an index that nobody here has open, damaged though it be. Raises IndexUnavailable."""
        index = self.named(name, None)
        try:
            await index.remove()
        finally:
            await index.close()
