"""The process of the models that searches use: `python -m storage.embedding.worker`, started by `ModelProcess`.

The table, MiniLM, and the libraries that run them take 200 MB, and more while they are loaded, which the receiver's
process would keep.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from storage.embedding.messages import Begin, Embed, Embedded, Step
from storage.embedding.model import Embedder, prepare
from storage.errors import IndexUnusable
from storage.workers import messages, request_loop
from storage.workers.memory import give_back
from storage.workers.messages import Reply


class ModelWorker:
    """Loads a model when it is asked for it first; writes to `stream` how far that is."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._begun = Begin("", 0)
        self._loaded: dict[str, Embedder] = {}

    def begin(self, request: Begin) -> None:
        self._begun = request

    def embed(self, request: Embed) -> Embedded:
        embedder = self._loaded.get(request.model) or self._load(request.model)
        vectors = embedder.embed(request.texts).tobytes() if request.texts else b""
        return Embedded(embedder.name, embedder.dimensions, vectors)

    def _load(self, model: str) -> Embedder:
        try:
            embedder = prepare(model, Path(self._begun.data_dir), self._begun.threads, self._progressed)
        except OSError as error:
            raise IndexUnusable(str(error)) from error
        give_back()
        self._loaded[model] = embedder
        return embedder

    def _progressed(self, share: float, doing: str) -> None:
        messages.write(self._stream, Reply("working", Step(share, doing)))


def main() -> None:
    with request_loop.answers() as stream:
        worker = ModelWorker(stream)
        request_loop.answer_all(stream, {Begin: worker.begin, Embed: worker.embed})


if __name__ == "__main__":
    main()
