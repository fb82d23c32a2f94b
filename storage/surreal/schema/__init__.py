"""The schema: folders `NNNN/` beside this file, one file a table. Each is applied once, in order, and recorded."""

from __future__ import annotations

import contextlib
from importlib import resources
from importlib.resources.abc import Traversable

from storage.surreal import cbor
from storage.surreal.database import ConflictError, OpenError, Run

FOLDER = resources.files(__name__)
LATEST = max(int(entry.name) for entry in FOLDER.iterdir() if entry.name.isdigit())
_VERSION = cbor.record("schema_version", "current")
# With one function of each family that is used, since a server may deny them.
_VERSION_TABLE = """
LET $used = [array::len([]), count([]), math::max([0]), object::keys({}), record::id(schema_version:current),
    time::nano(time::epoch), type::record('schema_version:current')];
DEFINE TABLE IF NOT EXISTS schema_version SCHEMAFULL;
DEFINE FIELD IF NOT EXISTS version ON schema_version TYPE int;
"""
_ATTEMPTS = 10
# It throws where nothing was refused before, and changes nothing.
_RIGHTS = f"BEGIN; {_VERSION_TABLE} THROW 'allowed'; COMMIT;"
# In a database without the schema it fails, and makes no table there.
_PROBE = """
BEGIN;
SELECT VALUE version FROM schema_version:current;
UPSERT schema_version:probe SET version = 0 RETURN VALUE id;
COMMIT;
"""


async def apply(run: Run, folder: Traversable = FOLDER) -> int:
    """Bring the schema up to date and return its version. Safe to repeat, also while other receivers do the same.

    `run` has no time limit, because building an index over existing rows takes long. `folder` has a folder for each
    version. Raises OpenError for a database that a later version of this program wrote.
    """
    versions = sorted(entry.name for entry in folder.iterdir() if entry.name.isdigit())
    latest = int(versions[-1])
    # Also where it is there: those who may not write are refused it. Their INSERT would be answered OK, and do nothing.
    await _retried(run, _VERSION_TABLE)
    applied = await _applied(run)
    if applied > latest:
        raise OpenError(
            f"the database has schema version {applied}, this program knows {latest}: it was written by a later "
            "version of vectadb-receiver; use that one"
        )
    for version in versions:
        if int(version) > applied:
            await _apply_version(run, folder.joinpath(version))
    return latest


async def _applied(run: Run) -> int:
    (versions,) = await run("SELECT VALUE version FROM $current", current=[_VERSION])
    return int(versions[0]) if versions else 0


async def writable(run: Run) -> bool:
    """Write something, and return whether it was written. Without the right to, SurrealDB answers OK all the same."""
    with contextlib.suppress(ConflictError):  # another receiver writes it at this moment
        _, _, written, _ = await run(_PROBE)
        return bool(written)
    return True


async def check_rights(run: Run) -> None:
    """Raise Problem, with the database's words, where the user may not apply the schema, nor therefore write."""
    with contextlib.suppress(ConflictError):
        await run(_RIGHTS)


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
        else:
            return
