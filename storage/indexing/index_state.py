"""Which search index serves, and which one is being filled from the store: one record, shared by all receivers.

An index is filled in the order of event ids, and the record has the position, from which filling continues after a
restart. If the serving index is complete, a new one is filled beside it and replaces it at the end. If there is none,
or it is damaged, the new one serves at once while it is filled. Each index has its own name, so a new one is empty;
the name has the form of the points in it, too.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from storage.indexing.tuning import TUNING
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# What is in a point, how it is made of an event, and how the embedded index keeps it. Increase it with any of these:
# indexes with another are then filled anew.
_FORM = 4
_FORM_OF = re.compile(r"-form(\d+)-\d+$")

_STATE = cbor.record("index_state", "current")

_FOLLOWING = "SELECT VALUE id FROM agent_event WHERE id > $last AND indexed != false ORDER BY id LIMIT $limit"

_WRITE = """
BEGIN;
IF (SELECT VALUE version FROM $state) != $known { THROW 'the state of the search index has changed' };
UPSERT $state CONTENT $content RETURN NONE;
COMMIT;
"""


class Vectors(NamedTuple):
    """The model of an index's vectors. `model` is None if some points have no vector."""

    model: str | None
    dimensions: int


class Fill(NamedTuple):
    """An index that is being filled: it has the first `done` events, up to the one with the id `position`."""

    name: str
    vectors: Vectors
    position: str = ""
    done: int = 0

    def after(self, event_ids: Sequence[str]) -> Fill:
        """Return the fill after these events were added."""
        return self._replace(position=event_ids[-1], done=self.done + len(event_ids))


class IndexState(NamedTuple):
    """The serving index, the one being filled (which may be the same), and those to be removed."""

    name: str
    vectors: Vectors
    fill: Fill | None
    retired: tuple[str, ...] = ()
    version: str = ""

    @property
    def wanted(self) -> Vectors:
        """Return the vectors that the index will have once it is complete."""
        return self.fill.vectors if self.fill else self.vectors

    def filled(self) -> IndexState:
        """Return the state after all events were added: the new index serves, and the old one is to be removed."""
        if self.fill is None:
            return self
        retired = () if self.name == self.fill.name else (self.name,)
        return IndexState(self.fill.name, self.fill.vectors, None, self.retired + retired)


def planned(
    state: IndexState | None, vectors: Vectors, name: str, *, damaged: frozenset[str] = frozenset(), anew: bool = False
) -> IndexState:
    """Return the planned state: with these vectors, without damaged indexes, filled again if `anew`.

    `name` is for a new index; if none is needed, the same state is returned.
    """
    new = Fill(name, vectors)
    if state is None:
        return IndexState(name, vectors, new)
    other = () if state.fill is None or state.fill.name == state.name else (state.fill.name,)
    if state.name in damaged:
        return IndexState(name, vectors, new, (*state.retired, state.name, *other))
    if state.wanted == vectors and not (anew and state.fill is None) and not damaged.intersection(other):
        return state
    # If the serving index has another model's vectors, new events are added without a vector: then `model` is None.
    serving = state.vectors if state.vectors == vectors else state.vectors._replace(model=None)
    return IndexState(state.name, serving, new, (*state.retired, *other))


def new_name(model: str) -> str:
    """Return a unique name: the model's, reduced to what a folder's name may have, the form of the points, the time."""
    return f"{re.sub(r'[^a-z0-9]+', '-', model.lower())[-40:].strip('-')}-form{_FORM}-{time.time_ns()}"


def is_of_another_form(name: str) -> bool:
    """Return whether the index with this name has points of another form; names of earlier versions tell of none."""
    form = _FORM_OF.search(name)
    return form is None or int(form[1]) != _FORM


async def read(database: Database) -> IndexState | None:
    (state_rows,) = await database.query("SELECT * FROM $state", state=[_STATE])
    if not state_rows:
        return None
    (row,) = state_rows
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
    """Replace one state by another. Raises ConflictError if another receiver has replaced it meanwhile."""
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


async def following(database: Database, fill: Fill, most: int = TUNING.group) -> list[str]:
    """Return the ids of the events to add next, at most `most`; empty after the last."""
    (ids,) = await database.query(_FOLLOWING, last=cbor.record(rows.EVENT, fill.position), limit=most)
    return list(ids)


async def advance(database: Database, fill: Fill) -> None:
    """Record how far an index is filled."""
    await database.query(
        "UPDATE $state SET fill.position = $position, fill.done = $done WHERE fill.name = $name RETURN NONE",
        state=_STATE,
        name=fill.name,
        position=fill.position,
        done=fill.done,
    )


async def removed(database: Database, name: str) -> None:
    """Record that a retired index was removed."""
    await database.query("UPDATE $state SET retired -= $name RETURN NONE", state=_STATE, name=name)
