"""The queue of what is to be interpreted: a record for each commit and each deletion, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from storage.interpreting.messages import Record
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Events taken at a time, and records.
_EVENTS, _RECORDS = 1_000, 20


async def waiting(database: Database) -> tuple[int, int | None]:
    """Return how many events wait, and since when (nanoseconds) the first of them."""
    sizes, names = await database.query(
        "SELECT VALUE size FROM interpretation_queue; SELECT VALUE id FROM interpretation_queue ORDER BY id LIMIT 1"
    )
    return sum(sizes), int(names[0].partition("-")[0]) if names else None


async def take(database: Database, taken: Collection[str]) -> list[Record]:
    """Return the oldest records but those `taken`; they stay until what they came to is written."""
    (names,) = await database.query(
        "SELECT VALUE id FROM interpretation_queue ORDER BY id LIMIT $limit", limit=len(taken) + _RECORDS
    )
    names = [name for name in names if name not in taken][:_RECORDS]
    if not names:
        return []
    (found,) = await database.query("SELECT * FROM $records", records=_records(names))
    records: list[Record] = []
    size = 0
    for row in sorted(found, key=lambda row: row["id"]):
        size += row["size"]
        if records and size > _EVENTS:
            break
        records.append(Record(row["id"], dict(row["traces"])))
    return records


def _records(names: Iterable[str]) -> list[Any]:
    return [cbor.record(rows.INTERPRETATION_QUEUE, name) for name in names]
