"""The process that makes points: `python -m storage.indexing.points.worker`, started by `PreparerProcess`.

Making points is most of the cost of indexing, and holds Python's global lock for much of the time: in the receiver's
process it would delay acknowledgements. A process of its own runs at a low priority, in the time that ingest leaves.
"""

from __future__ import annotations

import os
from pathlib import Path

from storage.embedding.model import prepare
from storage.errors import IndexUnavailable
from storage.indexing.points.maker import PointMaker
from storage.indexing.points.messages import ForgetTold, LoadModel, MakePoints, PackedPoints
from storage.workers.memory import give_back
from storage.workers.request_loop import serve

_NICE = 10


class PointWorker:
    def __init__(self) -> None:
        self._maker: PointMaker | None = None

    def load(self, request: LoadModel) -> None:
        embedder = None
        if request.model is not None:
            embedder = prepare(request.model, Path(request.data_dir), request.threads, lambda _share, _doing: None)
            give_back()
        self._maker = PointMaker(embedder)

    def make(self, request: MakePoints) -> PackedPoints:
        if self._maker is None:
            raise IndexUnavailable("the embedding model is not loaded")
        return self._maker.make(request.answer, plain=request.plain, told=request.told)

    def forget(self, _: ForgetTold) -> None:
        if self._maker is not None:
            self._maker.forget_told()


def main() -> None:
    os.nice(_NICE)
    worker = PointWorker()
    serve({LoadModel: worker.load, MakePoints: worker.make, ForgetTold: worker.forget})


if __name__ == "__main__":
    main()
