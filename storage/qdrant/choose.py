"""Embedded index or server: the choice follows from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from storage.qdrant.base import VectorIndex
from storage.qdrant.edge import EdgeIndex

if TYPE_CHECKING:
    from storage.qdrant.server import ServerIndex


class Indexes:
    """Search indexes by name: collections of the server at `url` if there is one, else folders in `data_dir`."""

    def __init__(self, *, url: str, api_key: str, collection: str, data_dir: Path, shards: int = 1) -> None:
        self._url, self._api_key, self._collection, self._shards = url, api_key, collection, shards
        self._server_index = _server_index() if url else None
        self._folder = data_dir / "qdrant"

    def named(self, name: str, dimensions: int | None) -> VectorIndex:
        """Return the index with this name, not opened."""
        if self._server_index is not None:
            return self._server_index(self._url, self._api_key, f"{self._collection}-{name}", dimensions, self._shards)
        return EdgeIndex(self._folder / name, dimensions)

    async def put_in_place(self, index: VectorIndex) -> None:
        """Let the server's alias, which is the collection's name in the settings, point to this index."""
        if self._server_index is not None and isinstance(index, self._server_index):
            await index.answer_to(self._collection)

    async def remove(self, name: str) -> None:
        """Remove an index that is not open here, even if it is damaged. Raises IndexUnavailable."""
        index = self.named(name, None)
        try:
            await index.remove()
        finally:
            await index.close()


def _server_index() -> type[ServerIndex]:
    """Import the client of a server, which costs every other receiver more than all else that it starts with."""
    from storage.qdrant.server import ServerIndex  # noqa: PLC0415 - see above

    return ServerIndex
