r"""Reads a filter: terms with spaces between them, all of which have to match.

| term | matches |
|---|---|
| `agent:travel-agent`, `agent:travel*` | a name as it is written; `*` stands for any characters |
| `error:timeout` | a text that contains this, in upper or lower case |
| `cost>0.1`, `duration<=1m30s`, `tokens>10k` | a number, compared by `<`, `<=`, `=`, `>=` or `>` |
| `score:helpfulness<0.5`, `score:correctness=fail` | a score of this name, by its number or its label |
| `customer.tier=gold` | an attribute of any event; `=*` asks for any value |
| `card`, `"the card"` | what has this in a name or the question |
| `-status:failed` | what does not match the term behind the minus |

A value or key with spaces stands in double quotes, in which `\"` and `\\` are a quote and a backslash, and `*` is
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal, NamedTuple, NoReturn, cast, get_args

import msgspec

from mapping.model import STATUSES, TRACE_STATUSES
from mapping.times import NS

NameField = Literal["agent", "session", "user", "service", "project", "status", "name", "model", "tool"]
TextField = Literal["error", "question", "answer"]
NumberField = Literal["duration", "cost", "tokens", "events", "errors", "calls", "tools", "repeats"]
Comparison = Literal["<", "<=", "=", ">=", ">"]

NAMES: tuple[NameField, ...] = get_args(NameField)
TEXTS: tuple[TextField, ...] = ("error", "question", "answer")
COMPARISONS: tuple[Comparison, ...] = ("<=", ">=", "<", ">", "=")


class Language(NamedTuple):
    """Which fields a filter may have, and the words of `status`."""

    names: tuple[NameField, ...]
    texts: tuple[TextField, ...]
    numbers: tuple[NumberField, ...]
    statuses: tuple[str, ...]
    attributes: bool


# Of traces and sessions, and of calls.
RUNS = Language(NAMES, TEXTS, get_args(NumberField), TRACE_STATUSES, attributes=True)
CALLS = Language(
    ("agent", "session", "status", "name", "model", "tool"), ("error",), ("duration", "cost", "tokens"), STATUSES,
    attributes=False,
)  # fmt: skip # as a table

# Characters and terms of a filter.
MOST_CHARACTERS, MOST_TERMS = 2_000, 50

_NS_PER = {"ms": NS // 1000, "s": NS, "m": 60 * NS, "h": 3600 * NS, "d": 86_400 * NS}
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"([0-9.]+)(ms|s|m|h|d)")
_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([kM]?)")
# Parts of a dollar in which costs are counted.
NANO = 10**9
_TIMES = {"": 1, "k": 1_000, "M": 1_000_000}
_BARE = re.compile(r'[^\s:<>="]+')
_SCORE = "score"
_BARE_SCORE, _COMPARISON = re.compile(r'[^\s<>="]+'), re.compile(r"<=|>=|[<>=]")
# A number and nothing behind it.
_SCORE_VALUE = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?!\S)")
_OPERATOR = re.compile(r"<=|>=|[:<>=]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class FilterError(ValueError):
    """The filter cannot be read: `column` (from 1, in code points) is where, the message what was expected there."""

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(f"column {column}: {expected}")
        self.column = column


class Pattern(NamedTuple):
    """A text in pieces, between which there may be any characters; one piece stands for itself."""

    pieces: tuple[str, ...]

    def matches(self, text: str) -> bool:
        first, *others = self.pieces
        if not others:
            return text == first
        *middle, last = others
        if not text.startswith(first):
            return False
        place = len(first)
        for piece in middle:
            place = text.find(piece, place)
            if place < 0:
                return False
            place += len(piece)
        return len(text) - len(last) >= place and text.endswith(last)

    def is_in(self, text: str) -> bool:
        """Return whether a part of the text matches, in upper or lower case."""
        pieces = [piece.casefold() for piece in self.pieces]
        return Pattern(("", *pieces, "")).matches(text.casefold())


class _Term(msgspec.Struct, frozen=True, kw_only=True):
    negated: bool = False


class NameTerm(_Term, frozen=True, kw_only=True):
    """One of the names of this field matches."""

    field: NameField
    pattern: Pattern


class TextTerm(_Term, frozen=True, kw_only=True):
    """A text of this field contains the pattern; with no field any name, or the question."""

    field: TextField | None
    pattern: Pattern


class NumberTerm(_Term, frozen=True, kw_only=True):
    """The number of this field compares so: durations in nanoseconds, costs in billionths of a US dollar."""

    field: NumberField
    comparison: Comparison
    number: int


class ScoreTerm(_Term, frozen=True, kw_only=True):
    """There is a score of this name; if there is a comparison, with such a number, or with this label."""

    name: Pattern
    comparison: Comparison | None = None
    number: float | None = None
    label: Pattern | None = None


class AttributeTerm(_Term, frozen=True, kw_only=True):
    """An event has an attribute of this key whose value matches."""

    key: str
    pattern: Pattern


Term = NameTerm | TextTerm | NumberTerm | ScoreTerm | AttributeTerm


def parse(text: str, language: Language = RUNS) -> tuple[Term, ...]:
    """Return the terms of a filter. Raises FilterError."""
    if len(text) > MOST_CHARACTERS:
        raise FilterError(MOST_CHARACTERS + 1, f"expected at most {MOST_CHARACTERS:,} characters")
    reader = _Reader(text, language)
    terms: list[Term] = []
    while reader.skip_space():
        if len(terms) == MOST_TERMS:
            reader.fail(f"expected at most {MOST_TERMS} terms")
        terms.append(reader.term())
    return tuple(terms)


class _Reader:
    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._at = 0

    def fail(self, expected: str, at: int | None = None) -> NoReturn:
        raise FilterError((self._at if at is None else at) + 1, expected)

    def skip_space(self) -> bool:
        """Go to the next term; return whether there is one."""
        while self._next.isspace():
            self._at += 1
        return self._at < len(self._text)

    def term(self) -> Term:
        negated = self._text[self._at] == "-"
        self._at += negated
        start = self._at
        key, quoted = self._key()
        operator = self._taken(_OPERATOR)
        if operator is None:
            if not self._is_at_end():
                self.fail("expected a space after the closing quote" if quoted else "expected a space before the quote")
            return TextTerm(field=None, pattern=_pattern(key, quoted=quoted), negated=negated)
        if quoted and operator != "=":
            self.fail('expected = after the key of an attribute, or a space: "a key"=value', self._at - len(operator))
        word = "" if quoted else key.lower()
        if operator == ":":
            return self._named(word, start, negated=negated)
        if word in self._language.numbers:
            comparison = cast("Comparison", operator)
            return NumberTerm(field=word, comparison=comparison, number=self._number(word), negated=negated)
        if operator != "=" or not self._language.attributes:
            expected = f"expected a number's name before {operator}: {_listed(self._language.numbers)}"
            self.fail(f"{expected}; got {key[:40]!r}", start)
        return AttributeTerm(key=key, pattern=self._value(f"of {key[:40]}"), negated=negated)

    def _named(self, word: str, start: int, *, negated: bool) -> Term:
        if word in self._language.numbers:
            self.fail(f"expected <, <=, =, >= or > after {word}", self._at - 1)
        if word == _SCORE:
            return self._score(negated=negated)
        names, texts = self._language.names, self._language.texts
        if word not in names and word not in texts:
            self.fail(
                f"expected a field before the colon: {_listed((*names, *texts, _SCORE))}; got {word[:40]!r}. "
                "Text with a colon in it stands in quotes",
                start,
            )
        at = self._at
        pattern = self._value(f"after {word}:")
        if word in texts:
            return TextTerm(field=word, pattern=pattern, negated=negated)
        if word == "status" and not any(map(pattern.matches, self._language.statuses)):
            self.fail(f"expected {_listed(self._language.statuses)}; got {self._text[at : at + 40]!r}", at)
        return NameTerm(field=cast("NameField", word), pattern=pattern, negated=negated)

    def _score(self, *, negated: bool) -> Term:
        if self._next.startswith('"'):
            name = Pattern((self._quoted(),))
        else:
            name = _pattern(
                self._taken(_BARE_SCORE) or self.fail("expected the name of a score after score:"), quoted=False
            )
        comparison = cast("Comparison | None", self._taken(_COMPARISON))
        if comparison is None:
            if not self._is_at_end():
                self.fail("expected a space, or <, <=, =, >= or > after the name of the score")
            return ScoreTerm(name=name, negated=negated)
        at = self._at
        if _SCORE_VALUE.match(self._text, at) is not None:
            number = float(self._taken(_SCORE_VALUE) or 0)
            return ScoreTerm(name=name, comparison=comparison, number=number, negated=negated)
        if comparison != "=":
            got = self._taken(re.compile(r"\S+")) or ""
            self.fail(f"expected a number after {comparison}, such as 0.5; got {got[:40]!r}", at)
        return ScoreTerm(name=name, comparison=comparison, label=self._value("of the score"), negated=negated)

    def _number(self, word: str) -> int:
        at = self._at
        taken = self._taken(re.compile(r"\S+")) or ""
        number = _NUMBERS[word](taken)
        if number is None:
            self.fail(f"expected {_EXPECTED[word]}; got {taken[:40]!r}", at)
        return number

    def _key(self) -> tuple[str, bool]:
        """Return what stands before an operator, or alone, and whether it is quoted."""
        if self._next.startswith('"'):
            return self._quoted(), True
        key = self._taken(_BARE)
        if key is None:
            place = f"before {self._next}" if self._next.strip() else "after the minus"
            self.fail(f"expected a field, a key or a word {place}")
        return key, False

    def _value(self, whose: str) -> Pattern:
        if self._next.startswith('"'):
            value = self._quoted()
            if not self._is_at_end():
                self.fail("expected a space after the closing quote")
            return Pattern((value,))
        value = self._taken(re.compile(r"\S+")) or ""
        if not value:
            self.fail(f"expected a value {whose}")
        return _pattern(value, quoted=False)

    def _quoted(self) -> str:
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            self.fail("expected a closing quote to this one")
        self._at = match.end()
        return _ESCAPED.sub(r"\1", match[1])

    def _taken(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def _is_at_end(self) -> bool:
        return not self._next or self._next.isspace()

    @property
    def _next(self) -> str:
        return self._text[self._at : self._at + 1]


def _pattern(text: str, *, quoted: bool) -> Pattern:
    return Pattern((text,) if quoted else tuple(text.split("*")))


def _duration(text: str) -> int | None:
    if not _DURATION.fullmatch(text):
        return None
    return int(sum(Decimal(number) * _NS_PER[unit] for number, unit in _DURATION_PART.findall(text)))


def _count(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    number = Decimal(match[1]) * _TIMES[match[2]] if match else Decimal("0.1")
    return int(number) if number == int(number) else None


def _cost(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    return int(Decimal(match[1]) * _TIMES[match[2]] * NANO) if match else None


# The fields that are numbers: how each is read, None for what is none.
_NUMBERS: dict[str, Callable[[str], int | None]] = {
    "duration": _duration,
    "cost": _cost,
    **dict.fromkeys(("tokens", "events", "errors", "calls", "tools", "repeats"), _count),
}
_EXPECTED = dict.fromkeys(_NUMBERS, "a whole number, such as 1000 or 10k") | {
    "duration": "a duration, such as 500ms, 2s or 1m30s",
    "cost": "US dollars, such as 0.1",
}


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}"
