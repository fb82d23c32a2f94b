"""Which tellings tell of one call: the rules, tried in this order. Any order of the tellings gives the same groups.

1. `same span`: a log record or span event of a kind belongs to a span of that kind.
2. `response id`: model calls with the same id of a response. Records of one name with it are pieces of a stream, where
   only the last tells tokens, or each more than the one before.
3. `call id`: tool calls with the same id of the call.
4. `nested`: a span of a kind stands below a span of that kind and name, with nothing but wrappers between.
5. `same moment`: a log record that names no span of its kind tells the same model and tokens, or the same tool, as a
   span of its trace or session at nearly the same moment; one to one. What tells no tokens tells the same answer.
6. `another trace`: a tool's span with no call around it lies within the time of a span of that tool in another trace of
   its session, as an MCP server's does that was not told its caller's trace; one to one.
7. `told twice`: two log records of different names, by one scope, tell the same model and tokens at nearly the same
   moment, and no span does; two by two.

An id that a program gives to several calls is no id: calls of one scope that neither nest nor overlap are several.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mapping.calls.model import CallKind, Telling, Tokens
from mapping.calls.spans import SpanTree

CALL_KINDS: tuple[CallKind, ...] = ("model", "tool", "agent")

# How far a log record may lie from the span that tells of the same call, in nanoseconds.
_NEAR = 5 * 10**9
# How long after its request an answer may come, where each is a record of its own.
_ANSWERED_WITHIN = 300 * 10**9
# What Bedrock and pydantic-ai put before a model's name: `us.anthropic.`, `openai:`.
_PROVIDER = re.compile(r"\A(?:[a-z]+[.:])+(?=[a-z])")
# How spans of MCP's calls of tools begin, and what stands between a server's name and a tool's.
_MCP_CALL = ("tools/call", "MCP send tools/call")
_SEPARATORS = frozenset("_-.:/")
_LONGEST_NAME = 200
# Spans beside one that are looked at for telling of its call.
_MOST_BESIDE = 16
# An id that so many tellings share tells them apart no longer.
_MOST_OF_ONE_ID = 64


class Groups:
    """Tellings that are joined, by union-find; each join remembers its rule under the telling that it brought in."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self._parent = {telling.id: telling.id for telling in tellings}
        self._members = {telling.id: [telling] for telling in tellings}
        self.rules: dict[str, str] = {}
        # Spans that stand around several calls of their kind, and are none themselves.
        self.around: set[str] = set()

    def root(self, telling: Telling) -> str:
        at = telling.id
        while (above := self._parent[at]) != at:
            self._parent[at] = at = self._parent[above]
        return at

    def joined(self, one: Telling, other: Telling) -> bool:
        return self.root(one) == self.root(other)

    def members(self, telling: Telling) -> list[Telling]:
        return self._members[self.root(telling)]

    def join(self, one: Telling, other: Telling, rule: str) -> None:
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        if (len(self._members[first]), second) < (len(self._members[second]), first):
            first, second = second, first
        self._parent[second] = first
        moved = self._members.pop(second)
        self._members[first] += moved
        self.rules.setdefault(other.id, rule)
        self.rules.setdefault(one.id, rule)

    def all(self) -> Iterator[list[Telling]]:
        yield from self._members.values()


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
    _siblings(of_kind["model"], groups)
    for kind in CALL_KINDS:
        _by_nesting(of_kind[kind], tree, groups)
    sessions = _session_of_traces(tellings)
    _by_moment(of_kind["model"], sessions, tree, groups)
    _by_moment(of_kind["tool"], sessions, tree, groups)
    _across_traces(of_kind["tool"], sessions, tree, groups)
    _told_twice(of_kind["model"], groups)
    _requests(of_kind["model"], groups)
    return groups


