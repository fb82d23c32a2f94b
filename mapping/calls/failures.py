"""Which failures are failures of their own, and which were told again on the way up.

A failure is passed up: a tool raises, the step around it is marked as failed, the agent repeats the words. So what
failed counts unless something below it has failed in the same way, or it says nothing of its own. What fails within a
call of a model or tool, and is no call, is the call's own business.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mapping.calls.faults import same
from mapping.calls.model import Call, Failure, Telling
from mapping.calls.nesting import Nesting
from mapping.calls.spans import SpanTree

# Failures below that are compared with one further up.
_COMPARED = 16
# Failures of a trace that are looked at for being near to another one.
_NEIGHBOURS = 64
# A record of a failure is about one that happened so near to it, in nanoseconds.
_NEAR = 5 * 10**9
# What ends so soon after what failed in it ends by that, in nanoseconds.
_AT_ONCE = 50 * 10**6
# Shorter names are no tool's in particular.
_LEAST_NAME = 3
# Words for nothing but what failed below: OpenAI's tripwires, exceptions of several tasks.
_OF_OTHERS = re.compile(
    r"guardrail|tripwire|\bsub-exceptions?\b|\bAggregateError\b|all promises were rejected", re.IGNORECASE
)


def mark_failures(
    calls: Sequence[Call], tellings: Iterable[Telling], nesting: Nesting, tree: SpanTree
) -> list[Telling]:
    """Set `fails_first` on calls. Returns the other tellings that failed first: wrappers, errors by themselves."""
    failed = [
        telling
        for telling in tellings
        if telling.failed
        and not telling.waits
        and telling.id not in nesting.call_by_event
        and not _is_within_call(telling, nesting, tree)
        and not _is_caught(telling, tree)
    ]
    failures = _Failures(calls, nesting, tree)
    spans = [telling for telling in failed if telling.signal == "span"]
    nodes: list[Call | Telling] = [*(call for call in calls if call.status == "error"), *spans]
    own: list[Telling] = []
    # From the bottom up; of those at one level the later ones may stand within the earlier ones.
    for node in sorted(nodes, key=lambda node: (-tree.depth(nesting.telling(node.id)), -node.start, node.id)):
        is_first = failures.add(node)
        if isinstance(node, Call):
            node.fails_first = is_first
        elif is_first:
            own.append(node)
    return own + [telling for telling in failed if telling.signal != "span" and failures.add_record(telling)]


class _Inner(NamedTuple):
    """What failed below: when it ended, how it failed, and the name of a tool."""

    end: int
    failure: Failure | None
    tool: str | None


class _Failures:
    """Failures as they are met, from the bottom up."""

    def __init__(self, calls: Iterable[Call], nesting: Nesting, tree: SpanTree) -> None:
        self._nesting = nesting
        # When the last call within a call began: calls come in the order of their start.
        self._last = {call.parent_id: call.start for call in calls}
        self._tree = tree
        self._below: defaultdict[str, list[_Inner]] = defaultdict(list)
        # What failed below spans that were not sent: anything around it in time may have passed it up.
        self._cut_off: defaultdict[str, list[tuple[Telling, _Inner]]] = defaultdict(list)
        # When failures happened, in order, and their places among all of them.
        self._known: defaultdict[str, list[tuple[int, ...]]] = defaultdict(list)
        self._failures: list[Failure | None] = []

    def add(self, node: Call | Telling) -> bool:
        """Add what failed, and say whether nothing below it has failed in the same way."""
        telling = self._nesting.telling(node.id)
        inner = [*self._below.pop(node.id, []), *_within(telling, self._cut_off[node.trace_id])]
        repeats = bool(inner) and (
            _says_nothing(node.failure)
            or any(same(node.failure, one.failure) or self._ends(node, one) for one in inner)
        )
        told = _Inner(node.end, node.failure, (node.name or "") if node.kind == "tool" else None)
        around = _failed_around(node, self._nesting, self._tree)
        for above in around:
            self._below[above] += [*inner, told][-_COMPARED:]
        if not around and self._tree.is_cut_off(telling):
            self._cut_off[node.trace_id].append((telling, told))
        self._remember(node, node.end, node.failure)
        return not repeats

    def add_record(self, record: Telling) -> bool:
        """Add a failure that is told by itself, and say whether nothing that failed near to it is the same."""
        near: list[Failure | None] = []
        for place in _places(record):
            known = self._known[place]
            first = bisect_left(known, (record.start - _NEAR,))
            last = bisect_left(known, (record.start + _NEAR + 1,))
            near += [self._failures[number] for _, number in known[first : min(last, first + _NEIGHBOURS)]]
        if any(same(record.failure, failure) or _says_nothing(failure) for failure in near):
            return False
        self._remember(record, record.start, record.failure)
        return True

    def _ends(self, node: Call | Telling, inner: _Inner) -> bool:
        """Return whether what is around a failure passes it on, whatever its own words for it: it ends with it.

        An agent goes on where a tool has failed, unless it names it, and has gone on if it has called somebody since.
        """
        words = "" if node.failure is None else f"{node.failure.type} {node.failure.message}"
        if _OF_OTHERS.search(words) is not None:
            return True
        if isinstance(node, Call) and node.kind == "agent":
            if inner.tool is not None:
                return len(inner.tool) >= _LEAST_NAME and inner.tool in words
            if self._last.get(node.id, 0) >= inner.end:
                return False
        return node.end - inner.end <= _AT_ONCE

    def _remember(self, node: Call | Telling, at: int, failure: Failure | None) -> None:
        for place in _places(node):
            insort(self._known[place], (at, len(self._failures)))
        self._failures.append(failure)


def _places(node: Call | Telling) -> set[str]:
    return {node.trace_id, node.session_id or node.trace_id}


def _within(telling: Telling, cut_off: Sequence[tuple[Telling, _Inner]]) -> list[_Inner]:
    """Return the failures within a telling's time, of those that were met last: they began next after it."""
    near = cut_off[-_NEIGHBOURS:]
    return [told for inner, told in near if telling.start <= inner.start and inner.end <= telling.end]


