"""What the overview shows of a span of time: runs over time, and tables by agent, service, project, model and so on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mapping.calls.figures import HOUR, By, Figures, error_group, score_group
from storage.read.figures import (
    EVER,
    Span,
    Step,
    Told,
    by_name,
    by_step,
    figures_in,
    reach_of,
    step_width,
    steps_of,
)
from storage.read.seen import Seen, narrow
from storage.surreal.database import Database

# Failures of a kind are new in the last hours, so many, where no first moment is given.
_NEW = 24


class Overview(NamedTuple):
    """Runs that began in a span of hours, None where there are none at all: all together, and step by step.

    `earlier` and `later` ones began years before and after all others, and are in no figure.
    """

    span: Span | None
    runs: Figures
    steps: list[Step]
    earlier: int = 0
    later: int = 0


class Group(NamedTuple):
    """Figures of a name, of scores with how many have which label.

    Of failures of a kind: where they arise, the agents, how many there were in each step, whether there were none
    before, and the names that they are counted by.
    """

    name: str
    figures: Figures
    where: str = ""
    agents: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    is_new: bool = False
    labels: Mapping[str, int] = {}
    counted_by: tuple[str, ...] = ()


class Breakdown(NamedTuple):
    """Figures by name, those that count most first; `complete` is False where not all names could be read."""

    span: Span | None
    steps: list[Span]
    groups: list[Group]
    complete: bool


async def overview(database: Database, since: int | None, until: int | None, project: str = "") -> Overview:
    """Return the figures of the runs that began between two moments (nanoseconds), which are widened to whole hours.

    They are of a project, or of all.
    """
    reach = await reach_of(database, since, until, project)
    if reach is None:
        return Overview(None, Figures(durations={}), [])
    span, earlier, later = reach
    found = await figures_in(database, span, {"run": step_width(span)}, project)
    steps = by_step(found.counted["run"], steps_of(span))
    runs = by_name(found.counted["run"]).get("", Figures(durations={}))
    return Overview(span, runs, steps, earlier, later)


async def breakdown(database: Database, by: By, since: int | None, until: int | None, project: str = "") -> Breakdown:
    """Return figures by name, of what began between two moments (nanoseconds), which are widened to whole hours.

    They are of a project, or of all.
    """
    reach = await reach_of(database, since, until, project)
    if reach is None:
        return Breakdown(None, [], [], complete=True)
    span = reach.span
    steps = steps_of(span)
    found = await figures_in(database, span, {by: step_width(span) if by == "error" else None}, project)
    if by == "error":
        known = await known_errors(database, span.first if since is not None else span.end - _NEW, project)
        groups = _error_groups(found.counted[by], steps, known)
    elif by == "score":
        groups = _score_groups(found.counted[by])
    else:
        groups = [Group(name, figures) for name, figures in by_name(found.counted[by]).items()]
    groups.sort(key=lambda group: (-group.figures.count, group.where, group.name))
    return Breakdown(span, steps, groups, found.complete)


async def hours_of_errors(
    database: Database, groups: Sequence[Group], steps: Sequence[Span], project: str = ""
) -> list[Span]:
    """Return from which hour on, and before which, there were the failures of these groups of a breakdown."""
    having = [[step for step, count in zip(steps, group.counts, strict=True) if count] for group in groups]
    names = [group.counted_by for group in groups]
    first = [Seen(each, of_group[0], is_first=True) for each, of_group in zip(names, having, strict=True)]
    last = [Seen(each, of_group[-1], is_first=False) for each, of_group in zip(names, having, strict=True)]
    await narrow(database, "error", [*first, *last], project)
    return [Span(one.hours.first, other.hours.end) for one, other in zip(first, last, strict=True)]


async def known_errors(database: Database, hour: int, project: str = "") -> set[tuple[str, ...]] | None:
    """Return what kinds of failures there were before an hour, None where there were no runs."""
    before = await figures_in(database, Span(-EVER // HOUR, hour), {"run": None, "error": None}, project)
    if not by_name(before.counted["run"]):
        return None
    return {error_group(name)[:2] for name in by_name(before.counted["error"])}


def _score_groups(counted: Iterable[Told]) -> list[Group]:
    sums: defaultdict[str, Figures] = defaultdict(lambda: Figures(durations={}))
    labels: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, figures in sorted(by_name(counted).items(), key=lambda one: (-one[1].count, one[0])):
        group = score_group(name)
        sums[group.name].add(figures)
        if group.label:
            labels[group.name][group.label] = figures.count
    return [Group(name, figures, labels=labels[name]) for name, figures in sums.items()]


def _error_groups(counted: Iterable[Told], steps: list[Span], known: set[tuple[str, ...]] | None) -> list[Group]:
    members: defaultdict[tuple[str, ...], list[Told]] = defaultdict(list)
    for told in counted:
        members[error_group(told.name)[:2]].append(told)
    groups = []
    for (where, line), told_of in members.items():
        sums = by_step(told_of, steps)
        total = Figures(durations={})
        for step in sums:
            total.add(step.figures)
        agents = sorted({error_group(told.name).agent for told in told_of} - {""})
        if total:
            counts = tuple(step.figures.count for step in sums)
            is_new = known is not None and (where, line) not in known
            names = tuple({told.name: None for told in told_of})
            groups.append(Group(line, total, where, tuple(agents), counts, is_new=is_new, counted_by=names))
    return groups
