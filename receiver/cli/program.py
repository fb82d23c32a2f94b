"""The way this program was called, for the commands that it proposes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAME = "vectadb-receiver"


def program() -> str:
    """Return the words that start this program: the bare name if the shell finds it, else as they were typed."""
    called = sys.argv[0]
    if Path(called).parts[-2:] == ("receiver", "__main__.py"):
        return "python -m receiver"
    if Path(called).name != NAME:  # it runs inside another program
        return NAME
    path = shutil.which(NAME)
    return NAME if path and Path(path).resolve() == Path(called).resolve() else called
