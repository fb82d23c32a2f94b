"""Scores: what a person, a program or a model says of how good something was.

They come as events of their own (OpenTelemetry's `gen_ai.evaluation.result`, `POST /api/v1/scores`), or as attributes
of the span that they are about (OpenInference's annotations and evaluations). Which trace, call or event a score is
about is found among all tellings, so that it does not matter which of the two came first.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mapping.calls.model import Call, Score, ScoreSource, ScoreSum, Signal, Telling, ToldScore
from mapping.calls.nesting import Nesting
from mapping.calls.spans import SpanTree
from mapping.semantics.attribute_roles import text_id
from mapping.semantics.event_types import SCORE, SCORED

# The attributes of the conventions, and our own for what they have no words for.
NAME, VALUE = SCORED, "gen_ai.evaluation.score.value"
LABEL, EXPLANATION = "gen_ai.evaluation.score.label", "gen_ai.evaluation.explanation"
RESPONSE_ID = "gen_ai.response.id"
SOURCE, AUTHOR, ABOUT, EVENT_ID = "score.source", "score.author", "score.about", "score.event_id"
WITHDRAWN = "score.withdrawn"

# A score's number is at most this, either way: as whole millionths, thousands of them add up within 64 bits.
MOST_VALUE = 10**9
# Characters that are kept of names, labels and authors, and of an explanation; the event has all of it.
_NAME, _EXPLANATION = 200, 300
# Scores of one event, of a trace and of a call, the latest ones; names in a sum, and labels of a name.
_OF_EVENT, _OF_TRACE, _OF_CALL, _NAMES, _LABELS = 100, 100, 20, 50, 20

_SOURCES: dict[str, ScoreSource] = {
    "person": "person",
    "human": "person",
    "annotation": "person",
    "code": "code",
    "api": "code",
    "model": "model",
    "llm": "model",
    "eval": "model",
}
# OpenInference's keys: `trace.annotations.0.annotation.name`. Every key of every event is looked at.
_BEGINNINGS = tuple(f"{scope}{what}s." for scope in ("", "trace.", "session.") for what in ("annotation", "evaluation"))
_FLATTENED = re.compile(
    r"(?:(trace|session)\.)?(?:annotations|evaluations)\.(\d{1,6})\.(?:annotation|evaluation)\.(\w+)"
)


def told_scores(name: str | None, signal: Signal, levels: Sequence[Mapping[str, Any]]) -> list[ToldScore]:
    """Return the scores that an event of this name tells."""
    found = [_of_conventions(name, signal, level) for level in levels if NAME in level]
    told = [score for score in found if score is not None]
    return [*told, *_flattened(levels[0])][:_OF_EVENT]


def is_score(telling: Telling) -> bool:
    """Return whether an event says how good something was, and nothing else: it is no part of what happened."""
    return bool(telling.scores) and telling.kind == "none" and (telling.signal != "span" or telling.event_name == SCORE)


def _of_conventions(name: str | None, signal: Signal, level: Mapping[str, Any]) -> ToldScore | None:
    about = level.get(ABOUT)
    return _score(
        level.get(NAME),
        level.get(VALUE),
        level.get(LABEL),
        level.get(EXPLANATION),
        source=level.get(SOURCE),
        author=level.get(AUTHOR),
        # A span that is no score's own carries the score that it was given.
        about="self" if signal == "span" and name != SCORE else about if about in ("trace", "session") else "parent",
        event_id=text_id(level.get(EVENT_ID)),
        response_id=text_id(level.get(RESPONSE_ID)),
        withdrawn=level.get(WITHDRAWN) is True,
    )


def _flattened(properties: Mapping[str, Any]) -> Iterator[ToldScore]:
    groups: defaultdict[tuple[str, str, int], dict[str, Any]] = defaultdict(dict)
    for key, value in properties.items():
        if key.startswith(_BEGINNINGS) and (match := _FLATTENED.fullmatch(key)) is not None:
            scope, number, field = match.groups()
            groups[scope or "self", key.partition(number)[0], int(number)][field] = value
    for (scope, _, _), fields in sorted(groups.items(), key=lambda group: group[0]):
        score = _score(
            *(fields.get(field) for field in ("name", "score", "label", "explanation")),
            source=fields.get("annotator_kind"),
            author=fields.get("identifier"),
            about=scope,
        )
        if score is not None:
            yield score


def _score(
    name: Any,
    value: Any,
    label: Any,
    explanation: Any,
    *,
    source: Any,
    author: Any,
    about: Any,
    event_id: str | None = None,
    response_id: str | None = None,
    withdrawn: bool = False,
) -> ToldScore | None:
    """Return a score, None where it has no name or says nothing."""
    number, named = _number(value), _words(name)
    said, why = _words(label), explanation if isinstance(explanation, str) and explanation else None
    if said is None and number is None:
        said = _in_words(value)
    if named is None or (number is None and said is None and why is None and not withdrawn):
        return None
    by = _words(author)
    return ToldScore(
        name=named[:_NAME],
        value=number,
        label=said and said[:_NAME],
        explanation=why and why[:_EXPLANATION],
        source=_SOURCES.get(str(source).lower()),
        author=by and by[:_NAME],
        about=about,
        event_id=event_id,
        response_id=response_id,
        withdrawn=withdrawn,
    )


def _words(value: Any) -> str | None:
    """Return a name or label with single spaces, as sums have it; None where it is blank."""
    text = text_id(value)
    return " ".join(text.split()) or None if text is not None else None


def _number(value: Any) -> float | None:
    """Return a number that is one, or is written as text; None beyond `MOST_VALUE`."""
    if not isinstance(value, bool | int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= MOST_VALUE else None


def _in_words(value: Any) -> str | None:
    """Return a value that is no score's number as a label."""
    return f"{value:.15g}" if isinstance(value, float) and math.isfinite(value) else _words(value)


