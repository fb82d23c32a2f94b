"""The default model: a table with one vector per token, distilled from MiniLM; a text's vector is their sum.

Embedding a text only looks its tokens up, which is a hundred times as fast as MiniLM. Words that are near in MiniLM's
space are near in the table; the order of words is lost. The table comes with the program, a byte a number
(`tests/storage/embedding/distillation.py` makes it); its folder has it as fastembed reads it, four bytes a number.
"""

from __future__ import annotations

import json
from pathlib import Path

from storage.embedding import minilm, model_folders
from storage.embedding.model_folders import Progress

DIMENSIONS = 256

# The table as it comes: safetensors. `rows` int8, tokens x `DIMENSIONS`; `scales` float32, tokens x 1, by which these
# are multiplied; `axes` as below.
PACKED = Path(__file__).with_name("static_table.safetensors")
CHECKSUM = "a48b26361ba7c2699a1aa407d3a63b8f65e099c243b17f4ef780d04f64ccf6b3"
# The folder's name: its source and format. Increase the last number when the folder's content changes otherwise.
FOLDER = f"static-{CHECKSUM[:12]}-1"
# The table, in the form that fastembed takes tables in: one tensor `embeddings`, tokens x `DIMENSIONS`.
TABLE = "model.safetensors"
# Float32, MiniLM's dimensions x `DIMENSIONS`: maps MiniLM's vector of a query into the space of the table.
AXES = "axes.float32"

# Of a long text only the beginning, which says what it is about, and the end, where an error usually is, are read: the
# sum of many tokens is near to nothing. nDCG@10 for texts of 5,700 characters of which 500 (Python's docstrings) answer
# a query, if these are at the beginning, in the middle, at the end: 0.04, 0.06, 0.05 reading all; 0.14, 0.01, 0.00
# reading the first 2,000 characters; 0.21, 0.01, 0.13 reading beginning and end. For sections of a manual of 1,100
# characters each, the three ways gave 0.420, 0.423, 0.431.
HEAD, TAIL = 1000, 600

# ConnectionError is two words. The tokenizer lower-cases a text before it looks for words.
_CAMEL_CASE = {"type": "Replace", "pattern": {"Regex": "(?<=[a-z0-9])(?=[A-Z])"}, "content": " "}


def folder(models: Path, progress: Progress) -> Path:
    """Return the folder under `models` with the table and its tokenizer, written now if it does not exist.

    Raises OSError as `minilm.folder` does.
    """
    return model_folders.folder(models, FOLDER, lambda target: _build(target, progress))


def packed() -> bytes:
    """Return the content of `PACKED`. Raises OSError if it is not the expected one."""
    content = PACKED.read_bytes()
    minilm.check(PACKED, content, CHECKSUM)
    return content


def cut(text: str) -> str:
    """Return the part of a text that is read."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def _build(target: Path, progress: Progress) -> None:
    # The first start only needs it.
    from safetensors.numpy import load, save  # noqa: PLC0415

    progress(0.0, "checking the static table")
    table = load(packed())
    progress(0.5, "writing the static table")
    model_folders.write(target / AXES, table["axes"].tobytes())
    model_folders.write(target / TABLE, save({"embeddings": table["rows"] * table["scales"]}))
    model_folders.write(target / "tokenizer.json", json.dumps(_tokenizer(json.loads(minilm.tokenizer()))).encode())


def _tokenizer(tokenizer: dict[str, object]) -> dict[str, object]:
    """Return MiniLM's tokenizer, changed to split words at an inner capital, too, and to add no markers to a text."""
    normalizer = {"type": "Sequence", "normalizers": [_CAMEL_CASE, tokenizer["normalizer"]]}
    return tokenizer | {"normalizer": normalizer, "post_processor": None, "truncation": None, "padding": None}
