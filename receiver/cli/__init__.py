"""The command line, `vectadb-receiver`: one file a command, and the table of them in `commands`."""

from receiver.cli.commands import main

__all__ = ["main"]
