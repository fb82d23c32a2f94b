"""Text to vectors, through fastembed: a packaged model, one that fastembed knows by name, or a folder of the user."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from storage.embedding import minilm, static
from storage.embedding.model_folders import Progress, part_of

if TYPE_CHECKING:  # fastembed takes 0.4 s to import, which the start of a receiver, or a command, need not wait for
    import numpy as np
    from fastembed import TextEmbedding
    from numpy.typing import NDArray

STATIC, MINILM = "static", "minilm"
_PACKAGED = {STATIC: (static.FOLDER, static.DIMENSIONS), MINILM: (minilm.FOLDER, minilm.DIMENSIONS)}

# Texts in a batch, which are sorted by length. MiniLM's texts/s at 45 tokens with 1 and 2 threads: 79 and 133 in
# batches of 1, 75 and 135 of 4, 55 and 109 of 32; of 256, unsorted, 30 and 56, with a gigabyte of memory. At 256 tokens
# all of these are within a tenth.
_BATCH = 4
# A static model only looks its tokens up. Texts/s at 23 tokens in batches of 16, 64 and 256: 22,000, 22,500, 17,000.
# The runtime keeps what the largest batch took: 64 texts of 1,600 tokens, as there may be in Chinese, 110 MB.
_STATIC_BATCH = 16
# Two threads are 1.7 times as fast as one. More gain less with four short texts, and ingest needs cores, too.
_MOST_THREADS = 4

_MODEL_FILES = ("model.onnx", "onnx/model.onnx")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
# How tokens become one vector: the key in a sentence-transformers folder's 1_Pooling/config.json, fastembed's name.
_POOLING = {"pooling_mode_cls_token": "CLS", "pooling_mode_lasttoken": "LAST_TOKEN"}
_LOCAL = "local:"


class Embedder(Protocol):
    """A loaded model. `name` identifies its vectors: another model, or changed files, has another name."""

    name: str
    dimensions: int

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Return one vector of unit length for each text, texts x dimensions. Blocks; threads may call it concurrently.

        An empty text has a vector too; a static model's is all zeros.
        """


def dimensions_of(model: str) -> int | None:
    """Return the length of a model's vectors, or None if the model must be loaded to know it.

    Raises ValueError for a model that `prepare` would not know, so that a wrong setting is reported at once.
    """
    if model in _PACKAGED:
        return _PACKAGED[model][1]
    if known := _known(model):
        return int(known["dim"])
    return _output(_model_file(_folder(model))).dimensions


def vectors_of(model: str) -> tuple[str, int] | None:
    """Return the `name` and `dimensions` that a model will have, or None if it must be loaded to know them."""
    return _PACKAGED.get(model)


def prepare(model: str, data_dir: Path, threads: int, progress: Progress) -> Embedder:
    """Load a model: `static`, `minilm`, a name that fastembed knows (and may download), or the path of a model folder.

    Blocks, for seconds or for a download. Built and downloaded models stay in `data_dir`/models. `threads` 0 means as
    many as are useful. `progress` is called in this thread with the share that is done, from 0 to 1, and the present
    step; an exception of it ends the work.

    Raises ValueError for an unknown model, OSError for one that cannot be loaded.
    """
    models = data_dir / "models"
    threads = threads or min(_cores(), _MOST_THREADS)
    if model in _PACKAGED:
        embedder = _packaged(model, models, threads, progress)
    elif known := _known(model):
        progress(0.0, f"loading {known['model']}, which is downloaded unless it is in {models}")
        static = known["model_file"].endswith(".safetensors")
        arguments = {"model_name": known["model"]} | ({} if static else {"threads": threads})
        advice = f"it needs the network the first time; {STATIC} and {MINILM} never do"
        embedder = _load(known["model"], arguments, models, _STATIC_BATCH if static else _BATCH, advice)
    else:
        folder = _folder(model)
        progress(0.0, f"loading {folder}")
        file = _model_file(folder)
        name = f"{folder.name}-{minilm.sha256(file)[:12]}"
        pooling = _pooling(folder) if _output(file).per_token else "DISABLED"
        advice = f"expected in {folder} a text embedding model that fastembed can run"
        embedder = _load(name, _local(file, folder, pooling, threads), models, _BATCH, advice)
    progress(1.0, "ready")
    return embedder


class _Embedder:
    """`read` returns the part of a text that the model reads."""

    def __init__(self, name: str, model: TextEmbedding, batch: int, read: Callable[[str], str]) -> None:
        self.name = name
        self._model = model
        self._batch = batch
        self._read = read
        # Embedding a first text shows the dimensions, and makes the runtime reserve its memory.
        self.dimensions = len(next(iter(model.embed([""]))))

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np  # noqa: PLC0415 - loaded with fastembed, see above

        texts = [self._read(text) for text in texts]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        ordered = (texts[place] for place in order)
        for place, vector in zip(order, self._model.embed(ordered, batch_size=self._batch), strict=True):
            vectors[place] = vector
        # Not all models of fastembed return vectors of unit length.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def read_all_tokens(self) -> None:
        """Read a table's texts to their ends, which `static.cut` has bounded; fastembed stops at 512 tokens."""
        table: Any = self._model.model
        table.tokenizer.no_truncation()


