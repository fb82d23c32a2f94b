"""Model folders that are built once. Each appears by a rename, complete or not at all.

If two processes build the same folder at the same time, the first one's stays.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[float, str], None]

_ABANDONED_AFTER = 3600.0  # seconds; a build takes a minute at most


def folder(models: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `name` under `models`; if it does not exist, `build` writes its files.

    Raises OSError if `models` cannot be written.
    """
    built = models / name
    if not built.is_dir():
        models.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(models, name)
        unfinished = models / f".{name}.{uuid.uuid4().hex}"
        unfinished.mkdir()
        try:
            build(unfinished)
            _publish(unfinished, built)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)  # after a success it was renamed
    return built


def write(path: Path, content: bytes) -> None:
    """Write a file and fsync it: after a power cut a renamed folder must not hold empty files."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """Return a callback that maps the progress of a part, from 0 to 1, to that of the whole."""
    return lambda share, doing: progress(start + share * (end - start), doing)


def _publish(unfinished: Path, built: Path) -> None:
    try:
        unfinished.rename(built)
    except OSError:
        # If another process was first, its folder is as good as ours.
        if not built.is_dir():
            raise


def _remove_abandoned(models: Path, name: str) -> None:
    """Remove folders that killed processes left unfinished, but none that may still be in progress."""
    for left in models.glob(f".{name}.*"):
        try:
            old = time.time() - left.stat().st_mtime > _ABANDONED_AFTER
        except FileNotFoundError:  # its process has just finished
            continue
        if old:
            shutil.rmtree(left, ignore_errors=True)
