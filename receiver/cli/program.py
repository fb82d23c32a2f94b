"""How this program was called, for commands that it proposes to type next."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAME = "vectadb-receiver"


def program() -> str:
    """Give the words that start this program: as they were typed, or the bare name where the shell finds it."""
    called = sys.argv[0]
    if Path(called).parts[-2:] == ("receiver", "__main__.py"):
        return "python -m receiver"
    if Path(called).name != NAME:  # it runs inside another program
        return NAME
    found = shutil.which(NAME)
    return NAME if found and Path(found).resolve() == Path(called).resolve() else called
