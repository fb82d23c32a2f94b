"""The requests of the receiver to the process of the models (`worker.py`), and their answers."""

from __future__ import annotations

import msgspec


class Begin(msgspec.Struct, tag=True):
    """The first request: where models are kept, and how many threads they may use, 0 for as many as are useful."""

    data_dir: str
    threads: int


class Embed(msgspec.Struct, tag=True):
    """Load `model`, unless it is loaded, and embed `texts` with it. While it is loaded, there are replies of `Step`."""

    model: str
    texts: list[str]


class Step(msgspec.Struct):
    """How far loading a model is: the share that is done, from 0 to 1, and the present step."""

    share: float
    doing: str


class Embedded(msgspec.Struct):
    """The model's name, the length of its vectors, and float32 numbers, texts x `dimensions`."""

    name: str
    dimensions: int
    vectors: bytes
