"""The index queue: one record for each commit and each deletion, in order."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from storage.indexing.tuning import TUNING
from storage.surreal import cbor, rows
from storage.surreal.database import Database

_RECORDS = 20
_OF_PARTS = "WHERE (part ?? 0) IN $parts"
_CLEARED = 200


class Group(NamedTuple):
    """Records of the queue that are processed together.

    First the events `event_ids` are indexed. Then the points of `traces` and of `changed` events are corrected (a
    trace's session or agent, an event's own), and those of `deleted` events are deleted. `oldest` is when the first
    record was written (nanoseconds).
    """

    records: list[str]
    event_ids: list[str]
    traces: list[str]
    changed: list[str]
    deleted: list[str]
    oldest: int


async def waiting(database: Database) -> tuple[int, int | None]:
    """Return how many events wait, and since when the first of them waits (nanoseconds), None if there are none."""
    sizes, names = await database.query(
        "SELECT VALUE size FROM index_queue; SELECT VALUE id FROM index_queue ORDER BY id LIMIT 1"
    )
    return sum(sizes), _moment(names[0]) if names else None


async def take(
    database: Database, skip: Collection[str], most: int = TUNING.group, *, parts: Collection[int] | None = None
) -> Group | None:
    """Return the oldest records, of these parts of the queue, that are not in `skip`, or None if there are none.

    Records stay in the queue until `done` deletes them. A group has at most `most` events, unless its only record has
    more. A deletion ends its group, because the deleted event may have been stored again after it.
    """
    (names,) = await database.query(
        f"SELECT VALUE id FROM index_queue {'' if parts is None else _OF_PARTS} ORDER BY id LIMIT $limit",  # noqa: S608 - no value
        limit=len(skip) + _RECORDS,
        parts=list(parts or ()),
    )
    names = [name for name in names if name not in skip][:_RECORDS]
    if not names:
        return None
    (queue_rows,) = await database.query(
        "SELECT * FROM $records", records=[cbor.record(rows.QUEUE, name) for name in names]
    )
    if not queue_rows:
        return None  # another receiver has deleted them
    records: list[dict[str, Any]] = []
    size = 0
    for record in sorted(queue_rows, key=lambda record: record["id"]):
        size += record["size"]
        if records and size > most:
            break
        records.append(record)
        if record.get("deleted"):
            break
    return Group(
        [record["id"] for record in records],
        [event_id for record in records for event_id in record["event_ids"]],
        list(dict.fromkeys(trace for record in records for trace in record["traces"])),
        list(dict.fromkeys(event_id for record in records for event_id in record.get("changed") or ())),
        records[-1].get("deleted") or [],
        _moment(records[0]["id"]),
    )


async def done(database: Database, records: Iterable[str]) -> None:
    await database.query("DELETE $records", records=[cbor.record(rows.QUEUE, record) for record in records])


async def clear(database: Database) -> None:
    """Delete the present records of the queue, because the whole store is going to be indexed anyway."""
    now = cbor.record(rows.QUEUE, f"{time.time_ns():020d}")
    while True:
        (ids,) = await database.query(
            "SELECT VALUE id FROM index_queue WHERE id < $now ORDER BY id LIMIT $limit", now=now, limit=_CLEARED
        )
        if not ids:
            return
        await done(database, ids)


def _moment(queue_record: str) -> int:
    """Return the time with which a record's id begins, in nanoseconds."""
    return int(queue_record.partition("-")[0])
