"""One call with what was said in it, from the events that tell of it.

Which events these are was decided by `interpret`, from all of a trace. What was sent and answered is not stored a
second time: it is read from the events when somebody looks at the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mapping.calls.building import call_of
from mapping.calls.model import Call, Telling
from mapping.calls.spans import SpanTree
from mapping.calls.tool_messages import settle_tools


def call_with_messages(kind: str, told_by: Sequence[str], tellings: Iterable[Telling]) -> Call | None:
    """Return a call of this kind that these events tell of. `tellings` are theirs, and those of models around it.

    None where none of its tellers is among them.
    """
    ordered = sorted(tellings, key=lambda telling: (telling.start, telling.order, telling.id))
    tree = SpanTree(ordered)
    of_call = [telling for telling in ordered if telling.id in told_by]
    tellers = [telling for telling in of_call if telling.kind == kind]
    if not tellers:
        return None
    call = call_of(tellers, [telling for telling in of_call if telling.kind != kind], tree, {})
    notes: defaultdict[str, list[Telling]] = defaultdict(list)
    for telling in ordered:
        if telling.kind == "statement" and (span := tree.parent(telling)) is not None:
            notes[span.id].append(telling)
    models = [one for one in ordered if one.kind == "model" and one.id not in told_by]
    settle_tools([call, *(call_of([one], notes[one.id], tree, {}) for one in models)])
    return call
