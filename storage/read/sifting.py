"""Lists that are sorted, or filtered by terms of the filter language: of traces and of sessions.

Candidates come in the order of the list, from the index that serves it; they are read piece by piece, and those that
match are kept. Where a term names exactly one agent, model or the like, that has few traces, these are sorted here. A
page ends after `MOST_SIFTED` candidates at the latest, whatever it has found, and the next one goes on from there.
"""

from __future__ import annotations

import bisect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

from mapping.filtering.language import AttributeTerm, NameField, NameTerm, Term
from storage.filters import Sort
from storage.read.paging import Branch, Contains, Cursor
from storage.surreal import cbor

# The field of each order: a number, negated.
ORDERS: dict[Sort, str] = {
    "start": "newest_start",
    "duration": "longest",
    "tokens": "most_tokens",
    "cost": "dearest",
    "events": "most_events",
    "errors": "most_errors",
}
# Candidates of a page; those read at a time; and events that are read for its attributes.
MOST_SIFTED, PIECE, _MOST_EVENTS = 5_000, 200, 10_000
# Candidates whose events are read at a time, and how many these may be.
_TOGETHER, _EVENTS_TOGETHER = 50, 500
# Candidates that are sorted here.
MOST_SORTED = 1_000
# Fields of `agent_run` that list names, each with an index.
RUN_LISTS: dict[NameField, str] = {"agent": "agents", "model": "models", "tool": "tool_names", "user": "users"}

# A candidate: where it stands in the order, and its id.
Place = tuple[int, str]
Candidates = Callable[[int, Cursor | None], Awaitable[list[Place]]]


class Match(NamedTuple):
    """A candidate that matches all terms but those of attributes, and its traces with how many events each has."""

    place: Place
    traces: list[tuple[str, int]]


class Sifted(NamedTuple):
    """The places that a page lists, and where the next one goes on, None if this is the last one."""

    places: list[Place]
    next: Cursor | None


async def sift(
    candidates: Candidates,
    matching: Callable[[Sequence[Place]], Awaitable[list[Match]]],
    with_attributes: Callable[[Sequence[Match]], Awaitable[list[Match]]] | None,
    limit: int,
    after: Cursor | None,
    most: int = MOST_SIFTED,
    size: int | None = None,
) -> Sifted:
    """Return the candidates after the cursor that match, at most `limit`. `size` of them are read at a time.

    `matching` returns those of some candidates that match, in their order; `with_attributes` those of them whose events
    have the attributes asked for: it reads all of these, about `_MOST_EVENTS` for a page.
    """
    listed: list[Place] = []
    sifted = events = 0
    size = size or PIECE
    while True:
        piece = await candidates(size, after)
        matches = await matching(piece)
        for group in [matches] if with_attributes is None else _groups(matches):
            for match in group if with_attributes is None else await with_attributes(group):
                if len(listed) == limit:
                    return Sifted(listed, Cursor(*listed[-1]))
                listed.append(match.place)
            events += 0 if with_attributes is None else sum(map(_events, group))
            if events >= _MOST_EVENTS:
                return Sifted(listed, Cursor(*group[-1].place))
        if len(piece) < size:
            return Sifted(listed, None)
        after = Cursor(*piece[-1])
        sifted += len(piece)
        if sifted >= most:
            return Sifted(listed, after)


def _events(match: Match) -> int:
    return sum(count for _, count in match.traces)


def _groups(matches: Sequence[Match]) -> Iterator[list[Match]]:
    """Yield matches, in their order, so many that their events can be read together."""
    group: list[Match] = []
    for match in matches:
        if group and (len(group) == _TOGETHER or sum(map(_events, group)) + _events(match) > _EVENTS_TOGETHER):
            yield group
            group = []
        group.append(match)
    if group:
        yield group


def of_sorted(places: Sequence[Place]) -> Candidates:
    """Return candidates that are known already."""
    ordered = sorted(places)

    async def following(limit: int, after: Cursor | None) -> list[Place]:
        begin = 0 if after is None else bisect.bisect_right(ordered, (after.place, str(after.id)))
        return ordered[begin : begin + limit]

    return following


def exact(terms: Sequence[Term], field: NameField) -> str | None:
    """Return the one name that a field has to have, None where the terms leave it open."""
    return next(
        (
            term.pattern.pieces[0]
            for term in terms
            if isinstance(term, NameTerm) and term.field == field and not term.negated and len(term.pattern.pieces) == 1
        ),
        None,
    )


def run_branch(terms: Sequence[Term]) -> Branch | None:
    """Return the branch of `agent_run` that has all runs which can match, None if no term names one thing exactly."""
    for field, column in RUN_LISTS.items():
        if (name := exact(terms, field)) is not None:
            return Branch({column: Contains(name)})
    return None


def attribute_terms(terms: Sequence[Term]) -> list[AttributeTerm]:
    return [term for term in terms if isinstance(term, AttributeTerm)]


def in_period(newest_start: int, since: int | None, until: int | None) -> bool:
    """Return whether a start (negated) is in a period."""
    return (since is None or newest_start <= cbor.int64(-since)) and (
        until is None or newest_start > cbor.int64(-until)
    )
