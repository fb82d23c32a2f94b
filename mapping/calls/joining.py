"""Which tellings tell of one call: the rules, tried in this order. Any order of the tellings gives the same groups.

1. `same span`: a log record or span event of a kind belongs to a span of that kind.
2. `response id`: model calls with the same id of a response. Records of one name with it are pieces of a stream, where
   only the last tells tokens, or each more than the one before.
3. `call id`: tool calls with the same id of the call.
4. `nested`: a span of a kind stands below a span of that kind and name, with nothing but wrappers between;
   or an agent's without a name, a turn of it, below the agent's.
5. `same moment`: a log record that names no span of its kind tells the same model and tokens, or the same tool, as a
   span of its trace or session at nearly the same moment; one to one. What tells no tokens tells the same answer. Two
   spans of two scopes that do not nest do so, too, one within the other's time: side by side, or in trees of their own.
6. `another trace`: a tool's span with no call around it lies within the time of a span of that tool in another trace of
   its session, as an MCP server's does that was not told its caller's trace; or a model's within one of another scope,
   with the same tokens; one to one.
7. `told twice`: two log records of different names, by one scope, tell the same model and tokens at nearly the same
   moment, and no span does; two by two.
8. `request and answer`: a record of what a model or a tool was asked and one that follows, of what it gave; one to one.

An id that a program gives to several calls is no id: calls of one scope that neither nest nor overlap are several.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mapping.calls import across_traces
from mapping.calls.alike import (
    NEAR,
    agree,
    distance,
    goes_on,
    is_answered,
    is_told_again,
    is_told_beside,
    may_be_one,
    names_agree,
    one_call,
    same_call,
    same_model,
)
from mapping.calls.groups import Groups, has_span
from mapping.calls.model import CALL_KINDS, Telling
from mapping.calls.spans import SpanTree

# How long after its request an answer may come, where each is a record of its own.
_ANSWERED_WITHIN = 300 * 10**9
# Answers that follow a request, among which its own is looked for.
_MOST_ANSWERS = 100
# Spans beside one that are looked at for telling of its call.
_MOST_BESIDE = 32
# An id that so many tellings share tells them apart no longer.
_MOST_OF_ONE_ID = 64


def join(tellings: Sequence[Telling], tree: SpanTree) -> Groups:
    """Join tellings of calls, which come in the order of their start and id. Returns groups of one kind each."""
    of_kind: dict[str, list[Telling]] = {kind: [] for kind in CALL_KINDS}
    for telling in tellings:
        if telling.kind in of_kind:
            of_kind[telling.kind].append(telling)
    groups = Groups([telling for kind in CALL_KINDS for telling in of_kind[kind]])
    for kind in CALL_KINDS:
        _by_span(of_kind[kind], tree, groups)
    _by_id(of_kind["model"], "response_id", "response id", tree, groups)
    _by_id(of_kind["tool"], "call_id", "call id", tree, groups)
    for kind in CALL_KINDS:
        _beside(of_kind[kind], tree, groups)
    for kind in CALL_KINDS:
        _by_nesting(of_kind[kind], tree, groups)
    sessions = _session_of_traces(tellings)
    _by_moment(of_kind["model"], sessions, tree, groups)
    _by_moment(of_kind["tool"], sessions, tree, groups)
    across_traces.join_tools(of_kind["tool"], sessions, tree, groups)
    across_traces.join_models(of_kind["model"], sessions, tree, groups)
    _told_twice(of_kind["model"], groups)
    _requests(of_kind["model"], groups)
    _results(of_kind["tool"], groups)
    return groups


def _by_span(tellings: Iterable[Telling], tree: SpanTree, groups: Groups) -> None:
    for telling in tellings:
        span = tree.parent(telling) if telling.signal != "span" else None
        if span is not None and span.kind == telling.kind and agree(telling, span):
            groups.join(span, telling, "same span")


def _by_id(tellings: Iterable[Telling], field: str, rule: str, tree: SpanTree, groups: Groups) -> None:
    buckets: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        if (value := getattr(telling, field)) is not None:
            buckets[value].append(telling)
    for bucket in buckets.values():
        if 1 < len(bucket) <= _MOST_OF_ONE_ID:
            _by_one_id(bucket, rule, tree, groups)


def _by_one_id(bucket: Sequence[Telling], rule: str, tree: SpanTree, groups: Groups) -> None:
    spans = [telling for telling in bucket if telling.signal == "span"]
    for place, one in enumerate(spans):
        for other in spans[place + 1 :]:
            if not groups.joined(one, other) and one_call(one, other, tree):
                groups.join(one, other, rule)
    for telling in bucket:
        if telling.signal == "span" or has_span(groups.members(telling)):
            continue
        others = spans or [other for other in bucket if other is not telling and other.event_name != telling.event_name]
        others = [other for other in others if names_agree(telling, other)]
        if others:
            nearest = min(others, key=lambda other: (distance(telling.start, other), other.start, other.id))
            groups.join(nearest, telling, rule)
    pieces = [telling for telling in bucket if telling.signal != "span" and not has_span(groups.members(telling))]
    for piece, following in itertools.pairwise(sorted(pieces, key=lambda piece: (piece.end, piece.order, piece.id))):
        if goes_on(piece, following):
            groups.join(piece, following, rule)


def _beside(tellings: Iterable[Telling], tree: SpanTree, groups: Groups) -> None:
    """Join spans of two scopes that tell of the same at the same time: two instrumentations of one program."""
    of_trace: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        if telling.signal == "span":
            of_trace[telling.trace_id].append(telling)
    for spans in of_trace.values():
        if len({span.scope for span in spans}) < 2:
            continue
        for place, span in enumerate(spans):
            for before in reversed(spans[max(place - _MOST_BESIDE, 0) : place]):
                if before.scope == span.scope or not is_told_beside(before, span):
                    continue
                if not _shares_scope(before, span, groups) and not tree.nested(before, span):
                    groups.join(before, span, "same moment")
                    break


def _shares_scope(one: Telling, other: Telling, groups: Groups) -> bool:
    """Return whether spans are joined, or one of them is with a span of the other's scope."""
    if groups.joined(one, other):
        return True
    scopes = [{member.scope for member in groups.members(span) if member.signal == "span"} for span in (one, other)]
    return not scopes[0].isdisjoint(scopes[1])


