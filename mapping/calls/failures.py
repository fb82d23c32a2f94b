"""Which failures are failures of their own, and which were told again on the way up.

A failure is passed up: a tool raises, the step around it is marked as failed, the agent repeats the words. So what
failed counts unless something below it has failed in the same way, or it says nothing of its own. What fails within a
call of a model or tool, and is no call, is the call's own business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mapping.calls.model import Call, Failure, Telling
from mapping.calls.nesting import Nesting
from mapping.calls.spans import SpanTree

# Failures below that are compared with one further up.
_COMPARED = 16
# A record of a failure is about one that happened so near to it, in nanoseconds.
_NEAR = 5 * 10**9
# Shorter words than this are nobody's cause in particular.
_LEAST_CAUSE = 8


def mark_failures(
    calls: Sequence[Call], tellings: Iterable[Telling], nesting: Nesting, tree: SpanTree
) -> list[Telling]:
    """Set `fails_first` on calls. Returns the other tellings that failed first: wrappers, errors by themselves."""
    failed_spans = [
        telling
        for telling in tellings
        if telling.failed
        and not telling.waits
        and telling.id not in nesting.call_by_event
        and not _is_within_call(telling, nesting, tree)
    ]
    below: defaultdict[str, list[Failure | None]] = defaultdict(list)
    nodes: list[tuple[int, int, str, Call | Telling]] = [
        (-tree.depth(nesting.telling(call.id)), -call.start, call.id, call) for call in calls if call.status == "error"
    ]
    spans = [telling for telling in failed_spans if telling.signal == "span"]
    nodes += [(-tree.depth(telling), -telling.start, telling.id, telling) for telling in spans]
    own: list[Telling] = []
    known: defaultdict[str, list[tuple[int, Failure | None]]] = defaultdict(list)
    for _, _, _, node in sorted(nodes, key=lambda node: node[:3]):
        inner = below.pop(node.id, [])
        repeats = bool(inner) and (_says_nothing(node.failure) or any(_same(node.failure, one) for one in inner))
        if isinstance(node, Call):
            node.fails_first = not repeats
        elif not repeats:
            own.append(node)
        passed = [*inner, node.failure][-_COMPARED:]
        telling = nesting.telling(node.id)
        above = _failed_above(node, telling, nesting, tree)
        if above is not None:
            below[above] += passed
        for place in {node.trace_id, node.session_id or node.trace_id}:
            known[place].append((node.end, node.failure))
    for telling in failed_spans:
        if telling.signal == "span":
            continue
        places = (telling.trace_id, telling.session_id or telling.trace_id)
        near = (failure for place in places for end, failure in known[place] if abs(end - telling.start) <= _NEAR)
        if any(_same(telling.failure, failure) or _says_nothing(failure) for failure in near):
            continue
        own.append(telling)
        for place in {*places}:
            known[place].append((telling.start, telling.failure))
    return own


def _is_within_call(telling: Telling, nesting: Nesting, tree: SpanTree) -> bool:
    """Say whether a span that is no call stands within a call of a model or tool, which says itself how it ended.

    Requests that were tried again, hooks.
    """
    if telling.signal != "span":
        return False
    around = (nesting.call_by_event.get(span.id) for span in tree.above(telling))
    nearest = next((call for call in around if call is not None), None)
    return nearest is not None and nearest.kind != "agent"


def _failed_above(node: Call | Telling, telling: Telling, nesting: Nesting, tree: SpanTree) -> str | None:
    """Return the id of the nearest failed call or wrapper above."""
    for span in tree.above(telling):
        call = nesting.call_by_event.get(span.id)
        if call is node:
            continue
        if call is not None:
            if call.status == "error":
                return call.id
        elif span.failed:
            return span.id
    if isinstance(node, Call):
        return next((call.id for call in nesting.parents(node) if call.status == "error"), None)
    return None


def _says_nothing(failure: Failure | None) -> bool:
    return failure is None or (failure.message is None and failure.type is None)


def _same(outer: Failure | None, inner: Failure | None) -> bool:
    if outer is None or inner is None:
        return outer is inner
    if outer.message is None or inner.message is None:
        return outer.message is inner.message or outer.type == inner.type or outer.message is None
    first, second = _plain(outer.message), _plain(inner.message)
    return first in second or second in first or second in _plain(outer.detail) or _cause(first) == _cause(second) != ""


def _cause(text: str) -> str:
    """Return what stands behind the first colon: who passes a failure on puts words of their own before it."""
    cause = text.partition(": ")[2]
    return cause if len(cause) >= _LEAST_CAUSE else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).lower().rstrip(".")
