#!/usr/bin/env bash
# Qdrant Edge: of a Japanese word without kana that stands alone, as in a search, BM25's multilingual tokenizer makes
# other terms than of the same word in a Japanese sentence: the search finds nothing.
# Guess: a word has the same terms in a search as in a text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check qdrant-edge-py==0.9.0
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import qdrant_edge as edge

print("qdrant-edge-py", version("qdrant-edge-py"))
model = edge.Bm25(edge.Bm25Config(tokenizer=edge.TokenizerType.Multilingual))


def shared(query, text):
    """Return how many terms the query has, and how many of them the text has."""
    asked, said = set(model.embed_query(query).indices), set(model.embed_document(text).indices)
    return len(asked), len(asked & said)


# Tokyo, weather, refund, certification, connection, search; then order, Osaka, error.
kanji, others = ["東京", "天気", "返金", "認証", "接続", "検索"], ["注文", "大阪", "エラー"]
seen = {}
for word in kanji + others:
    text = f"昨日の{word}はどうなりましたか"  # What became of yesterday's ...?
    seen[word] = shared(word, text), shared(f"{word}の", text), shared(word, word)
    alone, with_kana, in_itself = seen[word]
    print(f"{word!r} in {text!r}: terms, found: {alone}; {word}の: {with_kana}; in a text of that word: {in_itself}")

missed = all(seen[word] == ((2, 0), (2, 2), (2, 2)) for word in kanji)
found = all(seen[word][0] == (1, 1) for word in others)
if not (missed and found):
    raise SystemExit("CHANGED: a Japanese word alone has the terms that it has in a sentence, or others have not")
print("SEEN: six of nine words are two terms alone and another in a sentence; with a kana after them they are found")
PYTHON
