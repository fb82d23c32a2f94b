"""A copy of an embedded store while its engine writes to it: what a kill would leave behind at that moment.

The engine's tables never change, its log only grows, and a manifest, replaced whole, names the tables. So tables and
log are linked into a folder beside the store, which takes milliseconds; if the manifest is then still the same, the
links are a store as of one moment, and are copied at leisure. What was acknowledged is in the log, on disk, or in a
table.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

_MANIFEST = "manifest"
# The engine's own lock, which belongs to its process.
_LEFT_OUT = "LOCK"
_ATTEMPTS = 20


def snapshot(store: Path, target: Path) -> None:
    """Copy the store in the folder `store` to `target`, which must not exist. Blocks.

    Raises OSError if a folder cannot be read or written, or if the store changes too quickly to be copied.
    """
    links = store.with_name(f".{store.name}.{uuid.uuid4().hex}")
    try:
        for _ in range(_ATTEMPTS):
            shutil.rmtree(links, ignore_errors=True)
            if _linked(store, links):
                shutil.copytree(links, target)
                return
        raise OSError(f"{store} changed {_ATTEMPTS} times while it was copied; try again when less is stored")
    finally:
        shutil.rmtree(links, ignore_errors=True)


def _linked(store: Path, links: Path) -> bool:
    """Link the files of the store, and return whether they belong together: its manifest has not changed meanwhile."""
    manifest = _manifest(store)
    for file in sorted(store.rglob("*")):
        place = links / file.relative_to(store)
        if file.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif file.name != _LEFT_OUT and file.parent.name != _MANIFEST:
            try:
                _link(file, place)
            except FileNotFoundError:  # a log whose content is in a table, or a table that was merged into another
                continue
    for name, content in manifest.items():
        (links / _MANIFEST / name).write_bytes(content)
    return _manifest(store) == manifest


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        shutil.copyfile(file, place)


def _manifest(store: Path) -> dict[str, bytes]:
    """Return the content of the store's manifest by its name; none at a moment when it is being replaced."""
    found = {}
    for file in sorted((store / _MANIFEST).glob("*")):
        try:
            found[file.name] = file.read_bytes()
        except FileNotFoundError:
            continue
    return found
