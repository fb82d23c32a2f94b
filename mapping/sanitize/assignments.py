"""Keys and what is assigned to them in text that is no JSON: `TOKEN=...`, `"api_key": "...`, `Cookie: ...`."""

from __future__ import annotations

import re

from mapping.sanitize.secret_patterns import letters

_WORD_AT_END = re.compile(r"[\w.-]*\Z")

# A key and its sign in text: `password":`, `TOKEN =`, `\"api_key\": `. The look back and the bounds keep it linear.
ASSIGNS = re.compile(r"[\w-]{0,12}\\{0,8}[\"']?\s{0,4}(?:=(?!=)|:(?!:))")
KEY = re.compile(r"(?<![\w.-])([\w.-]{1,200}+)\\{0,8}[\"']?\s{0,4}(=(?!=)|:(?!:))\s{0,4}")
_VALUE = re.compile(
    r"\"((?:[^\"\\]|\\.)*)|'((?:[^'\\]|\\.)*)|(?P<quote>\\{1,8}[\"'])(.*?)(?=(?P=quote)|\Z)|"
    r"(?P<bare>[^\s\"'&,;<>(){}\[\]\\]+)",
    re.DOTALL,
)
# The value of a header goes to the end of its line, or of the quotes around it.
_HEADER_VALUE = re.compile(r"[^\r\n\"'\\]+")
_HEADERS = ("authorization", "cookie")
# An unquoted word after a colon may also be prose ("wrong password: try again") or code ("token: str").
_NO_WORD = re.compile(r"[\d_+/=$!#%^*@]")
_TYPES = frozenset("str string int bool boolean bytes none null nil true false any optional undefined".split())


def key_before(text: str) -> str:
    """Return the key at the end of a text, before its `=` or `:`, with or without quotes."""
    text = text.rstrip(" \t\r\n=:")
    quote = text[-1:]
    if quote in {'"', "'"}:
        text = text[:-1].rstrip("\\")
        return text[text.rfind(quote) + 1 :]
    match = _WORD_AT_END.search(text)
    return match[0] if match else ""


def value_at(text: str, key: re.Match[str]) -> tuple[int, int, bool]:
    """Return the start and end of a key's value in a text, and whether it is a value rather than a word of prose."""
    start = key.end()
    match = _VALUE.match(text, start)
    if match is None:
        return start, start, False
    bare = match["bare"]
    if bare is None:
        return *match.span(match.lastindex or 0), True
    if letters(key[1]).endswith(_HEADERS) and (header := _HEADER_VALUE.match(text, start)):
        return *header.span(), True
    called = text[match.end() : match.end() + 1] in {"(", "["}
    named = key[2] == "=" or not key[1].isalpha() or _NO_WORD.search(bare) is not None
    return *match.span(), named and not called and bare.lower() not in _TYPES
