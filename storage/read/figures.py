"""Reads counts by time (`mapping/calls/figures`): of runs, and by agent, service, project, model, tool, error, score.

They are kept by the hour, by the day and by 28 days, so that any span of hours is made of about a hundred steps. What
is still in the queue is added, in the same statement, so that nothing is counted twice or missed.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.calls.figures import HOUR, NAME_LENGTH, By, Figures, unpacked
from storage.read.activity import without_strays
from storage.surreal.database import Database

# Hours of a step.
WIDTHS = (1, 24, 24 * 28)
# A chart has steps of the smallest width of which it needs no more than so many.
_MOST_STEPS = 100


class Key(NamedTuple):
    """What is counted: by what, of which name, in which hour since 1970; of a project alone, or of all ("")."""

    by: By
    name: str
    hour: int
    project: str = ""


_READ = """
RETURN {
    counted: $parts.map(|$part| (
        SELECT VALUE told FROM figures:[$part[0], $part[1], $part[2]]..[$part[0], $part[1], $part[3]] LIMIT $most
    )),
    queued: (SELECT added, removed FROM figures_queue)
};
"""
_STEPS = "SELECT VALUE record::id(id)[2] FROM figures:[$width, $kind, $first]..[$width, $kind, $end]"
_KNOWN = """
SELECT VALUE [record::id(id)[2], told] FROM figures:[$width, $kind, $first]..[$width, $kind, $end];
SELECT added, removed FROM figures_queue;
"""
# Of so many runs in 28 days it makes no difference how many more there are.
_MOST_STARTS = 1_000
# Before and after all there is, in nanoseconds or steps.
EVER = 2**62
# Rows of a part that are read: 10 us each. A part has one for each name in each step.
_MOST_ROWS = 20_000


class Span(NamedTuple):
    """Hours since 1970: the first one, and the one after the last."""

    first: int
    end: int


class Reach(NamedTuple):
    """The hours of which figures are, and how many runs began years before and after all others: they are in none."""

    span: Span
    earlier: int = 0
    later: int = 0


class Told(NamedTuple):
    """Figures of a name, from an hour on."""

    hour: int
    name: str
    figures: Figures


class Found(NamedTuple):
    """Figures by kind. `complete` is False where there are too many names to read all."""

    counted: dict[By, list[Told]]
    complete: bool


class Step(NamedTuple):
    """Figures of what began in a span of time."""

    span: Span
    figures: Figures


def added_up(queued: Iterable[Mapping[str, Any]]) -> dict[Key, Figures]:
    """Return what records of the queue come to; what comes to nothing is left out."""
    changes: dict[Key, Figures] = {}
    for row in queued:
        for field, times in (("added", 1), ("removed", -1)):
            for told in row[field]:
                for counted in unpacked(told):
                    key = Key(counted.by, counted.name, counted.hour, counted.project)
                    changes.setdefault(key, Figures(durations={})).add(counted.figures, times)
    return {key: figures for key, figures in changes.items() if figures}


def kind_of(by: By, project: str = "") -> str:
    """Return what the rows of `figures` are found by: a kind, of all or of a project."""
    return f"{by}\n{project[:NAME_LENGTH]}" if project else by


async def reach_of(database: Database, since: int | None, until: int | None, project: str = "") -> Reach | None:
    """Return the hours from `since` to `until` (nanoseconds); what is open, is as far as there are runs.

    Of those that began years away from all others it is not, and they are counted. None if there are no runs.
    """
    first = None if since is None else since // HOUR
    end = None if until is None else -(-until // HOUR)
    if first is not None and end is not None:
        return Reach(Span(first, max(end, first)))
    known = await _known(database, project)
    if known is None:
        return None
    earlier, later = known.earlier if first is None else 0, known.later if end is None else 0
    first = known.span.first if first is None else first
    return Reach(Span(first, max(known.span.end if end is None else end, first)), earlier, later)


async def _known(database: Database, project: str) -> Reach | None:
    """Return the hours in which the first and the last runs began."""
    widest = WIDTHS[-1]
    found, queued = await database.query(_KNOWN, width=widest, kind=kind_of("run", project), first=-EVER, end=EVER)
    waiting = {
        key.hour: figures.count
        for key, figures in added_up(queued).items()
        if key.by == "run" and key.project == project[:NAME_LENGTH]
    }
    runs = Counter[int]()
    for step, told in found:
        runs[step] += sum(one.figures.count for one in unpacked(told))
    for hour, count in waiting.items():
        runs[hour // widest] += count
    # Each as often as there are runs in it: one run with a wrong date is a stray, however few steps there are.
    starts = [step * widest * HOUR for step in sorted(runs) for _ in range(min(runs[step], _MOST_STARTS))]
    if not starts:
        return None
    ends = [moment // HOUR for moment in without_strays(starts)]
    hours = [hour for hour in waiting if ends[0] <= hour < ends[1] + widest]
    for first in ends:
        (found,) = await database.query(_STEPS, width=1, kind=kind_of("run", project), first=first, end=first + widest)
        hours += found
    return Reach(
        Span(min(hours), max(hours) + 1) if hours else Span(ends[0], ends[1] + widest),
        earlier=sum(count for step, count in runs.items() if step * widest < ends[0]),
        later=sum(count for step, count in runs.items() if step * widest > ends[1]),
    )


def step_width(span: Span) -> int:
    """Return how many hours a step of a chart of these hours has."""
    hours = span.end - span.first
    enough = next((width for width in WIDTHS if hours <= width * _MOST_STEPS), None)
    return enough or -(-hours // (WIDTHS[-1] * _MOST_STEPS)) * WIDTHS[-1]


def steps_of(span: Span) -> list[Span]:
    """Return the steps of a chart of these hours; the first and the last may be shorter."""
    width = step_width(span)
    edges = [span.first, *range((span.first // width + 1) * width, span.end, width), span.end]
    return [Span(*edge) for edge in itertools.pairwise(edges) if edge[0] < edge[1]]


async def figures_in(database: Database, span: Span, by: Mapping[By, int | None], project: str = "") -> Found:
    """Return the figures of what began in these hours, of each kind in steps of so many hours at most.

    They are of a project, or of all.
    """
    parts = [
        [width, kind_of(kind, project), first, end]
        for kind, most in by.items()
        for width, first, end in cover(span, most)
    ]
    (found,) = await database.query(_READ, parts=parts, most=_MOST_ROWS)
    counted: dict[By, list[Told]] = {kind: [] for kind in by}
    for told in itertools.chain.from_iterable(found["counted"]):
        for one in unpacked(told):
            counted[one.by].append(Told(one.hour, one.name, one.figures))
    for key, figures in added_up(found["queued"]).items():
        if key.by in counted and key.project == project[:NAME_LENGTH] and span.first <= key.hour < span.end:
            counted[key.by].append(Told(key.hour, key.name, figures))
    return Found(counted, complete=all(len(part) < _MOST_ROWS for part in found["counted"]))


def cover(span: Span, most: int | None) -> list[tuple[int, int, int]]:
    """Return the widest steps that make up these hours: their width, the first one, and the one after the last."""
    return list(_covered(span, [width for width in WIDTHS if most is None or width <= most]))


def _covered(span: Span, widths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    if not widths or span.first >= span.end:
        return
    *finer, width = widths
    first, end = -(-span.first // width), span.end // width
    if first >= end:
        yield from _covered(span, finer)
        return
    yield width, first, end
    yield from _covered(Span(span.first, first * width), finer)
    yield from _covered(Span(end * width, span.end), finer)


def by_step(counted: Iterable[Told], steps: Sequence[Span]) -> list[Step]:
    """Return the sums of each step."""
    sums = [Step(step, Figures(durations={})) for step in steps]
    for hour, _, figures in counted:
        sums[bisect.bisect_right(steps, hour, key=lambda step: step.first) - 1].figures.add(figures)
    return sums


def by_name(counted: Iterable[Told]) -> dict[str, Figures]:
    """Return the sums of each name."""
    sums: dict[str, Figures] = {}
    for _, name, figures in counted:
        sums.setdefault(name, Figures(durations={})).add(figures)
    return {name: figures for name, figures in sums.items() if figures}
