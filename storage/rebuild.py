"""Building the search index anew from the store, which holds the truth: all events go into the indexing queue again.

The index's state is written last. A process that dies on the way finds none at its next start, and begins again.
"""

from __future__ import annotations

import time

from storage.index.base import VectorIndex
from storage.surreal import cbor, rows
from storage.surreal.database import Database

_STATE = cbor.record("index_state", "current")
_AT_ONCE = 1_000

_QUEUE = """
LET $ids = (SELECT VALUE id FROM agent_event WHERE id > $last AND indexed != false ORDER BY id LIMIT $limit);
IF $ids != [] {
    INSERT INTO index_queue
        { id: $name, event_ids: $ids.map(|$id| record::id($id)), size: array::len($ids), traces: [] } RETURN NONE
};
RETURN $ids;
"""


async def built_with(database: Database) -> str | None:
    """Give the name of the model that the index was built with, None where it is not complete."""
    (found,) = await database.query("SELECT VALUE model FROM $state", state=[_STATE])
    return found[0] if found else None


async def rebuild(database: Database, index: VectorIndex, model: str) -> None:
    """Empty the index and queue every event of the store. Events stored meanwhile queue themselves."""
    await database.query("DELETE $state", state=_STATE)
    await index.clear()
    await database.query("DELETE index_queue WHERE id < $now", now=_name(0))
    last, number = "", 0
    while True:
        *_, ids = await database.query(_QUEUE, last=cbor.record(rows.EVENT, last), limit=_AT_ONCE, name=_name(number))
        if not ids:
            break
        last, number = ids[-1], number + 1
    await database.query("UPSERT $state SET model = $model", state=_STATE, model=model)


def _name(number: int) -> object:
    return cbor.record(rows.QUEUE, f"{time.time_ns():020d}-{number:08d}")
