"""Where a command writes what it was asked for: a file, or standard output."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from receiver.cli.errors import CommandError


@contextlib.contextmanager
def written_to(name: str | None) -> Iterator[tuple[IO[bytes], bool]]:
    """Yield the stream to write to, and whether it is a terminal.

    A file gets its name only when it is complete; until then `.part` is appended to it.
    """
    if name is None or name == "-":
        yield sys.stdout.buffer, sys.stdout.isatty()
        return
    path = Path(name)
    partial = path if path.exists() and not path.is_file() else path.with_name(f"{path.name}.part")
    try:
        file = partial.open("wb")
    except OSError as error:
        raise CommandError(f"cannot write {partial}: {error.strerror}") from None
    with file:
        try:
            yield file, False
        except OSError as error:
            raise CommandError(f"cannot write {partial}: {error.strerror}") from None
    if partial != path:
        partial.replace(path)