def _by_span(tellings: Iterable[Telling], tree: SpanTree, groups: Groups) -> None:
    for telling in tellings:
        span = tree.parent(telling) if telling.signal != "span" else None
        if span is not None and span.kind == telling.kind and _agree(telling, span):
            groups.join(span, telling, "same span")


def _agree(record: Telling, span: Telling) -> bool:
    """Return whether a record may be of the span that it names: some name the span around all that they tell of."""
    apart = None not in (record.call_id, span.call_id) and record.call_id != span.call_id
    if apart or not _names_agree(record, span):
        return False
    if record.tokens is None or span.tokens is None:
        return True
    # One of them may leave the cache out.
    return record.tokens.input == span.tokens.input or record.tokens.output == span.tokens.output


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
            if not groups.joined(one, other) and _one_call(one, other, tree):
                groups.join(one, other, rule)
    for telling in bucket:
        if telling.signal == "span" or _has_span(groups.members(telling)):
            continue
        others = spans or [other for other in bucket if other is not telling and other.event_name != telling.event_name]
        others = [other for other in others if _names_agree(telling, other)]
        if others:
            nearest = min(others, key=lambda other: (_distance(telling.start, other), other.start, other.id))
            groups.join(nearest, telling, rule)
    pieces = [telling for telling in bucket if telling.signal != "span" and not _has_span(groups.members(telling))]
    for piece, following in itertools.pairwise(sorted(pieces, key=lambda piece: (piece.end, piece.order, piece.id))):
        if _goes_on(piece, following):
            groups.join(piece, following, rule)


def _goes_on(piece: Telling, following: Telling) -> bool:
    """Return whether a record is the next piece of an answer, of those that a stream is told by.

    Its tokens are told at the end, or as a sum that grows.
    """
    if (piece.scope, piece.event_name) != (following.scope, following.event_name):
        return False
    if not _names_agree(piece, following) or following.start - piece.end > _NEAR:
        return False
    if piece.tokens is None or following.tokens is None:
        return piece.tokens is None
    grows = (piece.tokens.output or 0) < (following.tokens.output or 0)
    return grows and piece.tokens.input == following.tokens.input


def _one_call(one: Telling, other: Telling, tree: SpanTree) -> bool:
    """Return whether two spans with one id tell of one call, rather than of two that were given the same id."""
    if not _names_agree(one, other):
        return False
    if tree.nested(one, other):
        return True
    if one.start > other.end or other.start > one.end:
        # One after the other: two, unless the second one only brings what the first one lacks (a stream's end).
        return not (_is_answered(one) and _is_answered(other)) and one.kind == "model"
    if one.scope == other.scope and None not in (one.tokens, other.tokens) and one.tokens != other.tokens:
        return False
    return one.scope != other.scope or one.event_name != other.event_name


def _is_answered(telling: Telling) -> bool:
    return bool(telling.answered) or telling.tokens is not None


def _names_agree(one: Telling, other: Telling) -> bool:
    return one.kind != "tool" or None in (one.name, other.name) or one.name == other.name


def _has_span(members: Iterable[Telling]) -> bool:
    return any(member.signal == "span" for member in members)


def _siblings(models: Sequence[Telling], groups: Groups) -> None:
    """Join spans of two scopes side by side, one within the other's time, where an answer's id is missing."""
    beside: defaultdict[tuple[str, str | None], list[Telling]] = defaultdict(list)
    for telling in models:
        if telling.signal == "span" and telling.parent_span_id:
            beside[telling.trace_id, telling.parent_span_id].append(telling)
    for spans in beside.values():
        if len({span.scope for span in spans}) < 2:
            continue
        for place, span in enumerate(spans):
            for before in reversed(spans[max(place - _MOST_BESIDE, 0) : place]):
                if _is_told_beside(before, span) and not _shares_scope(before, span, groups):
                    groups.join(before, span, "same moment")
                    break


