"""The spans of a set of tellings as a tree: which one stands above which, over wrappers and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mapping.calls.model import Telling

# Spans may be their own grandparents.
_MAX_DEPTH = 128

SpanKey = tuple[str, str]


class SpanTree:
    """Spans by trace and span id. Of two of one id (a client's and a server's) the one that began first stands."""

    def __init__(self, tellings: Iterable[Telling]) -> None:
        """`tellings` come in the order of their start."""
        self._spans: dict[SpanKey, Telling] = {}
        for telling in tellings:
            if telling.signal == "span" and telling.span_id:
                self._spans.setdefault((telling.trace_id, telling.span_id), telling)
        self._depths: dict[str, int] = {}

    def parent(self, telling: Telling) -> Telling | None:
        """Return the span above a span, or the span that a log record or a span event belongs to."""
        if not telling.parent_span_id:
            return None
        roles = self._spans.get((telling.trace_id, telling.parent_span_id))
        return None if roles is telling else roles

    def above(self, telling: Telling) -> Iterator[Telling]:
        """Iterate over the spans above a telling, the nearest first."""
        current: Telling | None = telling
        for _ in range(_MAX_DEPTH):
            current = self.parent(current) if current is not None else None
            if current is None or current is telling:
                return
            yield current

    def is_cut_off(self, telling: Telling) -> bool:
        """Return whether something stands between the telling and its root that was not sent."""
        last = telling
        for last in self.above(telling):  # noqa: B007 - the last one counts
            pass
        return bool(last.parent_span_id) or last.signal != "span"

    def depth(self, telling: Telling) -> int:
        known = self._depths.get(telling.id)
        if known is None:
            known = self._depths[telling.id] = sum(1 for _ in self.above(telling))
        return known

    def nested(self, one: Telling, other: Telling) -> bool:
        """Return whether one of two spans stands above the other."""
        if one.trace_id != other.trace_id:
            return False
        inner, outer = (one, other) if self.depth(one) > self.depth(other) else (other, one)
        return any(span is outer for span in self.above(inner))
