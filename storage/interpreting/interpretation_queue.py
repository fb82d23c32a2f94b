"""The queue of what is to be interpreted: a record for each commit and each deletion, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from storage.interpreting.messages import Record
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Events taken at a time, and records.
_EVENTS, _RECORDS = 1_000, 20
_OF_PARTS = "AND (part ?? 0) IN $parts"
# A record is named after the moment at which its commit began, and is there at its end: so many nanoseconds later.
_LATE = 5 * 10**9


async def waiting(database: Database) -> tuple[int, int | None]:
    """Return how many events wait, and since when (nanoseconds) the first of them."""
    sizes, names = await database.query(
        "SELECT VALUE size FROM interpretation_queue; SELECT VALUE id FROM interpretation_queue ORDER BY id LIMIT 1"
    )
    return sum(sizes), moment(names[0]) if names else None


async def take(
    database: Database, taken: Collection[str], *, whole: bool = False, parts: Collection[int] | None = None
) -> list[Record]:
    """Return the oldest records, of these parts of the queue, but those `taken`; they stay until what they came to is
    written.

    Where many are taken, and wait for a long trace, reading past all of them takes long. So reading begins shortly
    before the latest of them; what was written later than that is found where the `whole` queue is read.
    """
    since = f"{moment(max(taken)) - _LATE:020d}" if taken and not whole else ""
    (names,) = await database.query(
        f"SELECT VALUE id FROM interpretation_queue WHERE id > $since {'' if parts is None else _OF_PARTS} "  # noqa: S608 - no value
        "ORDER BY id LIMIT $limit",
        parts=list(parts or ()),
        since=cbor.record(rows.INTERPRETATION_QUEUE, since),
        limit=sum(name > since for name in taken) + _RECORDS,
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


def moment(name: str) -> int:
    """Return when a record was written, in nanoseconds: its name begins with it."""
    return int(name.partition("-")[0])


def _records(names: Iterable[str]) -> list[Any]:
    return [cbor.record(rows.INTERPRETATION_QUEUE, name) for name in names]
