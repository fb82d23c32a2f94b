"""Makes the static table: each token passed alone through MiniLM, half whitened, weighted by how rare it is.

`python tests/storage/embedding/distillation.py` writes it, in half a minute of one core, and says its checksum.

The method was chosen by searching for the text that belongs to a heading, to a docstring's first line or to a manual
page's title: 400 queries in 800 sections of a library's manual, 400 in 1,000 docstrings, 300 in 564 manual pages.
nDCG@10:

    MiniLM itself                                                          0.460  0.753  0.779
    mean of [CLS], token and [SEP]; rank in the vocabulary, a = 1e-4       0.377  0.567  0.641
    the token's own vector instead of the mean                             0.391  0.594  0.659
    words split at inner capitals                                          0.390  0.588  0.642
    half whitened                                                          0.405  0.590  0.654
    all three, a = 3e-5                                                    0.422  0.626  0.661
    all three, ranks that begin at the first word, a = 3e-4                0.428  0.640  0.679
    and long texts cut as `storage.embedding.static` does (in use)         0.442  0.639  0.675

Compared with the last line, 384 dimensions instead of 256 gave 0.004 more, and 128 gave 0.03 less. Leaving out the
first component instead of whitening, another weight of sub-words or digits, or tokens at unit length made no
significant difference.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it has no stubs
from numpy.typing import NDArray
from safetensors.numpy import save

from storage.embedding import minilm
from storage.embedding.static import DIMENSIONS, PACKED

_BATCH = 64  # tokens; 16 and 256 are as fast

# Smooth inverse frequency: a token with the share p of all text weighs a / (a + p). From its first word on, the
# vocabulary is sorted by frequency, so Zipf's law gives p. Before that are single characters, which mean little.
_A = 3e-4
_FIRST_WORD = "the"
_CHARACTER = 0.1


def main() -> None:
    tokenizer = json.loads(minilm.tokenizer())
    table, across = distil(minilm.weights_file(), tokenizer)
    scales = np.abs(table).max(axis=1, keepdims=True) / 127
    rows = np.round(np.divide(table, scales, out=np.zeros_like(table), where=scales > 0)).astype(np.int8)
    packed = save({"rows": rows, "scales": scales, "axes": across})
    PACKED.write_bytes(packed)
    print(f"{PACKED}: SHA-256 {hashlib.sha256(packed).hexdigest()}, to be put into storage/embedding/static.py")


def distil(teacher: Path, tokenizer: dict[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the table, tokens x `DIMENSIONS`, made from MiniLM's ONNX file and its tokenizer.json; and its axes.

    The rows of markers such as [CLS], of punctuation and of unused places in the vocabulary are zeros, so that they add
    nothing to a sum.
    """
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    tokens = used(tokenizer)
    table = np.zeros((len(vocabulary), DIMENSIONS), np.float32)
    rows = vectors(teacher, tokens, vocabulary)
    across = axes(rows)
    table[tokens] = (rows - rows.mean(axis=0)) @ across * weights(tokens, vocabulary)[:, np.newaxis]
    return table, across.astype(np.float32)


def used(tokenizer: dict[str, Any]) -> list[int]:
    """Return the tokens that have a row."""
    markers = {token["id"] for token in tokenizer["added_tokens"]}
    return sorted(
        number
        for word, number in tokenizer["model"]["vocab"].items()
        if number not in markers and not word.startswith("[unused") and any(map(str.isalnum, word))
    )


def vectors(teacher: Path, tokens: list[int], vocabulary: dict[str, int]) -> NDArray[np.float32]:
    """Return MiniLM's vector of each token alone between its two markers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # makes the sums reproducible
    session = onnxruntime.InferenceSession(teacher, options, providers=["CPUExecutionProvider"])
    rows = []
    for start in range(0, len(tokens), _BATCH):
        ids = np.array(
            [(vocabulary["[CLS]"], token, vocabulary["[SEP]"]) for token in tokens[start : start + _BATCH]], np.int64
        )
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (hidden,) = session.run(None, inputs)
        rows.append(hidden[:, 1])
    return np.concatenate(rows)


def axes(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the matrix from MiniLM's space to the table's: principal components, by the 4th root of their variance."""
    centred = rows.astype(np.float64)
    centred -= centred.mean(axis=0)
    variances, components = np.linalg.eigh(centred.T @ centred / len(centred))  # the smallest first
    variances, components = variances[: -DIMENSIONS - 1 : -1], components[:, : -DIMENSIONS - 1 : -1]
    # The sign of a component is arbitrary: its largest number is made positive.
    largest = components[np.abs(components).argmax(axis=0), np.arange(DIMENSIONS)]
    scaled: NDArray[np.float64] = components * np.sign(largest) / variances**0.25
    return scaled


def weights(tokens: list[int], vocabulary: dict[str, int]) -> NDArray[np.float64]:
    """Return the weight of each token, from its place in the vocabulary."""
    ranks = np.array(tokens) - vocabulary[_FIRST_WORD] + 1
    words = ranks > 0
    shares = 1 / ranks[words]
    weight_of = np.full(len(tokens), _CHARACTER)
    weight_of[words] = _A / (_A + shares / shares.sum())
    return weight_of


if __name__ == "__main__":
    main()