def _is_within_call(telling: Telling, nesting: Nesting, tree: SpanTree) -> bool:
    """Return whether a span that is no call stands within a call of a model or tool, which says itself how it ended.

    Requests that were tried again, hooks.
    """
    if telling.signal != "span":
        return False
    around = (nesting.call_by_event.get(span.id) for span in tree.above(telling))
    nearest = next((call for call in around if call is not None), None)
    return nearest is not None and nearest.kind != "agent"


def _is_caught(telling: Telling, tree: SpanTree) -> bool:
    """Return whether an exception is noted in the span of a call that did not fail by it, and gave what it had to."""
    span = tree.parent(telling) if telling.signal == "span_event" else None
    if span is None or span.failed:
        return False
    return span.kind in ("model", "tool", "agent") and bool(span.status_ok or span.answered or span.result is not None)


def _failed_around(node: Call | Telling, nesting: Nesting, tree: SpanTree) -> set[str]:
    """Return the ids of the nearest failed calls or wrappers above, in each tree of spans that tells of it."""
    if isinstance(node, Telling):
        above = _failed_above(node, node, nesting, tree)
        return set() if above is None else {above}
    tellers = [nesting.telling(event_id) for event_id in node.told_by]
    spans = [telling for telling in tellers if telling.signal == "span"] or tellers[:1]
    found = {above for span in spans if (above := _failed_above(node, span, nesting, tree)) is not None}
    around = (call.id for call in nesting.parents(node) if call.status == "error")
    return found or set(itertools.islice(around, 1))


def _failed_above(node: Call | Telling, telling: Telling, nesting: Nesting, tree: SpanTree) -> str | None:
    """Return the id of the nearest failed call or wrapper above a span."""
    for span in tree.above(telling):
        call = nesting.call_by_event.get(span.id)
        if call is None and span.failed:
            return span.id
        if call is not None and call is not node and call.status == "error":
            return call.id
    return None


def _says_nothing(failure: Failure | None) -> bool:
    return failure is None or (failure.message is None and failure.type is None)
