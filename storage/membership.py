"""Which receivers share the stores on a server, and which part of their work each of them does.

Records of the queues are in `rows.PARTS` parts, and what one receiver has to do for all (retention, closing idle
traces, filling an index, making anew what was interpreted) goes with the first part. Each receiver says every few
seconds that it is there and reads who else is; in the order of their ids they take turns in choosing parts. One that
has not been heard of for a while is gone, and its parts are the others'. Nobody asks anybody: while two think that a
part is theirs, or one goes on that stood still, something is done twice, which changes nothing.

The eldest decides where the search index is and with which model: one that has been set up otherwise does not index.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from mapping.errors import Problem
from mapping.times import format_rfc3339
from storage.surreal import cbor, rows, schema
from storage.surreal.database import Database
from storage.surreal.errors import OUTDATED, ConflictError, StatementRefusedError

log = logging.getLogger(__name__)

# Seconds between two signs of life, and until one that gives none is gone.
_EVERY, _GONE_AFTER = 2.0, 10.0

_SAY = """
IF (SELECT VALUE version FROM ONLY schema_version:current) > $schema { THROW $outdated };
UPSERT $me SET since = since ?? time::now(), heard_until = time::now() + duration::from_millis($gone_after),
    version = $version, model = $model, index_place = $index_place RETURN NONE;
DELETE receiver WHERE heard_until < time::now() RETURN NONE;
SELECT * FROM receiver ORDER BY id;
"""
_PASSING = (ConflictError, Problem, StatementRefusedError)


class Member(NamedTuple):
    """A receiver: since when it is there (nanoseconds), the version of this program, the embedding model, and where its
    search index is; "" where it has none.
    """

    id: str
    since: int
    version: str
    model: str
    index_place: str


async def members_of(database: Database) -> list[Member]:
    """Return the receivers that share a server. Raises what the store raises, also if it has no schema yet."""
    (found,) = await database.query("SELECT * FROM receiver WHERE heard_until > time::now() ORDER BY id")
    return _members(found)


def other_index(me: Member, members: Sequence[Member]) -> Member | None:
    """Return the receiver that decides where the index is, if mine is elsewhere or has another model."""
    eldest = _eldest(members)
    return None if eldest is None or not me.index_place or _index_of(eldest) == _index_of(me) else eldest


def how_it_differs(me: Member, other: Member) -> str:
    return (
        f"another receiver on these stores, there since {format_rfc3339(other.since)}, has its search index at "
        f"{other.index_place} with the model {other.model}, this one at {me.index_place} with the model {me.model}: "
        "give them the same storage.qdrant.url, storage.qdrant.collection and embedding.model"
    )


class Membership:
    """Says who shares the stores. With an embedded engine there is nobody else, and nothing is written.

    `members` are ordered by their ids. `parts` of the queues are this receiver's, and `index_parts` of the index queue;
    None where all are.
    """

    def __init__(
        self,
        database: Database,
        *,
        version: str = "",
        model: str = "",
        index_place: str = "",
        every: float = _EVERY,
        gone_after: float = _GONE_AFTER,
    ) -> None:
        self.me = Member(secrets.token_hex(8), 0, version, model, index_place)
        self.members = [self.me]
        self.parts: frozenset[int] | None = None
        self.index_parts: frozenset[int] | None = None
        self._database = database
        self._every, self._gone_after = every, gone_after

    @property
    def is_alone(self) -> bool:
        return len(self.members) == 1

    @property
    def is_first(self) -> bool:
        """Return whether this receiver does what one has to do for all."""
        return self.has(0)

    @property
    def fills(self) -> bool:
        """Return whether this receiver fills an index for all."""
        return self.index_parts is None or 0 in self.index_parts

    @property
    def other_index(self) -> Member | None:
        """Return the receiver that decides where the index is, if this one's is elsewhere or has another model."""
        return other_index(self.me, self.members)

    def has(self, part: int) -> bool:
        """Return whether a part of the work is this receiver's."""
        return self.parts is None or part in self.parts

    async def say(self) -> None:
        """Note in the store that this receiver is there, and read who else is. Raises what the store raises."""
        if self._database.embedded:
            return
        *_, found = await self._database.query(
            _SAY,
            schema=schema.LATEST,
            outdated=OUTDATED,
            me=self._record,
            gone_after=int(self._gone_after * 1000),
            version=self.me.version,
            model=self.me.model,
            index_place=self.me.index_place,
        )
        self._take(found)

    async def keep(self) -> None:
        """Do so again and again until cancelled; then delete the note."""
        if self._database.embedded:
            return
        try:
            while True:
                await asyncio.sleep(self._every)
                try:
                    await self.say()
                except _PASSING as error:  # what takes long says so itself: it takes no commits, either
                    log.debug("the store does not hear of this receiver: %s", error)
        finally:
            with contextlib.suppress(*_PASSING):
                await self._database.query("DELETE $me RETURN NONE", me=self._record)

    @property
    def _record(self) -> Any:
        return cbor.record(rows.RECEIVER, self.me.id)

    def _take(self, found: Sequence[dict[str, Any]]) -> None:
        members = _members(found)
        if [member.id for member in members] != [member.id for member in self.members]:
            versions = sorted({member.version for member in members})
            log.info(
                "receivers that share the stores: %s%s",
                len(members),
                f", of the versions {' and '.join(versions)}" if len(versions) > 1 else "",
            )
        self.members = members
        self.me = next(member for member in members if member.id == self.me.id)
        self.parts = _share(self.me, members)
        eldest = _eldest(members)
        self.index_parts = _share(
            self.me, [member for member in members if eldest is None or _index_of(member) == _index_of(eldest)]
        )


def _members(found: Sequence[dict[str, Any]]) -> list[Member]:
    return [Member(*(row[field] for field in Member._fields)) for row in found]


def _index_of(member: Member) -> tuple[str, str]:
    return member.index_place, member.model


def _eldest(members: Sequence[Member]) -> Member | None:
    """Return the receiver that was there first of those that have an index."""
    return min(
        (member for member in members if member.index_place), key=lambda member: (member.since, member.id), default=None
    )


def _share(me: Member, members: Sequence[Member]) -> frozenset[int] | None:
    """Return the parts of one of some receivers, None where it is the only one."""
    if me not in members:
        return frozenset()
    return None if len(members) == 1 else frozenset(range(members.index(me), rows.PARTS, len(members)))
