"""Makes the answers of `/api/v1` from what is stored: fields of the same name are copied, moments are written in
RFC 3339.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_type_hints

import msgspec

from mapping.calls.model import Score
from mapping.sanitize.limits import cut
from mapping.times import format_rfc3339
from receiver.http import answers, event_answers, search_answers, trace_answers
from storage.indexing.indexer import Indexer
from storage.read.activity import ActivityCounts
from storage.read.conversation import Conversation
from storage.read.outline import Outline
from storage.read.paging import write_cursor
from storage.read.runs import Sums, TraceRun
from storage.read.sessions import Session, SessionPart
from storage.search.facets import Facets
from storage.search.results import SearchResult
from storage.surreal.rows import EventRow

_NANO = 10**9
# Characters of a text in an outline; whoever wants more of it asks for the event.
_OUTLINED = 200
_OUTLINED_FIELDS = frozenset(trace_answers.OutlinedEvent.__struct_fields__)


def event(stored: EventRow) -> event_answers.Event:
    return event_answers.Event(**_same(event_answers.Event, stored))


def event_json(stored: EventRow) -> bytes:
    return msgspec.json.encode(event(stored))


def links(stored: EventRow, linked_by: Sequence[Mapping[str, Any]], *, truncated: bool) -> event_answers.Links:
    """Return the spans that a span links to, and those that link to it."""
    written = stored["properties"].get("otel.links") if stored["span_id"] else None
    own = [link for link in written if isinstance(link, dict)] if isinstance(written, list) else []
    return event_answers.Links(
        links=[
            event_answers.Link(
                trace_id=str(link.get("trace_id") or ""),
                span_id=str(link.get("span_id") or ""),
                trace_state=link.get("trace_state"),
                flags=link.get("flags"),
                attributes=link.get("attributes") or {},
            )
            for link in own
        ],
        linked_by=[
            event_answers.LinkingSpan(**_same(event_answers.LinkingSpan, {"name": None, **row})) for row in linked_by
        ],
        truncated=truncated,
    )


def trace(stored: TraceRun) -> trace_answers.Trace:
    return trace_answers.Trace(**_trace(stored))


def trace_with_events(
    stored: TraceRun, events: Sequence[EventRow], next_cursor: str | None
) -> trace_answers.TraceWithEvents:
    return trace_answers.TraceWithEvents(
        **_trace(stored), scores=scores(stored.scores), events=[event(each) for each in events], next_cursor=next_cursor
    )


def scores(stored: Iterable[Score]) -> list[answers.Score]:
    return [
        answers.Score(**_same(answers.Score, msgspec.structs.asdict(score)), timestamp=format_rfc3339(score.at))
        for score in stored
    ]


def event_with_scores(stored: EventRow, about_it: Iterable[Score]) -> event_answers.EventWithScores:
    return event_answers.EventWithScores(**_same(event_answers.Event, stored), scores=scores(about_it))


def session(stored: Session) -> trace_answers.Session:
    return trace_answers.Session(**_session(stored))


def session_with_traces(stored: Session) -> trace_answers.SessionWithTraces:
    traces = [
        trace_answers.SessionTrace(**_trace(run), part=None if part is None else _session_part(part))
        for run, part in zip(stored.traces, stored.parts, strict=True)
    ]
    return trace_answers.SessionWithTraces(**_session(stored), traces=traces)


def _session_part(stored: SessionPart) -> trace_answers.SessionPart:
    return trace_answers.SessionPart(
        **_same(trace_answers.SessionPart, msgspec.structs.asdict(stored)), **_sums(stored.sums)
    )


def outline(stored: Outline) -> trace_answers.Outline:
    """Return the answer of an outline. Blocks, 5 us for each event."""
    events = [_outlined(row) for row in stored.events]
    return trace_answers.Outline(
        **_trace(stored.run),
        first_error_event=stored.run.first_error_event,
        scores=scores(stored.run.scores),
        events=events,
        truncated=stored.truncated,
    )


def conversation(told: Conversation, of: str) -> dict[str, Any]:
    """Return the answer of a page of a conversation. `of` says which it is, in its cursor."""
    cursor = told.cursor
    next_cursor = None if cursor is None else write_cursor(cursor.place, str(cursor.id), of)
    return {"turns": told.turns, "truncated": next_cursor is not None, "next_cursor": next_cursor}


def activity(counted: ActivityCounts) -> trace_answers.Activity:
    return trace_answers.Activity(
        since=_moment(counted.since),
        until=_moment(counted.until),
        complete=counted.complete,
        buckets=[trace_answers.Bucket(format_rfc3339(start), *counts) for start, *counts in counted.buckets],
        earlier=counted.earlier,
        later=counted.later,
    )


def results(result: Sequence[SearchResult]) -> list[search_answers.Result]:
    return [_result(each) for each in result]


def facets(counted: Facets) -> search_answers.FacetCounts:
    return search_answers.FacetCounts(
        **{field: [search_answers.FacetValue(*each) for each in values] for field, values in counted.counts.items()}
    )


def index_state(indexer: Indexer) -> search_answers.IndexState:
    """Return how far the index is behind the store."""
    return search_answers.IndexState(state=indexer.state, pending=indexer.pending)


def took_ms(started: float) -> float:
    """Return the milliseconds since a moment of `time.perf_counter`."""
    return round((time.perf_counter() - started) * 1000, 3)


def _trace(stored: TraceRun) -> dict[str, Any]:
    shown = _same(trace_answers.Trace, msgspec.structs.asdict(stored.trace)) | _sums(stored.sums)
    return shown | {"duration_ns": stored.duration_ns}


def _session(stored: Session) -> dict[str, Any]:
    shown = _same(trace_answers.Session, msgspec.structs.asdict(stored)) | _sums(stored.sums)
    return shown | {"duration_ns": stored.duration_ns}


def _sums(stored: Sums) -> dict[str, Any]:
    slowest = None if stored.slowest is None else answers.Step(stored.slowest.name, stored.slowest.duration_ns)
    repeated = None if stored.repeated is None else answers.Repeated(stored.repeated.name, stored.repeated.times)
    shown = _same(answers.Sums, msgspec.structs.asdict(stored))
    score_sums = [answers.ScoreSum(**msgspec.structs.asdict(one)) for one in stored.score_sums]
    return shown | {
        "cost_usd": stored.cost_nano_usd / _NANO,
        "slowest": slowest,
        "repeated": repeated,
        "score_sums": score_sums,
    }


def _outlined(row: Mapping[str, Any]) -> trace_answers.OutlinedEvent:
    shown: dict[str, Any] = {
        field: cut(value, _OUTLINED) if isinstance(value, str) and len(value) > _OUTLINED else value
        for field, value in row.items()
        if value and field in _OUTLINED_FIELDS
    }
    shown["timestamp"] = format_rfc3339(row["timestamp"])
    return trace_answers.OutlinedEvent(**shown)


def _result(result: SearchResult) -> search_answers.Result:
    return search_answers.Result(
        score=result.score,
        event=event(result.event),
        passage=None if result.passage is None else f"{result.passage:016x}",
        occurrences=msgspec.UNSET if result.occurrences is None else search_answers.Occurrences(*result.occurrences),
        prompt=result.is_prompt,
        more=msgspec.UNSET if result.more is None else result.more,
        highlights=[search_answers.Highlight(*passage) for passage in result.highlights],
        parts=msgspec.UNSET
        if result.parts is None
        else {name: search_answers.Place(*place) for name, place in result.parts.items()},
    )


def _same(kind: type[answers.Answer], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return those fields of an answer that have the same name where they are stored."""
    moments = _moments(kind)
    return {
        field: _moment(stored[field]) if field in moments else stored[field]
        for field in kind.__struct_fields__
        if field in stored
    }


@functools.cache
def _moments(kind: type[answers.Answer]) -> frozenset[str]:
    """Return the fields of an answer that are moments."""
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(field for field, hint in hints.items() if _is_moment(hint))


def _is_moment(hint: Any) -> bool:
    """Return whether a type is a moment, also one that may be null or has a description of its own."""
    return hint == answers.Moment or any(map(_is_moment, get_args(hint)))


def _moment(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else format_rfc3339(nanoseconds)
