"""The indexer's side of the process that makes points: it starts it with a model and sends it the store's answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from storage.indexing.points.messages import ForgetTold, LoadModel, MakePoints, PackedPoints
from storage.workers.process import RestartingProcess


class Preparer(Protocol):
    """Makes points."""

    async def make(self, answer: bytes, *, plain: bool, told: Mapping[int, str | None] | None = None) -> PackedPoints:
        """Return points of the events in the store's answer to `storage.indexing.points.maker.EVENTS`.

        With `plain`, they are also made without vectors. `told` are the keys of lines that other events tell,
        with the event that repeats one, None where it is new. Raises IndexUnavailable.
        """

    async def forget_told(self) -> None:
        """Forget which event tells what, because events were deleted."""

    async def close(self) -> None: ...


class PreparerProcess:
    """Makes points in a child process, which is started by the first request, and again after a failure."""

    def __init__(self, model: str | None, data_dir: Path, threads: int) -> None:
        self._service = RestartingProcess("storage.indexing.points.worker", LoadModel(model, str(data_dir), threads))

    async def make(self, answer: bytes, *, plain: bool, told: Mapping[int, str | None] | None = None) -> PackedPoints:
        return msgspec.convert(await self._service.ask(MakePoints(answer, plain, dict(told or {}))), PackedPoints)

    async def forget_told(self) -> None:
        await self._service.ask(ForgetTold())

    async def close(self) -> None:
        await self._service.close()
