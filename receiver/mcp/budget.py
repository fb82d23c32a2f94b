"""An answer within a budget of tokens: texts are cut until all rows fit, and then there are fewer rows."""

from __future__ import annotations

import re
from typing import Any

import msgspec

# What a token of JSON in the Latin script comes to, and one of Chinese.
BYTES_PER_TOKEN = 4
# Characters that a text is cut to, and for each as many entries of a list as there are hundreds, at least.
_WIDTHS = (100_000, 30_000, 10_000, 4_000, 2_000, 1_000, 500, 240, 120)
_FEWEST_ENTRIES = 8
# For a single row that does not fit by itself.
_NARROW = 60
# Fields that another tool takes: half of one leads nowhere. Longer ones than this are no ids that a model would repeat.
_IDS = frozenset({"id", "trace_id", "session_id", "call_id", "event_id"})
_LONGEST_ID = 1_000
# Marks of other characters, which are printable, and in which texts can be hidden.
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]")
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})")


class Fitted:
    """What is left of an answer: `rows` of its rows, and whether something was cut."""

    def __init__(self, width: int) -> None:
        self.width, self.cut = width, False

    def value(self, value: Any) -> Any:
        """Return JSON with texts and lists cut, and each character that would not be seen as its escape."""
        if isinstance(value, str):
            return self._text(value, self.width)
        if isinstance(value, list):
            most = max(self.width // 100, _FEWEST_ENTRIES)
            self.cut = self.cut or len(value) > most
            return [self.value(each) for each in value[:most]]
        if isinstance(value, dict):
            return {key: self._field(key, each) for key, each in value.items()}
        return value

    def _field(self, name: str, value: Any) -> Any:
        if name in _IDS and isinstance(value, str):
            return self._text(value, _LONGEST_ID)
        return self.value(value)

    def _text(self, text: str, width: int) -> str:
        kept = visible(text[:width])
        if len(kept) <= width and len(text) <= width:
            return kept
        self.cut = True
        left_out = len(text) - width
        return f"{kept[:width]}… (+{max(left_out, 0):,} characters)"


def fit(head: Any, rows: list[Any], tokens: int) -> tuple[Any, list[Any], bool]:
    """Return what of a head and of rows, each JSON, fits into a budget: at least one row, however small it is.

    Says, too, whether texts or lists of them were cut. Ids are whole.
    """
    most = tokens * BYTES_PER_TOKEN
    for width in _WIDTHS:
        fitted = Fitted(width)
        shown = fitted.value(head)
        left = most - _size(shown) - len("[]")
        kept = []
        for row in rows:
            kept.append(fitted.value(row))
            left -= _size(kept[-1]) + 1
            if left < 0:
                break
        if left >= 0:
            return shown, kept, fitted.cut
    if len(kept) > 1:
        return shown, kept[:-1], fitted.cut
    narrow = Fitted(_NARROW)
    return narrow.value(head), [narrow.value(row) for row in rows[:1]], True


def visible(text: str) -> str:
    """Return text in which each character that is not printable, but for white space, stands as its escape.

    What a person does not see, such as tags and marks of direction, a model reads.
    """
    if text.isprintable() and not _SELECTORS.search(text):
        return text
    return "".join(
        c
        if (c.isprintable() and not _SELECTORS.match(c)) or c in "\n\t"
        else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )


def as_recorded(text: str) -> str:
    """Return text with the escapes that `visible` makes as the characters again: a model knows an id only by them."""

    def meant(found: re.Match[str]) -> str:
        character = found[0].encode().decode("unicode_escape")
        return character if visible(character) == found[0] else found[0]

    return _ESCAPE.sub(meant, text)


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
