#!/usr/bin/env bash
# Qdrant Edge: BM25's default tokenizer makes one term of a Chinese clause; the multilingual one finds words in it, and
# throws away every word of digits alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check qdrant-edge-py==0.9.0
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import qdrant_edge as edge

print("qdrant-edge-py", version("qdrant-edge-py"))
default = edge.Bm25(edge.Bm25Config())
multilingual = edge.Bm25(edge.Bm25Config(tokenizer=edge.TokenizerType.Multilingual))


def found(model, query, text):
    """Return how many terms the query and the text have, and how many of them they share."""
    asked, said = set(model.embed_query(query).indices), set(model.embed_document(text).indices)
    return len(asked), len(said), len(asked & said)


pairs = [("订单", "我的订单已经被拒绝了"), ("注文", "注文が拒否されました"), ("503", "upstream answered 503")]
seen = []
for query, text in pairs:
    row = found(default, query, text), found(multilingual, query, text)
    seen.append(row)
    print(f"{query!r} in {text!r}: terms of query, of text, shared: default {row[0]}, multilingual {row[1]}")

cjk_default = all(row[0] == (1, 1, 0) for row in seen[:2])
cjk_multilingual = all(row[1][2] == 1 for row in seen[:2])
digits = seen[2][0][2] == 1 and seen[2][1] == (0, 2, 0)
if not (cjk_default and cjk_multilingual and digits):
    raise SystemExit("CHANGED: a tokenizer takes Chinese or digits apart in another way")
print("SEEN: neither tokenizer finds both a Chinese word within its clause and the number 503")
PYTHON
