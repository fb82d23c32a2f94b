"""Whether what a list shows matches the terms of a filter."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from mapping.calls.model import ScoreSum
from mapping.filtering.language import (
    AttributeTerm,
    Comparison,
    NameField,
    NameTerm,
    NumberField,
    NumberTerm,
    Pattern,
    ScoreTerm,
    Term,
    TextField,
)

_COMPARE: Mapping[Comparison, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
# The names that text by itself is looked for in; `status` has words of its own, and a project is all that is in it.
_NAMED: tuple[NameField, ...] = ("agent", "session", "user", "service", "name", "model", "tool")
_ANY = Pattern(("", ""))


class Facts(msgspec.Struct, frozen=True):
    """What terms are compared with: a trace's, a session's or a call's names, texts and numbers by field; scores."""

    names: Mapping[NameField, Sequence[str]]
    texts: Mapping[TextField, Sequence[str]]
    numbers: Mapping[NumberField, int]
    scores: Sequence[ScoreSum] = ()


def matches(terms: Iterable[Term], facts: Facts) -> bool:
    """Return whether all terms match but those of attributes, which events have (`attribute_matches`)."""
    return all(_matches(term, facts) != term.negated for term in terms if not isinstance(term, AttributeTerm))


def _matches(term: Term, facts: Facts) -> bool:
    if isinstance(term, NameTerm):
        return any(map(term.pattern.matches, facts.names.get(term.field, ())))
    if isinstance(term, NumberTerm):
        return _COMPARE[term.comparison](facts.numbers[term.field], term.number)
    if isinstance(term, ScoreTerm):
        return any(_score_matches(term, score) for score in facts.scores if term.name.matches(score.name))
    if isinstance(term, AttributeTerm):
        raise TypeError(term)
    if term.field is not None:
        return any(map(term.pattern.is_in, facts.texts[term.field]))
    names = (name for field in _NAMED for name in facts.names.get(field, ()))
    return any(map(term.pattern.is_in, (*names, *facts.texts.get("question", ()))))


def _score_matches(term: ScoreTerm, score: ScoreSum) -> bool:
    """Return whether one of the scores of a name matches: of their numbers the least and the greatest are compared."""
    if term.label is not None:
        return any(map(term.label.matches, score.labels))
    if term.comparison is None or term.number is None:
        return True
    numbers = (number for number in (score.least, score.greatest) if number is not None)
    return any(_COMPARE[term.comparison](number, term.number) for number in numbers)


def attribute_matches(pattern: Pattern, value: object) -> bool:
    """Return whether an attribute's value matches, or one in a list of values; an object is only some value (`*`)."""
    if value is None:
        return False
    if isinstance(value, list | tuple):
        return any(attribute_matches(pattern, each) for each in value if not isinstance(each, list | tuple))
    if isinstance(value, bool):
        return pattern.matches("true" if value else "false")
    if isinstance(value, float) and value.is_integer() and pattern.matches(str(int(value))):
        return True
    return pattern.matches(str(value)) if isinstance(value, str | int | float) else pattern == _ANY
