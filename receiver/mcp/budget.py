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
# Marks of other characters, which are printable, and in which texts can be hidden.
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]")


class Fitted:
    """What is left of an answer: `rows` of its rows, and whether something was cut."""

    def __init__(self, width: int) -> None:
        self.width, self.cut = width, False

    def value(self, value: Any) -> Any:
        """Return JSON with texts and lists cut, and each character that would not be seen as its escape."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            most = max(self.width // 100, _FEWEST_ENTRIES)
            self.cut = self.cut or len(value) > most
            return [self.value(each) for each in value[:most]]
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        return value

    def _text(self, text: str) -> str:
        kept = visible(text[: self.width])
        if len(kept) <= self.width and len(text) <= self.width:
            return kept
        self.cut = True
        left_out = len(text) - self.width
        return f"{kept[: self.width]}… (+{max(left_out, 0):,} characters)"


def fit(head: Any, rows: list[Any], tokens: int) -> tuple[Any, list[Any], bool]:
    """Return what of a head and of rows, each JSON, fits into a budget: at least one row, however small it is.

    Says, too, whether texts or lists of them were cut.
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
        else:
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


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