def scores_of(tellings: Iterable[Telling], calls: Iterable[Call], nesting: Nesting, tree: SpanTree) -> list[Score]:
    """Return the scores, the latest first, and give each call its own (`Call.scores`).

    Of the same name, source and author about the same thing the latest counts: it was changed, or withdrawn.
    """
    of_response = {(call.trace_id, call.response_id): call for call in calls if call.kind == "model"}
    last: dict[tuple[str | None, ...], Score] = {}
    withdrawn: set[str] = set()
    for telling in tellings:
        for number, told in enumerate(telling.scores):
            score = _settled(telling, number, told, of_response, nesting, tree)
            key = (score.trace_id, score.about, _what(score, telling), score.name, score.source, score.author)
            known = last.get(key)
            if known is None or (score.at, score.id) > (known.at, known.id):
                last[key] = score
            if told.withdrawn:
                withdrawn.add(score.id)
    found = _latest_first(score for score in last.values() if score.id not in withdrawn)
    by_id = {call.id: call for call in calls}
    for score in found:
        if score.call_id is not None and len(own := by_id[score.call_id].scores) < _OF_CALL:
            own.append(score)
    return found


def _what(score: Score, telling: Telling) -> str | None:
    """Return an id of what a score is about, in its trace; of an event that has not come what it is known by."""
    named = telling.parent_span_id or telling.scores[0].response_id
    of = {"call": score.call_id, "event": score.event_id or named, "session": score.session_id, "trace": None}
    return of[score.about]


def _settled(
    telling: Telling,
    number: int,
    told: ToldScore,
    of_response: Mapping[tuple[str, str | None], Call],
    nesting: Nesting,
    tree: SpanTree,
) -> Score:
    """Return a score with what it is about: `event` where what it names has not come, or is no part of a call."""
    score = Score(
        id=telling.id if number == 0 else f"{telling.id}.{number}",
        told_by=telling.id,
        trace_id=telling.trace_id,
        session_id=telling.session_id,
        at=telling.end,
        name=told.name,
        value=told.value,
        label=told.label,
        explanation=told.explanation,
        source=told.source,
        author=told.author,
        about="trace",
    )
    if told.about in ("trace", "session") and told.event_id is None:
        score.about = "session" if told.about == "session" and score.session_id is not None else "trace"
        return score
    parent = tree.parent(telling)
    event_id = told.event_id or (telling.id if told.about == "self" else None if parent is None else parent.id)
    call = nesting.call_by_event.get(event_id or "")
    if call is None and told.response_id is not None and event_id is None:
        call = of_response.get((telling.trace_id, told.response_id))
    if call is not None:
        score.about, score.call_id, score.trace_id = "call", call.id, call.trace_id
        score.session_id = call.session_id or score.session_id
    elif event_id is not None or telling.parent_span_id or told.response_id:
        score.about = "event"
    score.event_id = event_id
    return score


def sums_of_scores(scores: Iterable[Score]) -> list[ScoreSum]:
    """Return what scores come to by name, those with most scores first."""
    by_name: defaultdict[str, list[Score]] = defaultdict(list)
    for score in scores:
        by_name[score.name].append(score)
    ordered = sorted(by_name.items(), key=lambda group: (-len(group[1]), group[0]))
    return [_sum(name, of_name) for name, of_name in ordered[:_NAMES]]


def _sum(name: str, scores: Sequence[Score]) -> ScoreSum:
    values = [score.value for score in scores if score.value is not None]
    labels = Counter(score.label for score in scores if score.label is not None)
    return ScoreSum(
        name=name,
        count=len(scores),
        valued=len(values),
        mean=sum(value / len(values) for value in values) if values else None,
        least=min(values, default=None),
        greatest=max(values, default=None),
        labels=dict(labels.most_common(_LABELS)),
    )


def added(sums: Iterable[ScoreSum]) -> list[ScoreSum]:
    """Return what several sums come to together, by name, those with most scores first."""
    by_name: defaultdict[str, list[ScoreSum]] = defaultdict(list)
    for one in sums:
        by_name[one.name].append(one)
    return sorted((_added(*of_name) for of_name in by_name.values()), key=lambda one: (-one.count, one.name))


def _added(one: ScoreSum, *others: ScoreSum) -> ScoreSum:
    if not others:
        return one
    every = (one, *others)
    valued = sum(each.valued for each in every)
    labels: Counter[str] = sum((Counter(each.labels) for each in every), Counter())
    return ScoreSum(
        name=one.name,
        count=sum(each.count for each in every),
        valued=valued,
        mean=sum(each.mean * each.valued / valued for each in every if each.mean is not None) if valued else None,
        least=min((each.least for each in every if each.least is not None), default=None),
        greatest=max((each.greatest for each in every if each.greatest is not None), default=None),
        labels=dict(labels.most_common(_LABELS)),
    )


def latest(scores: Iterable[Score]) -> list[Score]:
    """Return as many scores of a trace as are kept beside it."""
    return _latest_first(scores)[:_OF_TRACE]


def _latest_first(scores: Iterable[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: (-score.at, score.id))
