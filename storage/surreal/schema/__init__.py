"""The schema: folders `NNNN/` beside this file, one file a table. Each is applied once, in order, and recorded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable

from mapping.errors import Code, Problem
from storage.surreal import cbor
from storage.surreal.database import Run, within
from storage.surreal.errors import ConflictError, OpenError, TransactionLimitError

log = logging.getLogger(__name__)

FOLDER = resources.files(__name__)
LATEST = max(int(entry.name) for entry in FOLDER.iterdir() if entry.name.isdigit())
_VERSION = cbor.record("schema_version", "current")
# With one function of each family that is used, since a server may deny them.
_VERSION_TABLE = """
LET $used = [array::len([]), count([]), math::max([0]), object::keys({}), record::id(schema_version:current),
    time::nano(time::epoch), type::record('schema_version:current')];
DEFINE TABLE IF NOT EXISTS schema_version SCHEMAFULL;
DEFINE FIELD IF NOT EXISTS version ON schema_version TYPE int;
DEFINE FIELD IF NOT EXISTS holder ON schema_version TYPE option<string>;
DEFINE FIELD IF NOT EXISTS until ON schema_version TYPE option<datetime>;
"""
# Of several receivers one changes the database. A step over rows that takes longer than this lease lasts may be done
# twice, which changes nothing.
_LEASE = """
BEGIN;
LET $lease = (SELECT * FROM ONLY schema_version:lease);
IF $lease.holder != $holder AND $lease.until > time::now() { THROW 'another receiver applies the schema' };
UPSERT schema_version:lease SET version = 0, holder = $holder,
    until = time::now() + duration::from_millis($lasts) RETURN NONE;
COMMIT;
"""
# Seconds that it lasts, and where there are no rows yet, so that a step takes a moment; and until others look again.
_LEASED_FOR, _LEASED_FOR_EMPTY, _LOOK_AGAIN_AFTER = 120.0, 15.0, 0.25
_ATTEMPTS = 10
# Seconds that all of this may take, but for the steps of a migration.
_ANSWERS_WITHIN = 30.0
# As many keys as a transaction must be allowed to write. A commit of 500 events writes some 6,000, and is divided where
# it writes too many; one event with all that comes with it, or a step of interpreting or deleting, writes fewer.
LEAST_KEYS = 5_000
# It throws where nothing was refused before, and changes nothing.
_RIGHTS = f"BEGIN; {_VERSION_TABLE} INSERT INTO schema_version $rows RETURN NONE; THROW 'allowed'; COMMIT;"
# In a database without the schema it fails, and makes no table there.
_PROBE = """
BEGIN;
SELECT VALUE version FROM schema_version:current;
UPSERT schema_version:probe SET version = 0 RETURN VALUE id;
COMMIT;
"""


async def apply(run: Run, folder: Traversable = FOLDER, *, alone: bool = False) -> int:
    """Bring the schema up to date and return its version. Safe to repeat, also while other receivers do the same.

    One does it and the others wait, unless this one is known to be `alone`: who is at the first step while another one
    is at the last would bring back what is gone since.

    `run` has no time limit, because building an index over existing rows takes long. `folder` has a folder for each
    version. Raises OpenError for a database that a later version of this program wrote, and TimeoutError if the
    database does not say which version it has.
    """
    versions = sorted(entry.name for entry in folder.iterdir() if entry.name.isdigit())
    latest = int(versions[-1])
    async with within(_ANSWERS_WITHIN):
        # Also where it is there: those who may not write are refused it. Their INSERT would be answered OK, and do
        # nothing.
        await _retried(run, _VERSION_TABLE)
        applied = await present(run)
    if applied > latest:
        raise OpenError(
            f"the database has schema version {applied}, this program knows {latest}: it was written by a later "
            "version of vectadb-receiver; use that one"
        )
    if alone:
        for version in versions:
            if int(version) > applied:
                await _apply_version(run, folder.joinpath(version))
    elif applied < latest:
        await _share(run, folder, versions, applied)
    return latest


async def _share(run: Run, folder: Traversable, versions: Sequence[str], applied: int) -> None:
    """Apply what is missing, or wait until another receiver has done so."""
    holder = secrets.token_hex(8)
    lasts = _LEASED_FOR if applied else _LEASED_FOR_EMPTY
    waits = False
    while missing := [version for version in versions if int(version) > applied]:
        try:
            await run(_LEASE, holder=holder, lasts=int(lasts * 1000))
        except ConflictError:
            if not waits:
                log.info("another receiver brings the database to schema version %s", versions[-1])
            waits = True
            await asyncio.sleep(_LOOK_AGAIN_AFTER)
        else:
            if await present(run) == applied:
                await _apply_version(run, folder.joinpath(missing[0]))
        applied = await present(run)
    await _retried(run, "DELETE schema_version:lease WHERE holder = $holder RETURN NONE", holder=holder)


async def present(run: Run) -> int:
    """Return the version of the schema that a database has, 0 for a new one."""
    (versions,) = await run("SELECT VALUE version FROM $current", current=[_VERSION])
    return int(versions[0]) if versions else 0


async def writable(run: Run) -> bool:
    """Write something, and return whether it was written. Without the right to, SurrealDB answers OK all the same."""
    with contextlib.suppress(ConflictError):  # another receiver writes it at this moment
        _, _, written, _ = await run(_PROBE)
        return bool(written)
    return True


async def check_rights(run: Run) -> None:
    """Raise Problem where the user may not apply the schema, nor therefore write, or a transaction may write little."""
    rows = [{"id": number, "version": 0} for number in range(LEAST_KEYS)]
    try:
        with contextlib.suppress(ConflictError):
            async with within(_ANSWERS_WITHIN):
                await run(_RIGHTS, rows=rows)
    except TransactionLimitError as error:
        raise Problem(
            Code.UNAVAILABLE,
            f"SurrealDB's server must let a transaction write {LEAST_KEYS} keys or more, or as many as it likes (0): "
            f"change its SURREAL_TRANSACTION_MAX_WRITE_KEYS ({error})",
            retry_after=5,
        ) from error


async def _apply_version(run: Run, folder: Traversable) -> None:
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".surql")), key=lambda file: file.name)
    for file in files:
        await _retried(run, file.read_text("utf-8"))
    await _retried(run, "UPSERT $current SET version = $version", current=_VERSION, version=int(folder.name))


async def _retried(run: Run, statements: str, **variables: object) -> None:
    """Run statements that may be repeated, and retry conflicts: two receivers may start at the same time."""
    for attempt in range(_ATTEMPTS):
        try:
            await run(statements, **variables)
        except ConflictError:
            if attempt == _ATTEMPTS - 1:
                raise
            await asyncio.sleep(random.random() * 0.02 * 2**attempt)  # noqa: S311 - so that two do not meet again
        else:
            return
