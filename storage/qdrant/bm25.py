"""BM25 vectors of texts and queries, computed in process for both indexes; the engine adds IDF when it searches.

Words are stemmed (`refunded` finds `refunds`), and identifiers are split into their parts (`get_user` and `getUser`
into get, user). Exact things are also tokens as a whole, unstemmed: an identifier, path, address, version or number
with inner punctuation, or a word of letters and digits. There are no stop words, because English ones are in
`E_NOT_FOUND` and `A-1029`, and IDF gives them little weight anyway. Scripts without spaces between words are split into
grams (`unspaced.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import qdrant_edge as edge

from storage.qdrant.unspaced import apart, grams_in, has_unspaced

# Of the tokenizers, `word` does not split camelCase, `multilingual` drops numbers (`503`, `10.0.0.1`), and `whitespace`
# keeps the comma after a word. `code` splits like `word`, and camelCase too; it returns snake_case and camelCase words
# whole as well as their parts. An event's text has about 64 tokens.
_PARTS = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Code,
        stemmer=edge.SnowballParams(edge.SnowballLanguage.English),
        stopwords=edge.StopwordsSet(),
        ascii_folding=True,
        avg_len=64.0,
    )
)
# The same without English stop words, for highlights.
_TELLING = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Code,
        stemmer=edge.SnowballParams(edge.SnowballLanguage.English),
        stopwords=edge.StopwordsSet(languages={edge.Language.English}),
        ascii_folding=True,
    )
)
# An order number means as much in a long text as in a short one: no length normalisation (b=0).
_WHOLES = edge.Bm25(
    edge.Bm25Config(
        tokenizer=edge.TokenizerType.Whitespace,
        stemmer=edge.DisabledStemmer(),
        stopwords=edge.StopwordsSet(),
        ascii_folding=True,
        b=0.0,
    )
)

_WORD = re.compile(r"\w+")
_RUN = re.compile(r"[\w./\\:@#+~%-]+")
INNER = "_./\\:@#+~%-"
# What joins the parts of an identifier, where a hyphen joins words as well.
_TELLING_MARKS = frozenset(INNER) - {"-"}
# The length of the shortest identifier, so that `e.g` and `3d` are none; and of the shortest number that is an exact
# thing, so that years, times and prices are none.
_SHORTEST, _LONG_NUMBER = 4, 5
# Names have one, too (PayPal); a word with two of them is an identifier (VcpuLimitExceeded).
_INNER_CAPITAL = re.compile(r"[a-z][A-Z]")
_BETWEEN_NAMES = re.compile(r"[/\\:@#+~%]+")


def clean(text: str) -> str:
    """Return a text with lone surrogates, which no engine accepts, replaced by question marks."""
    return text.encode("utf-8", "replace").decode()


# What the tokens of system prompts have for indices: those of other texts, with this bit the other way.
_PROMPT = 1 << 31


def document_vector(text: str, identifiers: Iterable[str] = (), prompt: str = "") -> edge.SparseVector:
    """Return the vector of a text and its identifiers, which match only as a whole: a UUID's parts would be noise.

    The words of `prompt`, an event's system prompt, have indices of their own.
    """
    weights = _weights(text, identifiers)
    if prompt:
        # A token of the one may have the index of a token of the other, once in a million texts: the text's stays.
        weights = {index ^ _PROMPT: weight for index, weight in _weights(prompt, ()).items()} | weights
    return _vector(weights)


def _weights(text: str, identifiers: Iterable[str]) -> dict[int, float]:
    grams = [gram.text for gram in grams_in(text)] if has_unspaced(text) else []
    words = apart(text) if grams else text
    exact = (*_wholes(words), *grams, *(identifier.strip(INNER) for identifier in identifiers))
    parts, wholes = _PARTS.embed_document(words), _WHOLES.embed_document(" ".join(exact))
    weights = dict(zip(parts.indices, parts.values, strict=True))
    weights.update(zip(wholes.indices, wholes.values, strict=True))  # `get_user` is both
    return weights


def query_vector(text: str, *, prompts: bool = False) -> edge.SparseVector:
    """Return the vector of a query, of texts or of system prompts; it has no indices if the text has no words.

    An exact thing weighs twice as much as its parts together, so a short text that only repeats the parts does not win.
    """
    weights = {}
    for whole in _wholes(apart(text)):
        weight = 2.0 * len(_PARTS.embed_query(whole).indices)
        weights.update(dict.fromkeys(_WHOLES.embed_query(whole).indices, weight))
    for index in tokens(text):
        weights.setdefault(index, 1.0)
    return _vector({index ^ _PROMPT: weight for index, weight in weights.items()} if prompts else weights)


def exact_things(query: str) -> list[str]:
    """Return the exact things in a query in lower case, as results are compared with them."""
    return [word.lower() for word in exact_words(query)]


def exact_words(query: str) -> list[str]:
    """Return the exact things in a query as written: words with digits and letters, with `/`, `_` and the like.

    Short numbers, times, and names such as `PayPal` count only if they are at least half of the words: in "not a 404"
    or "within 3 days" they identify nothing. Only the first 1,000 characters of a query are searched for them.
    """
    words = [
        word for run in _RUN.findall(apart(clean(query[:1_000]))) if (word := run.strip(INNER)) and telling_tokens(word)
    ]
    exact = [word for word in words if _is_identifier(word)]
    alone = [word for word in words if _is_identifier(word) or _is_mixed(word) or any(map(str.isdecimal, word))]
    if 2 * len(alone) >= len(words):
        exact = alone
    return list({word.lower(): word for word in exact}.values())


def things(text: str) -> frozenset[str]:
    """Return the exact things in a text, the names inside them, and the words, all in lower case."""
    words = apart(text)
    return frozenset(word.lower() for word in (*_wholes(words), *_WORD.findall(words)))


def tokens(text: str) -> frozenset[int]:
    """Return the indices of a text's tokens in its vector: its words and the parts of its identifiers, stemmed."""
    return _numbers(_PARTS, clean(text))