def _is_told_beside(one: Telling, other: Telling) -> bool:
    """Return whether two spans of two scopes, one within the other's time, may tell of one call."""
    if one.scope == other.scope or None not in (one.response_id, other.response_id):
        return False
    within = (one.start <= other.start and other.end <= one.end) or (other.start <= one.start and one.end <= other.end)
    return within and _same_model(one.name, other.name) and _agree(one, other)


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
        if holder is None or holder.kind != telling.kind or not _same_call(holder, telling):
            continue
        holders[holder.id] = holder
        below[holder.id].append(telling)
    for holder_id, inner in sorted(below.items(), key=lambda item: -tree.depth(holders[item[0]])):
        holder = holders[holder_id]
        if len({groups.root(telling) for telling in inner} - {groups.root(holder)}) > 1:
            # It stands around several calls: a loop, or attempts. They tell for themselves.
            groups.around.add(holder.id)
            continue
        for telling in inner:
            groups.join(holder, telling, "nested")


def _same_call(outer: Telling, inner: Telling) -> bool:
    """Return whether a span may tell of the call of the span around it.

    Models may be called one way and answer another; tools and agents have the same name, or one has none. A tool that
    is called from within a call of itself has another id.
    """
    if outer.kind == "model":
        return True
    apart = None not in (outer.call_id, inner.call_id) and outer.call_id != inner.call_id
    return not apart and (None in (outer.name, inner.name) or outer.name == inner.name or _is_of_server(outer, inner))


def _is_of_server(outer: Telling, inner: Telling) -> bool:
    """Return whether an MCP call is of the tool around it, which has its server's name before its own."""
    before, name, behind = str(outer.name).rpartition(str(inner.name))
    is_mcp = outer.kind == "tool" and str(inner.event_name).startswith(_MCP_CALL)
    return is_mcp and bool(name) and not behind and before[-1:] in _SEPARATORS


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
            distance = _distance(record.end, span)
            if distance <= _NEAR and _may_be_one(record, span):
                named = tree.parent(record)
                apart = named is not None and all(above is not named for above in tree.above(span))
                yield (apart, distance, record.end, record.id, span.id), record, span


def _across_traces(tools: Iterable[Telling], sessions: Mapping[str, str], tree: SpanTree, groups: Groups) -> None:
    """Join a tool's spans of an MCP server with the span of the call that they serve, if they are of its session."""
    callers: defaultdict[tuple[str, str], list[Telling]] = defaultdict(list)
    servers: list[tuple[str, Telling]] = []
    for telling in tools:
        session_id = telling.session_id or sessions.get(telling.trace_id)
        if telling.signal != "span" or session_id is None or telling.name is None:
            continue
        if any(above.kind in CALL_KINDS for above in tree.above(telling)):
            for name in _endings(telling.name):
                callers[session_id, name].append(telling)
        else:
            servers.append((session_id, telling))
    for session_id, span in servers:
        asked = callers.get((session_id, str(span.name)), ())
        free = [one for one in asked if _serves(span, one) and not _is_served(one, groups)]
        if free:
            groups.join(max(free, key=lambda one: (one.start, one.id)), span, "another trace")


def _endings(name: str) -> Iterator[str]:
    """Iterate over a tool's name, and what its name may be without its server's before it."""
    yield name
    for place, letter in enumerate(name[:_LONGEST_NAME]):
        if letter in _SEPARATORS and place + 1 < len(name):
            yield name[place + 1 :]


def _serves(span: Telling, caller: Telling) -> bool:
    """Return whether a span lies within the time of a call of another trace, and may be of it."""
    apart = None not in (span.call_id, caller.call_id) and span.call_id != caller.call_id
    within = caller.start <= span.start and span.end <= caller.end
    is_its = span.name == caller.name or _is_of_server(caller, span)
    return span.trace_id != caller.trace_id and within and not apart and is_its


def _is_served(caller: Telling, groups: Groups) -> bool:
    """Return whether a call has a span of another trace already."""
    return any(member.signal == "span" and member.trace_id != caller.trace_id for member in groups.members(caller))


