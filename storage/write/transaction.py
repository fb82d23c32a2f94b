"""A commit's transaction: what it writes, of which events, and which records of the queues come with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.correlation.placement import Placement
from mapping.model import ChainRecord, Event, Trace
from storage.surreal import cbor, rows, schema
from storage.surreal.errors import OUTDATED
from storage.write.versions import Version

WRITE = """
BEGIN;
LET $version = (SELECT VALUE version FROM ONLY schema_version:current);
IF $version < $schema { THROW 'the schema is being applied' };
IF $version > $schema { THROW $outdated };
LET $now = (SELECT VALUE [id, revision] FROM $touched);
IF $now != $known { THROW 'a trace has changed' };
IF (SELECT * FROM $changed_chain_records.id) != $known_chain_records { THROW 'a record of the message chain has changed'
}; INSERT INTO agent_trace $new_traces RETURN NONE; FOR $trace IN $changed_traces { UPDATE $trace.id CONTENT $trace
RETURN NONE }; INSERT INTO conversation $new_chain_records RETURN NONE; FOR $record IN $changed_chain_records { UPDATE
$record.id CONTENT $record RETURN NONE }; INSERT IGNORE INTO origin $origins RETURN NONE; FOR $move IN $moves {
    UPDATE $move.events SET trace_id = $move.home, trace = $move.home_record, correlation = 'session' RETURN NONE;
    DELETE agent_call:[$move.trace_id, NONE]..[$move.trace_id, {}] RETURN NONE;
    INSERT INTO figures_queue {
        id: $move.counted, added: [], removed: (SELECT VALUE figures FROM $move.gone WHERE figures != NONE)
    } RETURN NONE;
    DELETE $move.gone RETURN NONE
};
INSERT INTO agent_event $events RETURN NONE;
FOR $event IN $later { UPDATE $event.id CONTENT $event RETURN NONE };
INSERT RELATION IGNORE INTO links_to $links RETURN NONE;
INSERT INTO index_queue $queued RETURN NONE;
INSERT INTO interpretation_queue $changed RETURN NONE;
COMMIT;
"""


class PendingEvent(NamedTuple):
    """An event to be stored: its encoded fields, its origin, and the trace id and project that its sender gave."""

    event: Event
    fields: rows.Fields
    origin: rows.OriginRow | None
    trace_id: str | None
    project: str | None


def pending_of(event: Event, encoder: rows.EventEncoder) -> PendingEvent:
    """Encode an event. Raises ValueError for what cannot be stored."""
    return PendingEvent(event, *encoder.encode(event), event.trace_id, event.project)


class Lookup(NamedTuple):
    """What the store has that could matter to some events.

    These are the versions of those events that are stored already, traces, and chain records, all by id.
    """

    versions: dict[str, Version]
    traces: dict[str, Trace]
    chain_records: dict[str, ChainRecord]


class Move(NamedTuple):
    """A trace that was made for a session, and the id of the trace (`home`) to which all its events are moved.

    `events` are those that are stored, `indexed` those of them that are in the search index.
    """

    trace: Trace
    home: str
    events: list[str]
    indexed: list[str]


def variables_of(
    new: Sequence[PendingEvent],
    placement: Placement,
    known: Lookup,
    queue_record: str,
    moves: Sequence[Move] = (),
    later: Sequence[PendingEvent] = (),
    *,
    parts: Mapping[int, Sequence[PendingEvent]],
    shared: bool = False,
) -> dict[str, Any]:
    """Return the variables of `WRITE` for events that were placed; `known` is what was stored before.

    `later` are later versions of events that are stored, and `parts` all of both, from `by_part`. Where the queues are
    `shared` with other receivers, records are in several parts.
    """
    touched = [placement.traces[trace_id] for trace_id in placement.touched]
    gone = [move.trace for move in moves]
    chain_records = [placement.chain_records[list_id] for list_id in placement.touched_chain_records]
    revisions = {trace.id: trace.revision for trace in known.traces.values()}
    for trace in touched:
        trace.revision = rows.revision_after(revisions.get(trace.id))
    # If a trace gets another session or agent, the points of its earlier events must be updated.
    learned = [
        trace.id for trace in touched if trace.id in revisions and _whose(trace) != _whose(known.traces[trace.id])
    ]
    return {
        "schema": schema.LATEST,
        "outdated": OUTDATED,
        "touched": [cbor.record(rows.TRACE, trace.id) for trace in (*touched, *gone)],
        "known": [
            [cbor.record(rows.TRACE, trace.id), revisions[trace.id]]
            for trace in (*touched, *gone)
            if trace.id in revisions
        ],
        "new_traces": [rows.trace_row(trace) for trace in touched if trace.id not in revisions],
        "changed_traces": [rows.trace_row(trace) for trace in touched if trace.id in revisions],
        "known_chain_records": [
            rows.chain_row(known.chain_records[item.id]) for item in chain_records if item.id in known.chain_records
        ],
        "new_chain_records": [rows.chain_row(item) for item in chain_records if item.id not in known.chain_records],
        "changed_chain_records": [rows.chain_row(item) for item in chain_records if item.id in known.chain_records],
        "origins": cbor.array({item.origin.id: item.origin.row for item in (*new, *later) if item.origin}.values()),
        "events": cbor.array(map(row, new)),
        "later": cbor.array(map(row, later)),
        "links": [link for item in (*new, *later) for link in rows.links(item.event)],
        "moves": [_moved(move) for move in moves],
        "queued": _queued(queue_record, (*new, *later), moves, learned, shared=shared),
        "changed": [
            *(rows.interpretation_record(queue_record, part, _of_traces(items)) for part, items in parts.items()),
            # Moved events have records of their own, because this commit does not write them, so they must be read.
            *(
                rows.interpretation_record(
                    f"{queue_record}-{place}",
                    _part(move.home, placement.traces, shared=shared),
                    {move.home: move.events},
                )
                for place, move in enumerate(moves)
            ),
        ],
    }


def by_part(
    items: Iterable[PendingEvent], traces: Mapping[str, Trace], *, shared: bool
) -> dict[int, list[PendingEvent]]:
    """Return events by their parts of the interpretation queue: those of a session are read together."""
    parts: defaultdict[int, list[PendingEvent]] = defaultdict(list)
    for item in items:
        parts[_part(str(item.event.trace_id), traces, shared=shared)].append(item)
    return parts


def _part(trace_id: str, traces: Mapping[str, Trace], *, shared: bool) -> int:
    trace = traces.get(trace_id)
    return rows.part_of(trace_id if trace is None or trace.session_id is None else trace.session_id, shared=shared)


def _queued(
    name: str, items: Iterable[PendingEvent], moves: Iterable[Move], learned: Iterable[str], *, shared: bool
) -> list[dict[str, Any]]:
    """Return records of the index queue: what concerns a trace is in one part, and so in order.

    `learned` are traces that have got another session or agent.
    """
    event_ids: defaultdict[int, list[str]] = defaultdict(list)
    trace_ids: defaultdict[int, list[str]] = defaultdict(list)
    for item in items:
        if item.event.indexed:
            event_ids[rows.part_of(str(item.event.trace_id), shared=shared)].append(item.event.id)
    for move in moves:
        event_ids[rows.part_of(move.home, shared=shared)] += move.indexed
    for trace_id in learned:
        trace_ids[rows.part_of(trace_id, shared=shared)].append(trace_id)
    return [
        rows.queue_record(name, part, event_ids[part], traces=trace_ids[part])
        for part in sorted(event_ids.keys() | trace_ids.keys())
        if event_ids[part] or trace_ids[part]
    ]


def _of_traces(items: Sequence[PendingEvent]) -> dict[str, list[str]]:
    """Return the events' ids by trace."""
    of_trace: dict[str, list[str]] = {}
    for item in items:
        of_trace.setdefault(str(item.event.trace_id), []).append(item.event.id)
    return of_trace


def row(item: PendingEvent) -> bytes:
    event = item.event
    return cbor.row(item.fields, rows.placement_fields(str(event.trace_id), str(event.correlation), event.project))


def _moved(move: Move) -> dict[str, Any]:
    trace_id = move.trace.id
    gone: list[tuple[str, str | list[str]]] = [(rows.TRACE, trace_id), (rows.RUN, trace_id)]
    gone.append((rows.SESSION_RUN, [str(move.trace.session_id), trace_id]))
    return {
        "trace_id": trace_id,
        "home": move.home,
        "home_record": cbor.record(rows.TRACE, move.home),
        "events": [cbor.record(rows.EVENT, event_id) for event_id in move.events],
        "gone": [cbor.record(table, key) for table, key in gone],
        "counted": rows.queue_name(),
    }


def _whose(trace: Trace) -> tuple[str | None, str | None]:
    return trace.session_id, trace.agent_id
