"""What a trace adds to counts by time: of runs, and by agent, service, project, model, tool, error and score.

Durations are counted in buckets of which each is 4% wider than the one before, so that a percentile is within 2% of
what it is among the durations themselves. Figures can be added and taken away again, in any order.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec

from mapping.calls.headlines import failures
from mapping.calls.model import Call, Score, Telling, Totals
from mapping.calls.totals import add
from mapping.values import INT64_MAX, INT64_MIN

# What is counted: runs, all together, by service, project and each agent that took part; calls by model and tool;
# failures; scores.
By = Literal["run", "agent", "service", "project", "model", "tool", "error", "score"]
BY: tuple[By, ...] = get_args(By)

HOUR = 3600 * 10**9
# A bucket's upper bound is this much more than its lower one.
_WIDTH = math.log(1.04)
# What a call may add at most to tokens and cost, so that sums stay numbers of 64 bits; nobody has so many.
_MOST_TOKENS, _MOST_COST = 10**12, 10**15
# Parts of 1 in which scores are added up.
MILLIONTH = 10**6
# Names are cut after so many characters; of a trace so many of each kind are told apart, the others are one.
NAME_LENGTH, _NAMES, OTHERS = 500, 200, "(others)"


class Figures(msgspec.Struct, array_like=True):
    """Counts and sums. `calls` are calls of models, `unpriced` those of them without a known cost (in nano US dollars).

    `count` is of what is counted: runs, calls or failures; `failed` of those of them that failed. `durations` has how
    many took how long, by bucket. Of scores `valued` have a number, which add up to `value`, in millionths.
    """

    count: int = 0
    failed: int = 0
    calls: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    durations: dict[int, int] = {}
    valued: int = 0
    value: int = 0

    def add(self, other: Figures, times: int = 1) -> None:
        """Add other figures, or take them away (`times` is -1). Sums stay within 64 bits."""
        for field in _SUMS:
            total = getattr(self, field) + times * getattr(other, field)
            setattr(self, field, min(max(total, INT64_MIN), INT64_MAX))
        for bucket, count in other.durations.items():
            left = self.durations.get(bucket, 0) + times * count
            if left:
                self.durations[bucket] = left
            else:
                self.durations.pop(bucket, None)

    def __bool__(self) -> bool:
        return bool(self.durations) or any(getattr(self, field) for field in _SUMS)

    def percentile(self, share: float) -> int | None:
        """Return a duration in nanoseconds that this share of all did not exceed, None where there is none."""
        total = sum(self.durations.values())
        if total <= 0:
            return None
        wanted = max(math.ceil(share * total), 1)
        for bucket in sorted(self.durations):
            wanted -= self.durations[bucket]
            if wanted <= 0:
                return duration_of(bucket)
        return duration_of(max(self.durations))


_SUMS = ("count", "failed", "calls", "unpriced", "input_tokens", "output_tokens", "cost", "valued", "value")


def bucket_of(duration: int) -> int:
    """Return the bucket of a duration in nanoseconds; 0 is that of no time at all."""
    return 0 if duration <= 0 else 1 + math.floor(math.log(duration) / _WIDTH)


def duration_of(bucket: int) -> int:
    """Return the middle of a bucket, in nanoseconds."""
    return 0 if bucket <= 0 else round(math.exp((bucket - 0.5) * _WIDTH))


class Counted(msgspec.Struct, array_like=True):
    """Figures of one name of a kind, in the hour that begins at `hour` (hours since 1970).

    They are of all there is, "", or of a project alone.
    """

    by: By
    name: str
    hour: int
    figures: Figures
    project: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Counted]).decode


def packed(counted: Sequence[Counted]) -> bytes:
    return _encode(counted)


def unpacked(told: bytes) -> list[Counted]:
    return _decode(told)


class ErrorGroup(NamedTuple):
    """Failures that are the same but for what differs from one time to the next: where they arise, and what went wrong.

    They are counted by agent, too, by a name of these three lines.
    """

    where: str
    line: str
    agent: str


def error_group(name: str) -> ErrorGroup:
    """Return what the name of a kind of failure says."""
    where, line, agent, *_ = [*name.split("\n"), "", ""]
    return ErrorGroup(where, line, agent)


class ScoreGroup(NamedTuple):
    """Scores of a name, with one label; "" is none."""

    name: str
    label: str


def score_group(name: str) -> ScoreGroup:
    """Return what the name of a kind of score says."""
    return ScoreGroup(*[*name.split("\n"), ""][:2])


class Outcome(msgspec.Struct, kw_only=True):
    """What is counted of a trace by itself. Moments are nanoseconds."""

    start: int
    took: int
    failed: bool
    is_run: bool
    service: str | None
    agents: Sequence[str]
    project: str | None = None


def figures_of(
    trace: Outcome, calls: Sequence[Call], errors: Iterable[Telling], scores: Iterable[Score] = ()
) -> list[Counted]:
    """Return what a trace adds, to all and to its project.

    Runs, their failures and scores count at the trace's start, calls at their own.
    """
    counts: defaultdict[tuple[By, str, int], Figures] = defaultdict(lambda: Figures(durations={}))
    told_apart = {by: _name_of() for by in BY}

    def at(by: By, name: str, moment: int) -> Figures:
        return counts[by, told_apart[by](name), moment // HOUR]

    def ran(by: By, name: str) -> Figures:
        figures = at(by, name, trace.start)
        figures.add(Figures(count=1, failed=int(trace.failed), durations={bucket_of(trace.took): 1}))
        return figures

    of_runs = []
    if trace.is_run:
        named: tuple[tuple[By, str | None], ...] = ("service", trace.service), ("project", trace.project)
        of_runs = [ran("run", ""), *(ran(by, name) for by, name in named if name)]
    of_agents = {agent: ran("agent", agent) for agent in dict.fromkeys(trace.agents)} if trace.is_run else {}
    for call in calls:
        spent = _spent(call)
        for figures in (*of_runs, *([of_agents[call.agent]] if call.agent in of_agents else [])):
            figures.add(spent)
        if call.kind != "agent" and call.name:
            own = Figures(count=1, failed=int(call.status == "error"), durations={bucket_of(call.end - call.start): 1})
            own.add(spent)
            at(call.kind, call.name, call.start).add(own)
    main = next(iter(trace.agents), None)
    for failed in failures(calls, errors):
        what = failed.line if failed.line == f"{failed.where} failed" else folded(failed.line)
        name = ErrorGroup(failed.where, what, failed.agent or main or "")
        at("error", "\n".join(name), trace.start).add(Figures(count=1))
    for score in scores:
        group = ScoreGroup(score.name, score.label or "")
        at("score", "\n".join(group), trace.start).add(_of_score(score))
    projects = ("", trace.project[:NAME_LENGTH]) if trace.project else ("",)
    return [Counted(*key, figures, project) for project in projects for key, figures in sorted(counts.items())]


def _of_score(score: Score) -> Figures:
    if score.value is None:
        return Figures(count=1)
    return Figures(count=1, valued=1, value=round(score.value * MILLIONTH))


def _name_of() -> Callable[[str], str]:
    """Return what tells so many names apart, cut, and calls all that come after them by one."""
    known: set[str] = set()

    def name_of(name: str) -> str:
        name = name[:NAME_LENGTH]
        if name in known or len(known) < _NAMES:
            known.add(name)
            return name
        return OTHERS

    return name_of


def _spent(call: Call) -> Figures:
    """Return what a call adds to tokens and cost, by the rules of all sums."""
    sums = Totals()
    add(sums, call)
    return Figures(
        calls=sums.models,
        unpriced=sums.unpriced,
        input_tokens=_within(sums.input_tokens, _MOST_TOKENS),
        output_tokens=_within(sums.output_tokens, _MOST_TOKENS),
        cost=_within(sums.cost, _MOST_COST),
    )


def _within(number: int, most: int) -> int:
    return min(max(number, 0), most)


# What differs from one time to the next: ids, numbers, moments, quoted values, addresses and paths.
_VARIABLE = re.compile(
    r"""
    https?://\S+ | (?<![\w.])/[\w.@%+-]+(?:/[\w.@%+-]*)+                       # an address, a path
    | (?<!\w)'[^']*'(?!\w) | "[^"]*" | `[^`]*`                                 # what is quoted
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b | \b0x[0-9a-f]+\b        # a UUID, an address in memory
    | \b(?=[\w-]*[0-9])[\w-]*[0-9][\w-]*(?:[.:][0-9]\w*)*                      # a word with a digit: an id, a number
    """,
    re.VERBOSE | re.IGNORECASE,
)


# A number that says what went wrong stays: HTTP 429, status code: 503.
_CODE = re.compile(r"(?:http(?:/[\d.]+)?|status|code|error)\W{0,3}$", re.IGNORECASE)


def folded(line: str) -> str:
    """Return what went wrong with `*` in the place of what differs from one time to the next."""

    def fold(found: re.Match[str]) -> str:
        is_code = re.fullmatch("[0-9]{3}", found[0]) and _CODE.search(line[max(found.start() - 16, 0) : found.start()])
        return found[0] if is_code else "*"

    return re.sub(r"\*(?:[\s,;/]*\*)+", "*", _VARIABLE.sub(fold, line))
