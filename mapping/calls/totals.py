"""Sums over calls: each counts once, and an agent only where nothing below it tells its tokens."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from mapping.calls.model import Call, Telling, Tokens, Totals
from mapping.calls.nesting import Nesting

# Calls of models within an agent's time that are added up.
_MOST_WITHIN = 1_000


def mark_counted(calls: Sequence[Call], nesting: Nesting) -> None:
    """Set `counts` on the calls whose tokens and cost are summed up.

    A model's call counts, unless it stands for a loop of calls and the agent around it has the sum. An agent's sum
    counts where no call below it, and no agent around it, counts tokens: it is the only one that knows.
    """
    told: set[str] = set()
    for call in calls:
        if call.kind == "model":
            above = list(nesting.parents(call))
            call.counts = not (call.partial and any(_has_tokens(one) for one in above if one.kind == "agent"))
            if call.counts and _has_tokens(call):
                told.update(one.id for one in above)
    agents = [call for call in calls if call.kind == "agent" and _has_tokens(call) and call.id not in told]
    # Of agents within each other the outermost tells the sum.
    names = {call.id for call in agents}
    elsewhere = _sums_elsewhere(calls, agents)
    for call in agents:
        is_outermost = all(above.id not in names for above in nesting.parents(call))
        call.counts = is_outermost and (call.tokens.input, call.tokens.output) not in elsewhere[call.id]


def _sums_elsewhere(calls: Sequence[Call], agents: Iterable[Call]) -> dict[str, set[tuple[int, int]]]:
    """Return for each agent what models used within its time in other traces of its session, by trace.

    A program and the one that it runs tell of the same calls in traces of their own.
    """
    models: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.kind == "model" and call.counts and call.session_id is not None:
            models[call.session_id].append(call)
    elsewhere: dict[str, set[tuple[int, int]]] = {}
    for agent in agents:
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        of_session = models.get(agent.session_id or "", [])
        first = bisect_left(of_session, agent.start, key=lambda call: call.start)
        for call in of_session[first : first + _MOST_WITHIN]:
            if call.start > agent.end:
                break
            if call.trace_id != agent.trace_id and call.end <= agent.end:
                sums[call.trace_id][0] += call.tokens.input or 0
                sums[call.trace_id][1] += call.tokens.output or 0
        elsewhere[agent.id] = {(used[0], used[1]) for used in sums.values()}
    return elsewhere


def _has_tokens(call: Call) -> bool:
    return call.tokens != Tokens()


def add(totals: Totals, call: Call) -> None:
    """Add a call to sums."""
    totals.models += call.kind == "model"
    totals.tools += call.kind == "tool"
    totals.agents += call.kind == "agent"
    totals.errors += call.fails_first
    if not call.counts:
        return
    totals.input_tokens += call.tokens.input or 0
    totals.output_tokens += call.tokens.output or 0
    totals.cache_read_tokens += call.tokens.cache_read or 0
    totals.cache_write_tokens += call.tokens.cache_write or 0
    totals.reasoning_tokens += call.tokens.reasoning or 0
    totals.cost += call.cost or 0
    totals.unpriced += call.cost is None and call.status != "error"


def sums(
    calls: Iterable[Call], errors: Iterable[Telling]
) -> tuple[Totals, dict[str, Totals], dict[tuple[str, str], Totals]]:
    """Return the sums over all calls, those of each trace, and those of each session in a trace, `(session, trace)`."""
    whole = Totals()
    by_trace: dict[str, Totals] = {}
    by_session: dict[tuple[str, str], Totals] = {}
    for call in calls:
        for totals in _places(call, whole, by_trace, by_session):
            add(totals, call)
    for error in errors:
        for totals in _places(error, whole, by_trace, by_session):
            totals.errors += 1
    return whole, by_trace, by_session


def _places(
    one: Call | Telling, whole: Totals, by_trace: dict[str, Totals], by_session: dict[tuple[str, str], Totals]
) -> Iterable[Totals]:
    yield whole
    yield by_trace.setdefault(one.trace_id, Totals())
    if one.session_id is not None:
        yield by_session.setdefault((one.session_id, one.trace_id), Totals())
