"""A lock on a file beside an embedded index's folder, so that only one process at a time has the index open.

Edge has a lock, too, but before it checks that lock it damages a file of the process that has it.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from storage.errors import IndexUnavailable


def lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def locked(path: Path) -> IO[bytes]:
    """Lock the index at `path` until the returned file is closed. Raises IndexUnavailable if another process has it."""
    lock = lock_file(path).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise IndexUnavailable(f"another process uses the search index: it has locked {lock.name}") from None
    return lock
