"""The schema: folders `NNNN/` beside this file, one file a table. Each is applied once, in order, and recorded."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from storage.surreal import cbor
from storage.surreal.database import ConflictError, Database, OpenError

FOLDER = resources.files(__name__)
_VERSION = cbor.record("schema_version", "current")
_ATTEMPTS = 10


async def apply(database: Database, folder: Traversable = FOLDER) -> int:
    """Bring the schema up to date and return its version. Safe to repeat, also while other receivers do the same.

    `folder` has a folder for each version. Raises OpenError for a database that a later version of this program wrote.
    """
    versions = sorted(entry.name for entry in folder.iterdir() if entry.name.isdigit())
    latest = int(versions[-1])
    applied = await _applied(database)
    if applied > latest:
        raise OpenError(
            f"the database has schema version {applied}, this program knows {latest}: it was written by a later "
            "version of vectadb-receiver; use that one"
        )
    for version in versions:
        if int(version) > applied:
            await _apply_version(database, folder.joinpath(version))
    return latest


async def _applied(database: Database) -> int:
    (versions,) = await database.query("SELECT VALUE version FROM $current", current=[_VERSION])
    return int(versions[0]) if versions else 0


async def _apply_version(database: Database, folder: Traversable) -> None:
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".surql")), key=lambda file: file.name)
    for file in files:
        await _retried(database, file.read_text("utf-8"))
    await _retried(
        database,
        "DEFINE TABLE IF NOT EXISTS schema_version SCHEMAFULL;"
        "DEFINE FIELD IF NOT EXISTS version ON schema_version TYPE int;"
        "UPSERT $current SET version = $version;",
        current=_VERSION,
        version=int(folder.name),
    )


async def _retried(database: Database, statements: str, **variables: object) -> None:
    """Run statements that may be repeated, and retry conflicts: two receivers may start at the same time."""
    for attempt in range(_ATTEMPTS):
        try:
            await database.run(statements, **variables)  # building an index over existing rows takes long
        except ConflictError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return