def _by_nesting(tellings: Sequence[Telling], tree: SpanTree, groups: Groups) -> None:
    """Join spans with the span of their kind above them, unless that one holds several calls."""
    below: defaultdict[str, list[Telling]] = defaultdict(list)
    holders: dict[str, Telling] = {}
    for telling in tellings:
        if telling.signal != "span":
            continue
        holder = next((span for span in tree.above(telling) if span.kind in CALL_KINDS), None)
        if holder is None or holder.kind != telling.kind or not same_call(holder, telling):
            continue
        holders[holder.id] = holder
        below[holder.id].append(telling)
    for holder_id, inner in sorted(below.items(), key=lambda item: -tree.depth(holders[item[0]])):
        holder = holders[holder_id]
        for telling in inner:
            if telling.kind == "agent" and telling.name is None and holder.name is not None:
                groups.join(holder, telling, "nested")  # its turn, as OpenLIT has those of OpenAI's agents
        if len({groups.root(telling) for telling in inner} - {groups.root(holder)}) > 1:
            # It stands around several calls: a loop, or attempts. They tell for themselves.
            groups.around.add(holder.id)
            continue
        for telling in inner:
            groups.join(holder, telling, "nested")


def _by_moment(tellings: Sequence[Telling], sessions: dict[str, str], tree: SpanTree, groups: Groups) -> None:
    """Join records that name no span of their kind with a span of their trace or session, one to one."""
    loose = [telling for telling in tellings if telling.signal in ("log", "json") and _is_loose(telling, groups)]
    if not loose:
        return
    spans: defaultdict[tuple[str, str], list[Telling]] = defaultdict(list)
    for telling in tellings:
        if telling.signal == "span":
            spans["trace", telling.trace_id].append(telling)
            if (session_id := telling.session_id or sessions.get(telling.trace_id)) is not None:
                spans["session", session_id].append(telling)
    pairs = list(_pairs(loose, spans, tree))
    for _, record, span in sorted(pairs, key=lambda pair: pair[0]):
        if _is_loose(record, groups) and all(_slot(member) != _slot(record) for member in groups.members(span)):
            groups.join(span, record, "same moment")


def _pairs(
    loose: Iterable[Telling], spans: Mapping[tuple[str, str], list[Telling]], tree: SpanTree
) -> Iterator[tuple[tuple[bool, int, int, str, str], Telling, Telling]]:
    """Iterate over records and the spans that may tell of the same call, each with how far apart they are."""
    for record in loose:
        near = {span.id: span for span in spans.get(("trace", record.trace_id), ())}
        if record.session_id is not None:
            near |= {span.id: span for span in spans.get(("session", record.session_id), ())}
        for span in near.values():
            apart_by = distance(record.end, span)
            if apart_by <= NEAR and may_be_one(record, span):
                named = tree.parent(record)
                apart = named is not None and all(above is not named for above in tree.above(span))
                yield (apart, apart_by, record.end, record.id, span.id), record, span


