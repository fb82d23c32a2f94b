"""The progress of the engine's log replay. The engine does not report it, but Linux knows the file position."""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1_000_000


class Replay:
    """The replay of the log that an engine finds at its start."""

    def __init__(self, url: str) -> None:
        folder = Path(url.removeprefix("surrealkv://"), "wal")
        self._files = [(file.resolve(), file.stat().st_size) for file in sorted(folder.glob("*.wal"))]
        self._size = sum(size for _, size in self._files)

    def progress(self, pid: int) -> str:
        """Return `: 120 of 336 MB` while the process reads the log, or `: 336 MB` if the position is unknown."""
        before = 0
        for file, size in self._files:
            position = _position(pid, file)
            if position is not None:
                return f": {(before + position) // _MB} of {self._size // _MB} MB"
            before += size
        return f": {self._size // _MB} MB"


def _position(pid: int, file: Path) -> int | None:
    """Return the position at which a process reads a file, or None if it does not read it."""
    process = Path("/proc", str(pid))
    try:
        for opened in (process / "fd").iterdir():
            if opened.readlink() == file:
                lines = (process / "fdinfo" / opened.name).read_text().splitlines()
                info = dict(line.split(":", 1) for line in lines)
                if int(info["flags"], 8) & os.O_ACCMODE == os.O_RDONLY:
                    return int(info["pos"])
    except OSError:
        pass  # not Linux, or the file has just been closed
    return None
