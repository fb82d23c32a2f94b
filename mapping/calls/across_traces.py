"""Calls that are told in two traces of a session: by a server that was not told its caller's, by an SDK below it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

from mapping.calls.alike import SEPARATORS, is_told_by, serves
from mapping.calls.groups import Groups
from mapping.calls.model import CALL_KINDS, Telling
from mapping.calls.spans import SpanTree

_RULE = "another trace"
_LONGEST_NAME = 200
# Calls that are looked at for being served by a span: those that began last before it.
_LAST = 64


def join_tools(tools: Iterable[Telling], sessions: Mapping[str, str], tree: SpanTree, groups: Groups) -> None:
    """Join a tool's spans of an MCP server with the span of the call that they serve, if they are of its session."""

    def names(tool: Telling) -> Iterable[Hashable]:
        return _endings(tool.name) if tool.name is not None else ()

    _join(_Spans(tools, sessions, tree), names, serves, groups)


def join_models(models: Iterable[Telling], sessions: Mapping[str, str], tree: SpanTree, groups: Groups) -> None:
    """Join a model's span that stands alone in a trace with the span of another scope around it, in its session.

    An SDK's instrumentation does not know of the spans that a framework keeps to itself. They tell the same tokens.
    """

    def tokens(model: Telling) -> Iterable[Hashable]:
        return () if model.tokens is None else ((model.tokens.input, model.tokens.output),)

    _join(_Spans(models, sessions, tree), tokens, is_told_by, groups)


class _Spans:
    """Spans of a kind by whether a call is around them, each with its session, in the order of their start."""

    def __init__(self, tellings: Iterable[Telling], sessions: Mapping[str, str], tree: SpanTree) -> None:
        self.called: list[tuple[str, Telling]] = []
        self.alone: list[tuple[str, Telling]] = []
        for telling in tellings:
            session_id = telling.session_id or sessions.get(telling.trace_id)
            if telling.signal == "span" and session_id is not None:
                is_called = any(above.kind in CALL_KINDS for above in tree.above(telling))
                (self.called if is_called else self.alone).append((session_id, telling))


def _join(
    spans: _Spans,
    marks: Callable[[Telling], Iterable[Hashable]],
    may_be_one: Callable[[Telling, Telling], bool],
    groups: Groups,
) -> None:
    """Join each span that stands alone with the last call before it that may be one with it, and has no such span yet.

    `marks` are what such a call may be found by; the first of a span that stands alone is its own.
    """
    callers: defaultdict[tuple[str, Hashable], list[Telling]] = defaultdict(list)
    if spans.alone:
        for session_id, telling in spans.called:
            for mark in marks(telling):
                callers[session_id, mark].append(telling)
    for session_id, span in spans.alone:
        mark = next(iter(marks(span)), None)
        asked = callers.get((session_id, mark), []) if mark is not None else []
        last = bisect_right(asked, span.start, key=lambda caller: caller.start)
        for caller in reversed(asked[max(last - _LAST, 0) : last]):
            if may_be_one(span, caller) and not _is_served(caller, groups):
                groups.join(caller, span, _RULE)
                break


def _endings(name: str) -> Iterator[str]:
    """Iterate over a tool's name, and what its name may be without its server's before it."""
    yield name
    for place, letter in enumerate(name[:_LONGEST_NAME]):
        if letter in SEPARATORS and place + 1 < len(name):
            yield name[place + 1 :]


def _is_served(caller: Telling, groups: Groups) -> bool:
    """Return whether a call has a span of another trace already."""
    return any(member.signal == "span" and member.trace_id != caller.trace_id for member in groups.members(caller))
