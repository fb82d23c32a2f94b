"""The receiver's side of the process of the models (`worker.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from storage.embedding.messages import Begin, Embed, Embedded, Step
from storage.embedding.model_folders import Progress
from storage.errors import IndexUnusable
from storage.workers.process import RestartingProcess

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelProcess:
    """Models in a child process, which is started by the first request, and again after a failure.

    Texts are embedded in the order in which they are asked for, by whichever model.
    """

    def __init__(self, data_dir: Path, threads: int) -> None:
        self._service = RestartingProcess("storage.embedding.worker", Begin(str(data_dir), threads))

    def prepare(self, model: str, progress: Progress) -> RemoteEmbedder:
        """Load a model in the process, and return it. Blocks, and raises, as `storage.embedding.model.prepare` does.

        Raises IndexUnavailable, too, if the process ends.
        """

        def told(step: object) -> None:
            progress(*msgspec.structs.astuple(msgspec.convert(step, Step)))

        try:
            answer = self._service.ask_blocking(Embed(model, []), told)
        except IndexUnusable as error:
            raise OSError(str(error)) from error
        return RemoteEmbedder(self._service, model, msgspec.convert(answer, Embedded))

    async def close(self) -> None:
        await self._service.close()


class RemoteEmbedder:
    """An `Embedder` whose model is in the process. `embed` raises IndexUnavailable, if the process fails."""

    def __init__(self, service: RestartingProcess, model: str, loaded: Embedded) -> None:
        self.name, self.dimensions = loaded.name, loaded.dimensions
        self._service, self._model = service, model

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np  # noqa: PLC0415 - 0.1 s, for which the start of a receiver need not wait

        answer = msgspec.convert(self._service.ask_blocking(Embed(self._model, texts)), Embedded)
        return np.frombuffer(answer.vectors, np.float32).reshape(len(texts), self.dimensions)
