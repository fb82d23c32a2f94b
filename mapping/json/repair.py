r"""Repairs common mistakes in JSON bodies, so that they do not cost the rest of the request.

- Invalid UTF-8 becomes U+FFFD: Fluent Bit and Ruby send lines of a file as they are.
- Half a surrogate pair (`\ud83d`) becomes U+FFFD: JavaScript cuts strings inside an emoji and sends the half.
- `NaN`, `Infinity` and `-Infinity` become text: Python writes them although JSON does not allow them.
- Numbers beyond the range of a double (1e999) become text.
- Values nested deeper than `MAX_BRACKETS` are emptied, because decoders recurse and Python allows 1,000 levels. The
  mapping marks the cut.
"""

from __future__ import annotations

import math
import re

# What stands deeper is below `mapping.values.TOO_DEEP`, even in OTLP/JSON, which takes four brackets a level.
MAX_BRACKETS = 600
# Looking through as many bytes takes 0.5 s at worst (1,000,000 NaN). Larger bodies are refused where they need it.
_MAX_LOOKED_THROUGH = 2 * 1024 * 1024

# Behind an even number of backslashes: `\\ud800` is the text it looks like.
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = rb"(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
_SURROGATES = re.compile(rb"(?<!\\)(?:\\\\)*+(?:(?:" + _PAIR + rb")++" + _HALF + rb"?|" + _HALF + rb")")

_STRING = rb'"(?:[^"\\]++|\\.?)*+"?'
_ODD = rb"-?(?:NaN|Infinity|\d++(?:\.\d++)?[eE]\+?\d{3,}+|\d{309,}+(?:\.\d++)?(?:[eE]\+?\d++)?)"
_NUMBER = rb"-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?"
# All up to the next odd number, in one match: a match for each string would cost a call each.
_UP_TO_ODD = re.compile(
    rb'((?:[^"NI\d-]++|' + _STRING + rb"|(?!" + _ODD + rb")(?:" + _NUMBER + rb"|[NI-]))*+)(" + _ODD + rb")?", re.DOTALL
)
_ANY_ODD = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}|(?<!\d)\d{309}")

_REPLACED = "\ufffd".encode()

_BRACKET = re.compile(_STRING + rb"|([\[{])|[\]}]", re.DOTALL)


def repaired(body: bytes) -> tuple[bytes, int]:
    """Return a body that did not decode with its values repaired, and how often U+FFFD was put; other faults stay."""
    body, replaced = _as_text(body)
    halves = 0

    def whole(match: re.Match[bytes]) -> bytes:
        nonlocal halves
        if not match.lastindex:
            return match[0]
        halves += 1
        return match[0][:-6] + rb"\ufffd"

    body = _SURROGATES.sub(whole, body)
    if len(body) <= _MAX_LOOKED_THROUGH and _ANY_ODD.search(body):
        body = _UP_TO_ODD.sub(_quoted, body)
    return body, replaced + halves


def number_as_text(body: bytes) -> str | None:
    """Return the first number, or as much of it as is short, that `repaired` made a text of; None if there is none."""
    if len(body) <= _MAX_LOOKED_THROUGH and _ANY_ODD.search(body):
        for match in _UP_TO_ODD.finditer(body):
            if match[2] is not None and not math.isfinite(float(match[2])):
                return match[2][:20].decode()
    return None


def _as_text(body: bytes) -> tuple[bytes, int]:
    try:
        body.decode()
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace").encode()
        return text, text.count(_REPLACED) - body.count(_REPLACED)
    return body, 0


def shallow(body: bytes) -> bytes:
    """Return a body in which values nested deeper than `MAX_BRACKETS` are empty."""
    if len(body) > _MAX_LOOKED_THROUGH:
        return body
    kept: list[bytes] = []
    start = depth = 0
    for match in _BRACKET.finditer(body):
        if match[1]:
            depth += 1
            if depth == MAX_BRACKETS:
                kept.append(body[start : match.end()])
        elif match[0] in b"]}":
            if depth == MAX_BRACKETS:
                start = match.start()
            depth -= 1
    return b"".join([*kept, body[start:]])


def _quoted(match: re.Match[bytes]) -> bytes:
    before, odd = match[1], match[2]
    if odd is None:
        return before
    return before + (odd if math.isfinite(float(odd)) else b'"' + odd + b'"')
