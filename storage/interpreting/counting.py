"""Counts by time what runs add and no longer add: from `figures_queue`, where those who write or delete runs put it.

So many transactions do not meet in the same few rows. One receiver counts for all; where two do, the state's revision
lets one of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from mapping.calls.figures import Counted, Figures, packed, unpacked
from mapping.errors import Problem
from storage.read.figures import WIDTHS, Key, added_up, kind_of
from storage.read.paging import records
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError, StatementRefusedError
from storage.workers.giving_way import between_commits

log = logging.getLogger(__name__)

# Records of the queue that are counted together, and names and hours; of more the rest goes back into the queue.
_RECORDS, _MOST = 100, 100
# A row of `figures`: hours of a step, kind (`kind_of`), step, name.
Row = tuple[int, str, int, str]
# Seconds between two looks at the queue, and until commits have to wait for what is counted.
_EVERY, _LONG = 1.0, 1.0

_COUNT = """
BEGIN;
IF (SELECT VALUE revision FROM figures_state:current) != $known { THROW 'another receiver has counted' };
UPSERT figures_state:current SET revision = $revision RETURN NONE;
FOR $row IN $changed { UPSERT $row.id CONTENT $row RETURN NONE };
DELETE $nothing RETURN NONE;
DELETE $done RETURN NONE;
INSERT INTO figures_queue $rest RETURN NONE;
COMMIT;
"""


async def keep_counting(
    database: Database,
    is_due: Callable[[], bool] = lambda: True,
    *,
    events_come: Callable[[], bool] = lambda: False,
    every: float = _EVERY,
) -> None:
    """Count until cancelled, where this receiver is to: while no `events_come`, unless that takes long."""
    while True:
        more = False
        try:
            more = is_due() and await count_some(database, events_come=events_come)
        except (Problem, ConflictError):
            pass  # `storage.stores` logs that the store is away; another receiver has counted
        except StatementRefusedError as error:
            log.warning("figures could not be counted now: %s", error)
        if not more:
            await asyncio.sleep(every)


async def count_some(database: Database, most: int = _MOST, *, events_come: Callable[[], bool] = lambda: False) -> bool:
    """Count the next records of the queue. Returns whether there may be more. Raises ConflictError."""
    known, queued = await database.query(
        "SELECT VALUE revision FROM figures_state:current; SELECT * FROM figures_queue LIMIT $limit", limit=_RECORDS
    )
    if not queued:
        return False
    changes = added_up(queued)
    now = dict(list(changes.items())[:most])
    rest = [_counted(key, figures) for key, figures in changes.items() if key not in now]
    figures = await _changed(database, now)
    ids = {row: _record(row) for row in figures}
    await between_commits(events_come, _LONG)
    await database.query(
        _COUNT,
        known=known,
        revision=rows.revision_after(known[0] if known else None),
        changed=[
            {"id": ids[row], "told": packed([_counted(key, each)])} for row, (key, each) in figures.items() if each
        ],
        nothing=[ids[row] for row, (_, each) in figures.items() if not each],
        done=[cbor.record(rows.FIGURES_QUEUE, row["id"]) for row in queued],
        rest=[{"id": rows.queue_name(), "added": [packed(rest)], "removed": []}] if rest else [],
    )
    return bool(rest) or len(queued) == _RECORDS


def _record(row: Row) -> Any:
    names: list[str | int] = [*row]
    return cbor.record(rows.FIGURES, names)


async def _changed(database: Database, changes: Mapping[Key, Figures]) -> dict[Row, tuple[Key, Figures]]:
    """Return what the rows will say, each of the hour with which its step begins."""
    new: dict[Row, tuple[Key, Figures]] = {}
    for key, figures in changes.items():
        for width in WIDTHS:
            step = key.hour // width
            of_step = key._replace(hour=step * width), Figures(durations={})
            new.setdefault((width, kind_of(key.by, key.project), step, key.name), of_step)[1].add(figures)
    for row in await records(database, rows.FIGURES, [[*row] for row in new]):
        (told,) = unpacked(row["told"])
        new[tuple(row["id"])][1].add(told.figures)
    return new


def _counted(key: Key, figures: Figures) -> Counted:
    return Counted(key.by, key.name, key.hour, figures, key.project)