def _slot(telling: Telling) -> tuple[bool, str | None, bool]:
    """Return what a call has one of: its request's record of a name, and its answer's."""
    return telling.signal == "span", telling.event_name, is_answered(telling)


def _session_of_traces(tellings: Iterable[Telling]) -> dict[str, str]:
    """Return the session of each trace that has one, and no more."""
    of_trace: defaultdict[str, set[str]] = defaultdict(set)
    for telling in tellings:
        if telling.session_id is not None:
            of_trace[telling.trace_id].add(telling.session_id)
    return {trace_id: next(iter(roles)) for trace_id, roles in of_trace.items() if len(roles) == 1}


def _is_loose(telling: Telling, groups: Groups) -> bool:
    return not has_span(groups.members(telling))


def _told_twice(models: Iterable[Telling], groups: Groups) -> None:
    """Join records by which a program tells of one call under two names, where no span tells of it."""
    alike: defaultdict[tuple[str | int | None, ...], list[Telling]] = defaultdict(list)
    for telling in models:
        if telling.signal == "log" and telling.scope and telling.tokens is not None and _is_loose(telling, groups):
            place = telling.trace_id, telling.parent_span_id, telling.scope
            alike[*place, telling.tokens.input, telling.tokens.output].append(telling)
    for records in alike.values():
        alone: list[Telling] = []
        for record in sorted(records, key=lambda record: (record.end, record.order, record.id)):
            if alone and is_told_again(alone[-1], record):
                groups.join(alone.pop(), record, "told twice")
            else:
                alone.append(record)


def _requests(models: Sequence[Telling], groups: Groups) -> None:
    """Join records of a request, which tell neither tokens nor an answer, with the answer that follows."""
    hollow = [
        telling
        for telling in models
        if telling.signal in ("log", "json") and not any(is_answered(member) for member in groups.members(telling))
    ]
    if not hollow:
        return
    answers: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in models:
        if is_answered(telling):
            answers[telling.session_id or telling.trace_id].append(telling)
    for following in answers.values():
        following.sort(key=lambda answer: (answer.end, answer.order, answer.id))
    taken: set[tuple[str, str | None]] = set()
    for request in hollow:
        following = answers.get(request.session_id or request.trace_id, [])
        for _, answer in _following(following, request.start, lambda answer: answer.end):
            key = (groups.root(answer), request.event_name)
            if key in taken or groups.joined(request, answer) or not same_model(request.name, answer.name):
                continue
            if not request.failed and has_span(groups.members(request)) <= has_span(groups.members(answer)):
                groups.join(answer, request, "request and answer")
                taken.add((groups.root(answer), request.event_name))
                break


def _results(tools: Sequence[Telling], groups: Groups) -> None:
    """Join records of a tool's arguments alone with the record that follows of its result alone, one to one."""
    records = [telling for telling in tools if telling.signal in ("log", "json") and len(groups.members(telling)) == 1]
    ends: defaultdict[tuple[str, str | None], list[Telling]] = defaultdict(list)
    for record in records:
        if record.arguments is None and (record.result is not None or record.failed):
            ends[record.session_id or record.trace_id, record.name].append(record)
    for following in ends.values():
        following.sort(key=lambda end: (end.start, end.order, end.id))
    for record in records if ends else ():
        if record.arguments is None or record.result is not None or record.failed:
            continue
        following = ends.get((record.session_id or record.trace_id, record.name), [])
        for index, end in _following(following, record.end, lambda end: end.start):
            if record.call_id == end.call_id or None in (record.call_id, end.call_id):
                groups.join(record, end, "request and answer")
                del following[index]
                break


def _following(
    answers: Sequence[Telling], asked: int, moment: Callable[[Telling], int]
) -> Iterator[tuple[int, Telling]]:
    """Yield the first answers, given by their moment, that may be to what was asked then, each with its place."""
    place = bisect_left(answers, asked, key=moment)
    for index, answer in enumerate(answers[place : place + _MOST_ANSWERS], place):
        if moment(answer) > asked + _ANSWERED_WITHIN:
            return
        yield index, answer
