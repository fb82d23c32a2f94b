"""What happened, from what was sent: one pure function of the set of tellings.

Everything that counts, shows, filters or searches what agents did uses its result. In which order the events arrived,
how they were split over requests and how often they were delivered cannot matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from mapping.calls.building import call_of
from mapping.calls.failures import mark_failures
from mapping.calls.groups import Groups
from mapping.calls.joining import join
from mapping.calls.model import CALL_KINDS, Call, Run, Telling
from mapping.calls.nesting import Nesting, trace_agents
from mapping.calls.scores import scores_of
from mapping.calls.spans import SpanTree
from mapping.calls.tool_messages import settle_tools
from mapping.calls.totals import mark_counted, sums

# Raised with each change of what comes out: what an older version wrote is made anew.
INTERPRETATION_VERSION = 13

# Spans of what a run has used in all, beside those of its calls; older versions of OpenClaw have the sum alone.
_SUMS = ("openclaw.model.usage",)

# Gives a model's call its cost (`cost`, `cost_from`, `price`) where it was not told.
Price = Callable[[Call], None]


def interpret(tellings: Iterable[Telling], price: Price = lambda _call: None) -> Run:
    """Interpret the tellings of a trace, or of traces that share a session. `price` prices calls without a cost."""
    once = sorted({telling.id: telling for telling in tellings}.values(), key=_moment)
    ordered = _without_sums(_without_control_flow(once))
    tree = SpanTree(ordered)
    groups = join(ordered, tree)
    notes = _notes(ordered, tree, groups)
    calls = sorted(
        (
            call_of(members, [note for member in members for note in notes.get(member.id, ())], tree, groups.rules)
            for members in (_telling(members, groups) for members in groups.all())
            if members
        ),
        key=lambda call: (call.start, -call.end, call.id),
    )
    settle_tools(calls)
    nesting = Nesting(ordered, calls, tree)
    _settle_sessions(calls, ordered, nesting, tree)
    _settle_agents(calls, ordered, nesting)
    for call in calls:
        if call.kind == "model" and call.cost is None:
            price(call)
    errors = mark_failures(calls, ordered, nesting, tree)
    mark_counted(calls, nesting)
    totals, by_trace, by_session = sums(calls, errors)
    return Run(
        calls=calls,
        totals=totals,
        by_trace=by_trace,
        by_session=by_session,
        agent_of=_agents_of_events(ordered, nesting),
        call_of={event_id: call.id for event_id, call in nesting.call_by_event.items()},
        statements=_statements(ordered, calls, nesting, tree),
        errors=errors,
        waiting=_waiting(ordered, nesting, tree),
        scores=scores_of(ordered, calls, nesting, tree),
    )


def _without_control_flow(tellings: list[Telling]) -> list[Telling]:
    """Return tellings in which a span that says only that it failed has not, where all its exceptions are no failures.

    Its status is then what a person is waited for with, or what another agent goes on by.
    """
    events: defaultdict[tuple[str, str | None], list[Telling]] = defaultdict(list)
    for telling in tellings:
        if telling.kind == "error" and telling.signal == "span_event":
            events[telling.trace_id, telling.parent_span_id].append(telling)
    if all(any(event.failed for event in noted) for noted in events.values()):
        return tellings
    return [
        msgspec.structs.replace(telling, failed=False, waits=any(event.waits for event in noted))
        if telling.failed
        and telling.signal == "span"
        and telling.failure is None
        and (noted := events.get((telling.trace_id, telling.span_id)))
        and not any(event.failed for event in noted)
        else telling
        for telling in tellings
    ]


def _without_sums(tellings: list[Telling]) -> list[Telling]:
    """Return tellings of which those that sum up what others of their trace tell call by call tell nothing."""
    if not any(telling.event_name in _SUMS for telling in tellings):
        return tellings
    told = {
        (telling.trace_id, telling.scope)
        for telling in tellings
        if telling.kind == "model" and telling.event_name not in _SUMS
    }
    return [
        msgspec.structs.replace(telling, kind="none", tokens=None, cost=None)
        if telling.event_name in _SUMS and (telling.trace_id, telling.scope) in told
        else telling
        for telling in tellings
    ]


def _statements(tellings: Iterable[Telling], calls: Iterable[Call], nesting: Nesting, tree: SpanTree) -> list[Telling]:
    """Return messages that are records by themselves. What a wrapper notes is said by the calls of models below it."""
    around = {
        span.id for call in calls if call.kind == "model" and call.sent for span in tree.above(nesting.telling(call.id))
    }
    return [
        telling
        for telling in tellings
        if telling.kind == "statement"
        and telling.id not in nesting.call_by_event
        and not (telling.signal == "span_event" and (span := tree.parent(telling)) is not None and span.id in around)
    ]


def _waiting(tellings: Iterable[Telling], nesting: Nesting, tree: SpanTree) -> list[Telling]:
    """Return the innermost wrappers and records that wait for a person, each once."""
    waiting = [telling for telling in tellings if telling.waits]
    # A span says it once more in an event of its own.
    holders = {telling.id: (tree.parent(telling) if telling.signal == "span_event" else None) for telling in waiting}
    outer = {span.id for telling in waiting for span in tree.above(holders[telling.id] or telling)}
    found = {
        (holder or telling).id: telling
        for telling in waiting
        if telling.id not in nesting.call_by_event and telling.kind != "statement"
        for holder in [holders[telling.id]]
        if (holder or telling).id not in outer
    }
    return list(found.values())


def _moment(telling: Telling) -> tuple[int, int, str]:
    return telling.start, telling.order, telling.id


def _telling(members: Sequence[Telling], groups: Groups) -> list[Telling]:
    """Leave out spans that stand around several calls: they are none themselves."""
    return [telling for telling in members if telling.id not in groups.around]


def _notes(tellings: Iterable[Telling], tree: SpanTree, groups: Groups) -> dict[str, list[Telling]]:
    """Return what is an event of a call's span, or a record that names it, by the id of the span's telling.

    Messages belong to the call; a failure does where its span has failed, for it may have been caught.
    """
    notes: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        if telling.signal == "span" or telling.kind in CALL_KINDS:
            continue
        span = tree.parent(telling)
        if span is None or span.kind not in CALL_KINDS or span.id in groups.around:
            continue
        is_event = telling.signal == "span_event"
        if telling.kind == "error":
            # One that was caught is none; what gave nothing back was not.
            gave_nothing = span.kind != "agent" and span.result is None and not span.answered
            if span.failed or span.waits or (is_event and gave_nothing):
                notes[span.id].append(telling)
        elif is_event or (telling.kind == "statement" and span.kind != "agent"):
            notes[span.id].append(telling)
    return notes


def _settle_sessions(calls: Sequence[Call], tellings: Iterable[Telling], nesting: Nesting, tree: SpanTree) -> None:
    """Return calls without a session that of the spans around them, else the only one of their trace."""
    of_trace: defaultdict[str, set[str]] = defaultdict(set)
    for telling in tellings:
        if telling.session_id is not None:
            of_trace[telling.trace_id].add(telling.session_id)
    for call in calls:
        if call.session_id is None:
            around: tuple[Call | Telling, ...] = (*tree.above(nesting.telling(call.id)), *nesting.parents(call))
            call.session_id = next((above.session_id for above in around if above.session_id is not None), None)
        if call.session_id is None and len(of_trace[call.trace_id]) == 1:
            (call.session_id,) = of_trace[call.trace_id]


def _settle_agents(calls: Sequence[Call], tellings: Iterable[Telling], nesting: Nesting) -> None:
    """Return each call its agent: the nearest around it by name, else its own word, else its trace's, else a guess."""
    by_trace = trace_agents(calls)
    fallbacks: dict[str, str] = {}
    services: dict[str, str] = {}
    named: dict[str, str] = {}
    for telling in tellings:
        if telling.agent_fallback is not None:
            fallbacks.setdefault(telling.trace_id, telling.agent_fallback)
        if telling.agent is not None:
            named.setdefault(telling.trace_id, telling.agent)
        if telling.service is not None:
            services.setdefault(telling.trace_id, telling.service)
    for call in calls:
        place = call.trace_id
        call.agent = (
            nesting.agent_name(call)
            or call.agent
            or by_trace.get(place)
            or named.get(place)
            or fallbacks.get(place)
            or services.get(place)
        )


def _agents_of_events(tellings: Iterable[Telling], nesting: Nesting) -> dict[str, str]:
    """Return the agent of each event that stands in or below an agent with a name, or names one itself."""
    roles: dict[str, str] = {}
    for telling in tellings:
        around = nesting.around(telling)
        name = None if around is None else nesting.agent_name(around)
        if name := name or telling.agent:
            roles[telling.id] = name
    return roles
