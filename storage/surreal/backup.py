"""A backup of an embedded store: a folder with a copy of it, which is opened once, and a list of its files.

`FILE` says which program made it and when, the schema's version, how many events it holds, and the size and SHA-256 of
each file. The search index and the models are not in it: they are made anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

import msgspec

from mapping.errors import Problem
from storage.surreal import schema
from storage.surreal.database import Database
from storage.surreal.errors import OpenError, StatementRefusedError
from storage.surreal.snapshot import snapshot

FILE = "backup.json"
STORE = "surreal"


class BackupError(Exception):
    """The backup cannot be made, is damaged, or cannot be used here; the message says why."""


class File(msgspec.Struct):
    bytes: int
    sha256: str


class Backup(msgspec.Struct):
    """What `FILE` says. `version` is the program's, `created_at` in RFC 3339."""

    version: str
    created_at: str
    schema: int
    events: int
    files: dict[str, File]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def make(store: Path, folder: Path, *, namespace: str, database: str, version: str, created_at: str) -> Backup:
    """Copy the embedded store to `folder`, which must be empty or not exist, and return what it holds.

    A receiver may use the store meanwhile; all that was acknowledged before the call is in the copy. Blocks. Raises
    BackupError and OSError; then nothing is left in `folder`.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is not empty: name a folder that does not exist yet")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        snapshot(store, folder / STORE)
        present, events = asyncio.run(_opened(folder / STORE, namespace, database))
        files = {
            file.relative_to(folder).as_posix(): File(file.stat().st_size, _sha256(file))
            for file in sorted((folder / STORE).rglob("*"))
            if file.is_file() and file.name != "LOCK"
        }
        backup = Backup(version, created_at, present, events, files)
        (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(backup), indent=1) + b"\n")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return backup


def check(folder: Path) -> Backup:
    """Return what a backup holds. Raises BackupError if it is damaged, or of a later version of this program."""
    try:
        backup = msgspec.json.decode((folder / FILE).read_bytes(), type=Backup)
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {FILE} cannot be read ({error.strerror})") from None
    except msgspec.DecodeError as error:
        raise BackupError(f"{folder / FILE} is damaged: {error}") from None
    if backup.schema > schema.LATEST:
        raise BackupError(
            f"{folder} has schema version {backup.schema}, this program knows {schema.LATEST}: it was made by "
            f"vectadb-receiver {backup.version}; use that one, or a later one"
        )
    for name, file in backup.files.items():
        path = folder / name
        if not path.is_file():
            raise BackupError(f"{path} is missing")
        if path.stat().st_size != file.bytes or _sha256(path) != file.sha256:
            raise BackupError(f"{path} is damaged: its content is another than when the backup was made")
    return backup


def restore(folder: Path, store: Path) -> Backup:
    """Copy what a backup holds to the folder `store`, which must not exist. Blocks. Raises BackupError and OSError."""
    backup = check(folder)
    if store.exists():
        raise BackupError(f"{store} exists: move it away, or name another folder with --data-dir")
    unfinished = store.with_name(f".{store.name}.restoring")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(folder / STORE, unfinished)
    unfinished.rename(store)
    return backup


async def _opened(store: Path, namespace: str, name: str) -> tuple[int, int]:
    """Open a copy as a start does, which moves its log into its tables; return its schema's version and its events."""
    database = Database(f"surrealkv://{store}", namespace=namespace, database=name, patience=0)
    try:
        await database.open()
        present = await schema.present(database.run)
        if not present:
            raise BackupError(f"there is no database {namespace}/{name} in it: check storage.surrealdb.*")
        (events,) = await database.run("SELECT VALUE n FROM (SELECT count() AS n FROM agent_event GROUP ALL)")
    except (OpenError, Problem, StatementRefusedError) as error:
        raise BackupError(f"the copy cannot be opened: {error}") from error
    finally:
        await database.close()
    return present, int(events[0]) if events else 0


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
