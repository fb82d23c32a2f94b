"""The lines of an export as OTLP/JSON: a request each, no larger than others take, with span events in their spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mapping.errors import Problem, invalid
from mapping.export.to_otlp import Read, requests_of

# The maximum size of an OTLP request, so that other receivers accept it; the Collector's limit is 20 MiB.
MOST_BYTES = 4 * 1024 * 1024
_AT_ONCE = 200
# Span events that wait for their span. Newest first they come before it, by as much as it took until then.
_WAITING = 10_000


class WithTheirSpans:
    """Holds span events back until the page of their span. Pages of events come newest first.

    If more than `most` wait, the oldest are released.
    """

    def __init__(self, most: int = _WAITING) -> None:
        self._most = most
        self._waiting: dict[tuple[str, str], list[Read]] = {}
        self._held = 0

    def take(self, page: Iterable[Read]) -> list[Read]:
        """Return what of a page, and of what was held back, can be written now."""
        ready = []
        for event in page:
            if event["kind"] == "span_event":
                self._waiting.setdefault((event["trace_id"], event["parent_span_id"]), []).append(event)
                self._held += 1
            else:
                ready.append(event)
        for event in list(ready):
            of_span = self._waiting.pop((event["trace_id"], event["span_id"]), [])
            ready += of_span
            self._held -= len(of_span)
        while self._held > self._most:
            of_span = self._waiting.pop(next(iter(self._waiting)))
            ready += of_span
            self._held -= len(of_span)
        return ready

    def rest(self) -> list[Read]:
        """Return the span events whose spans did not come."""
        return [event for of_span in self._waiting.values() for event in of_span]


def otlp_lines(events: Sequence[Read]) -> Iterator[bytes]:
    """Yield requests below the size limit; a single event may be larger.

    Raises Problem for an event that cannot be written as OTLP.
    """
    for start in range(0, len(events), _AT_ONCE):
        yield from _below(events[start : start + _AT_ONCE])


def _below(events: Sequence[Read]) -> Iterator[bytes]:
    try:
        bodies = [request.body for request in requests_of(events)]
    except Problem as problem:
        if len(events) == 1:
            raise invalid(f"event {events[0]['id']} cannot be written as OTLP: {problem.message}") from None
        bodies = []
    if len(events) > 1 and (not bodies or max(map(len, bodies)) > MOST_BYTES):
        half = len(events) // 2
        yield from _below(events[:half])
        yield from _below(events[half:])
    else:
        yield from bodies
