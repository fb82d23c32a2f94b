"""BM25 vectors of texts and queries, computed in process for both indexes; the engine adds IDF when it searches.

Words are found in another form (`refunded`, `refunds`), parts of identifiers by themselves (`get_user`, `getUser`:
get, user), and exact things as they are: an identifier, path, address, version or number with inner punctuation is a
token of its own beside its parts, unstemmed. Nothing is a stop word: English ones are in `E_NOT_FOUND` and `A-1029`,
and IDF makes little of them anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import qdrant_edge as edge

# `word` keeps camelCase whole, `multilingual` drops what is digits alone (`503`, `10.0.0.1`), `whitespace` keeps the
# comma after a word. `code` splits like `word`, and camelCase too; of snake_case and camelCase it keeps the whole
# beside the parts. 64 tokens is about what an event's text has.
_PARTS = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Code,
        stemmer=edge.SnowballParams(edge.SnowballLanguage.English),
        stopwords=edge.StopwordsSet(),
        ascii_folding=True,
        avg_len=64.0,
    )
)
# The same without English words that say nothing, for what is shown rather than found.
_TELLING = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Code,
        stemmer=edge.SnowballParams(edge.SnowballLanguage.English),
        stopwords=edge.StopwordsSet(languages={edge.Language.English}),
        ascii_folding=True,
    )
)
# An order number says as much in a long text as in a short one: no length normalisation (b=0).
_WHOLES = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Whitespace,
        stemmer=edge.DisabledStemmer(),
        stopwords=edge.StopwordsSet(),
        ascii_folding=True,
        b=0.0,
    )
)

_RUN = re.compile(r"[\w./\\:@#+~%-]+")
INNER = "_./\\:@#+~%-"
_BETWEEN_NAMES = re.compile(r"[/\\:@#+~%]+")


def clean(text: str) -> str:
    """Put a question mark for half a surrogate pair, which no engine takes."""
    return text.encode("utf-8", "replace").decode()


def document_vector(text: str) -> edge.SparseVector:
    """Give the vector to index a text with."""
    parts, wholes = _PARTS.embed_document(text), _WHOLES.embed_document(" ".join(_wholes(text)))
    weights = dict(zip(parts.indices, parts.values, strict=True))
    weights.update(zip(wholes.indices, wholes.values, strict=True))  # `get_user` is both
    return _vector(weights)


def query_vector(text: str) -> edge.SparseVector:
    """Give the vector to search with; no indices where the text has no words.

    An exact thing weighs twice its parts together: a short text that has just the parts, twice, gains no more by that
    than it lacks.
    """
    weights = {}
    for whole in _wholes(text):
        weight = 2.0 * len(_PARTS.embed_query(whole).indices)
        weights.update(dict.fromkeys(_WHOLES.embed_query(whole).indices, weight))
    for index in _PARTS.embed_query(text).indices:
        weights.setdefault(index, 1.0)
    return _vector(weights)


def tokens(text: str) -> frozenset[int]:
    """Give the words of a text and the parts of its identifiers, stemmed, as the numbers that stand for them."""
    return frozenset(_PARTS.embed_query(clean(text)).indices)


def telling_tokens(text: str) -> frozenset[int]:
    """Give those of `tokens` that are no English stop words."""
    return frozenset(_TELLING.embed_query(clean(text)).indices)


def _wholes(text: str) -> Iterator[str]:
    """Walk the exact things of a text: `/srv/app/x.py` and its `x.py`, `10.0.0.1:8080` and its `10.0.0.1`, `getUsers`.

    camelCase counts, because stemming makes `getUsers` the same as `getUser`.
    """
    for run in _RUN.findall(text):
        whole = run.strip(INNER)
        if whole and not whole.isalnum():
            yield whole
            names = [name.strip(INNER) for name in _BETWEEN_NAMES.split(whole)]
            yield from (name for name in names if name and name != whole and not name.isalnum())
        elif whole not in {whole.lower(), whole.upper(), whole.title()}:
            yield whole


def _vector(weights: dict[int, float]) -> edge.SparseVector:
    return edge.SparseVector(list(weights), list(weights.values()))