def telling_tokens(text: str) -> frozenset[int]:
    """Return `tokens` without English stop words."""
    return _numbers(_TELLING, clean(text))


def _numbers(words: edge.Bm25, text: str) -> frozenset[int]:
    if not has_unspaced(text):
        return frozenset(words.embed_query(text).indices)
    indices = frozenset(words.embed_query(apart(text)).indices)
    grams = " ".join(gram.text for gram in grams_in(text, singles=False))
    return indices.union(_WHOLES.embed_query(grams).indices)


def _wholes(text: str) -> Iterator[str]:
    """Yield the exact things of a text: `/srv/app/x.py` and its `x.py`, `10.0.0.1:8080` and its `10.0.0.1`, `getUsers`.

    camelCase words are included, because stemming would make `getUsers` the same as `getUser`.
    """
    for run in _RUN.findall(text):
        whole = run.strip(INNER)
        if whole.islower() and whole.isalpha():
            continue  # an ordinary word, as most are
        if whole and not whole.isalnum():
            yield whole
            names = [name.strip(INNER) for name in _BETWEEN_NAMES.split(whole)]
            yield from (name for name in names if name and name != whole and not name.isalnum())
        elif _is_mixed(whole) or not (whole.isalpha() or whole.isdecimal()):
            yield whole


def _is_mixed(word: str) -> bool:
    return word.isalpha() and word not in {word.lower(), word.upper(), word.title()}


def _is_identifier(word: str) -> bool:
    """Return whether a word identifies something, whatever the words around it are."""
    digits = sum(map(str.isdecimal, word))
    if digits and any(map(str.isalpha, word)):
        return len(word) >= _SHORTEST
    if digits:
        return digits >= _LONG_NUMBER
    if word.isalpha():
        return len(_INNER_CAPITAL.findall(word)) > 1
    return len(word) >= _SHORTEST and not _TELLING_MARKS.isdisjoint(word)


def _vector(weights: dict[int, float]) -> edge.SparseVector:
    return edge.SparseVector(list(weights), list(weights.values()))
