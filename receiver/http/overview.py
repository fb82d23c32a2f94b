"""The routes of figures: of runs over time, and by agent, service, project, model, tool, error and score."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from mapping.calls.figures import HOUR, MILLIONTH, Figures
from mapping.times import EARLIEST, LATEST, NS, format_rfc3339
from receiver.http.answers import Answer, Count, Moment
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from receiver.http.parameters import BY, LIMIT, PERIOD, PROJECT
from storage.read import overview as reading
from storage.read.figures import Span

_Duration = Annotated[int | None, msgspec.Meta(description="nanoseconds, within 2%; null where nothing was counted")]


class Sums(Answer):
    """Of runs, calls or failures (`count`). `calls` are those of models, and of these some have no known cost."""

    count: Count
    failed: Count
    calls: Count
    unpriced_calls: Count
    input_tokens: Count
    output_tokens: Count
    cost_usd: float
    p50_duration_ns: _Duration
    p95_duration_ns: _Duration


class StepSums(Sums):
    start: Moment


class Overview(Sums):
    """Runs that began from `since` on and before `until`, which are whole hours; null where there are no runs."""

    since: Moment | None
    until: Moment | None
    earlier: Annotated[Count, msgspec.Meta(description="runs that began years before all others: not counted")]
    later: Annotated[Count, msgspec.Meta(description="runs that began years after all others: not counted")]
    steps: list[StepSums]


class Row(Sums):
    name: str


class ErrorRow(Answer):
    """Failures that differ in what differs from one time to the next, which `*` stands for.

    `where` is the call or step, `counts` has the number in each step, and `new` says that there were none before
    `since`, or before the last day where that is not given.
    """

    name: str
    where: str
    agent_ids: list[str]
    count: Count
    counts: list[Count]
    first_seen: Annotated[
        Moment, msgspec.Meta(description="the start of the hour in which the first run with one began")
    ]
    last_seen: Annotated[
        Moment,
        msgspec.Meta(description="the end of the hour in which the last run with one began, now if it is not over"),
    ]
    new: bool


class ScoreRow(Answer):
    """Scores of a name. The mean is that of the `valued` ones, which have a number, each to a millionth."""

    name: str
    count: Count
    valued: Count
    mean: float | None
    labels: dict[str, Count]


class Breakdown(Answer):
    """The rows that count most. `names` says how many there are, `complete` whether all were counted."""

    by: Literal["agent", "service", "project", "model", "tool", "error", "score"]
    since: Moment | None
    until: Moment | None
    steps: Annotated[list[Moment], msgspec.Meta(description="the starts of the steps that errors are counted in")]
    names: Count
    complete: bool
    rows: list[Row]
    errors: Annotated[list[ErrorRow], msgspec.Meta(description="instead of `rows`, where it is by error")]
    scores: Annotated[list[ScoreRow], msgspec.Meta(description="instead of `rows`, where it is by score")]


# What is counted in runs and calls.
_OF_RUNS = ("agent", "service", "project", "model", "tool")


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/overview", _overview), web.get("/api/v1/breakdown", _breakdown)]


@operation("Runs in a span of time, all together and over time", Overview, query=(*PERIOD, PROJECT))
async def _overview(request: web.Request, given: dict[str, Any]) -> web.Response:
    project = given["project"] or ""
    found = await reading.overview(stores(request).reader.database, given["since"], given["until"], project)
    steps = [StepSums(**_sums(step.figures), start=_moment(step.span.first)) for step in found.steps]
    told = Overview(**_sums(found.runs), **_ends(found.span), earlier=found.earlier, later=found.later, steps=steps)
    return json_answer(told)


@operation(
    "Figures by agent, service, project, model, tool, error or score, in a span of time",
    Breakdown,
    query=(BY, *PERIOD, PROJECT, LIMIT),
)
async def _breakdown(request: web.Request, given: dict[str, Any]) -> web.Response:
    by, database = given["by"], stores(request).reader.database
    found = await reading.breakdown(database, by, given["since"], given["until"], given["project"] or "")
    groups, of_errors = found.groups[: given["limit"]], by == "error"
    hours = await reading.hours_of_errors(database, groups, found.steps, given["project"] or "") if of_errors else []
    return json_answer(
        Breakdown(
            by=by,
            **_ends(found.span),
            steps=[_moment(step.first) for step in found.steps] if of_errors else [],
            names=len(found.groups),
            complete=found.complete,
            rows=[Row(**_sums(group.figures), name=group.name) for group in groups] if by in _OF_RUNS else [],
            errors=[_error(group, seen) for group, seen in zip(groups, hours, strict=True)] if of_errors else [],
            scores=[_score(group) for group in groups] if by == "score" else [],
        )
    )


def _score(group: reading.Group) -> ScoreRow:
    figures = group.figures
    mean = figures.value / figures.valued / MILLIONTH if figures.valued else None
    return ScoreRow(group.name, figures.count, figures.valued, mean, dict(group.labels))


def _error(group: reading.Group, seen: Span) -> ErrorRow:
    now = time.time_ns()
    is_going_on = (seen.end - 1) * HOUR <= now < seen.end * HOUR
    return ErrorRow(
        name=group.name,
        where=group.where,
        agent_ids=list(group.agents),
        count=group.figures.count,
        counts=list(group.counts),
        first_seen=_moment(seen.first),
        last_seen=format_rfc3339(now) if is_going_on else _moment(seen.end),
        new=group.is_new,
    )


def _sums(figures: Figures) -> dict[str, Any]:
    return {
        "count": figures.count,
        "failed": figures.failed,
        "calls": figures.calls,
        "unpriced_calls": figures.unpriced,
        "input_tokens": figures.input_tokens,
        "output_tokens": figures.output_tokens,
        "cost_usd": figures.cost / NS,
        "p50_duration_ns": figures.percentile(0.5),
        "p95_duration_ns": figures.percentile(0.95),
    }


def _ends(span: Span | None) -> dict[str, Any]:
    return {
        "since": None if span is None else _moment(span.first),
        "until": None if span is None else _moment(span.end),
    }


def _moment(hour: int) -> str:
    """Return the moment with which an hour begins; whole hours may reach past what can be written, at both ends."""
    return format_rfc3339(min(max(hour * HOUR, EARLIEST), LATEST))