def _slot(telling: Telling) -> tuple[bool, str | None, bool]:
    """Return what a call has one of: its request's record of a name, and its answer's."""
    return telling.signal == "span", telling.event_name, _is_answered(telling)


def _session_of_traces(tellings: Iterable[Telling]) -> dict[str, str]:
    """Return the session of each trace that has one, and no more."""
    of_trace: defaultdict[str, set[str]] = defaultdict(set)
    for telling in tellings:
        if telling.session_id is not None:
            of_trace[telling.trace_id].add(telling.session_id)
    return {trace_id: next(iter(roles)) for trace_id, roles in of_trace.items() if len(roles) == 1}


def _is_loose(telling: Telling, groups: Groups) -> bool:
    return not _has_span(groups.members(telling))


def _distance(moment: int, span: Telling) -> int:
    return max(span.start - moment, moment - span.end, 0)


def _may_be_one(record: Telling, span: Telling) -> bool:
    if record.kind == "tool":
        apart = None not in (record.call_id, span.call_id) and record.call_id != span.call_id
        return not apart and record.name is not None and span.name is not None and record.name == span.name
    ids_differ = None not in (record.response_id, span.response_id) and record.response_id != span.response_id
    if ids_differ or not _same_model(record.name, span.name):
        return False
    if not _is_answered(span) and not _is_answered(record):
        return record.failed and span.failed
    if not _is_answered(span):
        # A stream's end that is told apart from its beginning.
        return _is_answered(record) and not span.failed and record.scope == span.scope and record.start >= span.start
    if record.tokens is None or span.tokens is None:
        return bool(record.answered) and record.answered == span.answered
    return _tokens_agree(record.tokens, span.tokens)


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
            if alone and _is_told_again(alone[-1], record):
                groups.join(alone.pop(), record, "told twice")
            else:
                alone.append(record)


def _is_told_again(one: Telling, other: Telling) -> bool:
    return (
        one.event_name != other.event_name
        and other.end - one.end <= _NEAR
        and (None in (one.response_id, other.response_id) or one.response_id == other.response_id)
        and _same_model(one.name, other.name)
    )


def _tokens_agree(one: Tokens | None, other: Tokens | None) -> bool:
    return one is not None and other is not None and (one.input, one.output) == (other.input, other.output)


def _same_model(one: str | None, other: str | None) -> bool:
    """Compare names of models, which may have their provider before them, and their version behind.

    `gpt-5` and `openai/gpt-5`, `gpt-4o` and `gpt-4o-2024-07-18`, `claude-x` and `us.anthropic.claude-x-v1:0`.
    """
    if one is None or other is None:
        return True
    first, second = (_PROVIDER.sub("", name.rpartition("/")[2].lower()).replace("@", "-") for name in (one, other))
    return first.startswith(second) or second.startswith(first)


def _requests(models: Sequence[Telling], groups: Groups) -> None:
    """Join records of a request, which tell neither tokens nor an answer, with the answer that follows."""
    hollow = [
        telling
        for telling in models
        if telling.signal in ("log", "json") and not any(_is_answered(member) for member in groups.members(telling))
    ]
    if not hollow:
        return
    answers: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in models:
        if _is_answered(telling):
            answers[telling.session_id or telling.trace_id].append(telling)
    taken: set[tuple[str, str | None]] = set()
    for request in hollow:
        for answer in answers.get(request.session_id or request.trace_id, ()):
            if not request.start <= answer.end <= request.start + _ANSWERED_WITHIN:
                continue
            key = (groups.root(answer), request.event_name)
            if key in taken or groups.joined(request, answer) or not _same_model(request.name, answer.name):
                continue
            if not request.failed and _has_span(groups.members(request)) <= _has_span(groups.members(answer)):
                groups.join(answer, request, "request and answer")
                taken.add((groups.root(answer), request.event_name))
                break