def _packaged(model: str, models: Path, threads: int, progress: Progress) -> Embedder:
    making = part_of(progress, 0.0, 0.9)
    folder = static.folder(models, making) if model == STATIC else minilm.folder(models, making)
    progress(0.9, "loading the model")
    advice = f"delete {folder} and start again to rebuild it"
    if model == STATIC:
        embedder = _load(folder.name, _table(folder), models, _STATIC_BATCH, advice, static.cut)
        embedder.read_all_tokens()
        return embedder
    return _load(folder.name, _local(folder / "model.onnx", folder, "MEAN", threads), models, _BATCH, advice)


def _load(
    name: str, arguments: dict[str, Any], models: Path, batch: int, advice: str, read: Callable[[str], str] = str
) -> _Embedder:
    from fastembed import TextEmbedding  # noqa: PLC0415 - see above

    try:
        return _Embedder(name, TextEmbedding(cache_dir=str(models), **arguments), batch, read)
    # onnxruntime, tokenizers and the model hub raise types of their own, and plain Exception.
    except Exception as error:
        raise OSError(f"{name} cannot be loaded: {error}; {advice}") from error


def _table(folder: Path) -> dict[str, Any]:
    """Return the arguments with which fastembed loads a table: from any folder, under one of its own names.

    The table's file is mapped, so that the processes that use it have it in memory once, 30 MB.
    """
    name = "minishlab/potion-base-8M"
    return {"model_name": name, "specific_model_path": str(folder), "local_files_only": True, "mmap": True}


def _local(file: Path, folder: Path, pooling: str, threads: int) -> dict[str, Any]:
    """Register a kind of model folder with fastembed; return a function that loads this one without network access."""
    from fastembed import TextEmbedding  # noqa: PLC0415 - see above
    from fastembed.common.model_description import ModelSource, PoolingType  # noqa: PLC0415 - see above

    within = file.relative_to(folder).as_posix()
    name = f"{_LOCAL}{within}:{pooling}"
    # fastembed asks for a place to download from and for the vectors' length, and uses neither for a folder.
    nowhere, unused = ModelSource(hf=name), 0
    with contextlib.suppress(ValueError):  # registered by an earlier call, and the name says all there is to it
        TextEmbedding.add_custom_model(name, PoolingType(pooling), True, nowhere, unused, within)  # noqa: FBT003 - normalise
    return {"model_name": name, "specific_model_path": str(folder), "local_files_only": True, "threads": threads}


class _Output(NamedTuple):
    """The output of a model: a vector per token, to be pooled, or per text. `dimensions` is None if unknown."""

    per_token: bool
    dimensions: int | None


def _output(model_file: Path) -> _Output:
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - see above; it has no stubs

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it is only looked at
    try:
        session = onnxruntime.InferenceSession(model_file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # a dozen types of the runtime's own
        raise OSError(f"{model_file} is not an ONNX model: {error}") from error
    shape = session.get_outputs()[0].shape  # fastembed takes the first output
    length = shape[-1] if shape else None
    return _Output(len(shape) != 2, length if isinstance(length, int) else None)


def _pooling(folder: Path) -> str:
    try:
        config = json.loads((folder / "1_Pooling" / "config.json").read_bytes())
    except FileNotFoundError:
        return "MEAN"
    return next((name for key, name in _POOLING.items() if config.get(key)), "MEAN")


def _model_file(folder: Path) -> Path:
    return next(folder / name for name in _MODEL_FILES if (folder / name).is_file())


def _folder(model: str) -> Path:
    """Return the model folder at a path. Raises ValueError that names what is missing, or similar model names."""
    folder = Path(model).expanduser()
    is_path = any(separator in model for separator in ("/", os.sep))
    if folder.is_absolute() and not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    if not (is_path and folder.is_dir()):
        raise ValueError(_unknown(model))
    missing = [name for name in _TOKENIZER_FILES if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _MODEL_FILES):
        missing.insert(0, " or ".join(_MODEL_FILES))
    if missing:
        raise ValueError(f"the folder {folder} is not a model: it has no {', no '.join(missing)}")
    return folder.resolve()


def _known(model: str) -> dict[str, Any] | None:
    """Return fastembed's description of a model that it knows by name."""
    return next((known for known in _all_known() if known["model"].lower() == model.lower()), None)


def _all_known() -> list[dict[str, Any]]:
    from fastembed import TextEmbedding  # noqa: PLC0415 - see above

    return [known for known in TextEmbedding.list_supported_models() if not known["model"].startswith(_LOCAL)]


def _unknown(model: str) -> str:
    names = [known["model"] for known in _all_known()]
    by_last = {name.rpartition("/")[2].lower(): name for name in names} | {name: name for name in _PACKAGED}
    wanted = model.rpartition("/")[2].lower()
    near = [by_last[name] for name in difflib.get_close_matches(wanted, by_last, n=3)]
    allowed = f"did you mean {' or '.join(near)}?" if near else f"fastembed's names: {', '.join(names)}"
    return (
        f"{model!r} is neither a model nor a model folder; expected {STATIC}, {MINILM}, off, the path "
        f"of a folder that holds model.onnx and tokenizer.json, or a name that fastembed knows; {allowed}"
    )


def _cores() -> int:
    """Return the number of cores that this process may use; in a container they may be fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
