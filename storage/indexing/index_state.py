"""Which search index serves, and which one is being filled from the store: one record, the same for all receivers.

An index is filled event by event in the order of their ids, and the record says how far. A process that dies on the way
goes on from there. Where the index that serves is whole, another one is filled beside it and put in its place in the
end; where there is none, or it is damaged, the new one serves at once and is filled meanwhile. Each has a name of its
own, so that an index that is begun is always empty.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from storage.surreal import cbor, rows
from storage.surreal.database import Database

_STATE = cbor.record("index_state", "current")

_FOLLOWING = "SELECT VALUE id FROM agent_event WHERE id > $last AND indexed != false ORDER BY id LIMIT $limit"
# As many as are taken from the queue at a time.
_FILLED_AT_ONCE = 1_000

_WRITE = """
BEGIN;
IF (SELECT VALUE version FROM $state) != $known { THROW 'the state of the search index has changed' };
UPSERT $state CONTENT $content RETURN NONE;
COMMIT;
"""


class Vectors(NamedTuple):
    """Whose vectors an index has. `model` is None where not all points have them."""

    model: str | None
    dimensions: int


class Fill(NamedTuple):
    """An index that is being filled: with all events up to the id `position`, `done` of them."""

    name: str
    vectors: Vectors
    position: str = ""
    done: int = 0

    def after(self, event_ids: Sequence[str]) -> Fill:
        """Give what it is with these events, too."""
        return self._replace(position=event_ids[-1], done=self.done + len(event_ids))


class IndexState(NamedTuple):
    """The index that serves, the one that is being filled (which may be the same), and those to be removed."""

    name: str
    vectors: Vectors
    fill: Fill | None
    retired: tuple[str, ...] = ()
    version: str = ""

    @property
    def wanted(self) -> Vectors:
        """Whose vectors there will be once all is done."""
        return self.fill.vectors if self.fill else self.vectors

    def filled(self) -> IndexState:
        """Give what follows once all events are in: the new index serves, and another one is to be removed."""
        if self.fill is None:
            return self
        retired = () if self.name == self.fill.name else (self.name,)
        return IndexState(self.fill.name, self.fill.vectors, None, self.retired + retired)


def planned(
    state: IndexState | None, vectors: Vectors, name: str, *, damaged: frozenset[str] = frozenset(), anew: bool = False
) -> IndexState:
    """Give the state that is to be: with these vectors, without what is damaged, filled `anew` if somebody asks.

    `name` is for an index that has to be begun; the same state comes back where none has.
    """
    new = Fill(name, vectors)
    if state is None:
        return IndexState(name, vectors, new)
    other = () if state.fill is None or state.fill.name == state.name else (state.fill.name,)
    if state.name in damaged:
        return IndexState(name, vectors, new, (*state.retired, state.name, *other))
    if state.wanted == vectors and not (anew and state.fill is None) and not damaged.intersection(other):
        return state
    # Where it has another model's vectors, the one that serves gets what is new without any: not all have them then.
    serving = state.vectors if state.vectors == vectors else state.vectors._replace(model=None)
    return IndexState(state.name, serving, new, (*state.retired, *other))


def new_name(model: str) -> str:
    """Make a name that no other index has: the model's, as far as a folder's name may be it, and the time."""
    return f"{re.sub(r'[^a-z0-9]+', '-', model.lower())[-40:].strip('-')}-{time.time_ns()}"


async def read(database: Database) -> IndexState | None:
    (found,) = await database.query("SELECT * FROM $state", state=[_STATE])
    if not found:
        return None
    (row,) = found
    return IndexState(
        row["name"],
        Vectors(row.get("model"), row["dimensions"]),
        _fill_of(row["fill"]) if row.get("fill") else None,
        tuple(row["retired"]),
        row["version"],
    )


def _fill_of(row: dict[str, Any]) -> Fill:
    return Fill(row["name"], Vectors(row["model"], row["dimensions"]), row["position"], row["done"])


async def write(database: Database, before: IndexState | None, after: IndexState) -> IndexState:
    """Put one state in place of another. Raises ConflictError where another receiver has done so meanwhile."""
    after = after._replace(version=secrets.token_hex(8))
    content: dict[str, Any] = {
        "name": after.name,
        "dimensions": after.vectors.dimensions,
        "retired": list(after.retired),
        "version": after.version,
    }
    if after.vectors.model is not None:
        content["model"] = after.vectors.model
    if after.fill is not None:
        name, (model, dimensions), position, done = after.fill
        content["fill"] = {"name": name, "model": model, "dimensions": dimensions, "position": position, "done": done}
    await database.query(_WRITE, state=_STATE, known=[before.version] if before else [], content=content)
    return after


async def following(database: Database, fill: Fill) -> list[str]:
    """Give the ids of the events that are to be filled in next; none after the last."""
    (ids,) = await database.query(_FOLLOWING, last=cbor.record(rows.EVENT, fill.position), limit=_FILLED_AT_ONCE)
    found: list[str] = ids
    return found


async def advance(database: Database, fill: Fill) -> None:
    """Note how far an index is filled."""
    await database.query(
        "UPDATE $state SET fill.position = $position, fill.done = $done WHERE fill.name = $name RETURN NONE",
        state=_STATE,
        name=fill.name,
        position=fill.position,
        done=fill.done,
    )


async def removed(database: Database, name: str) -> None:
    """Note that an index is gone that was to be removed."""
    await database.query("UPDATE $state SET retired -= $name RETURN NONE", state=_STATE, name=name)
