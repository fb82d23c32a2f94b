"""The command line, `vectadb-receiver`."""

from receiver.cli.main import main

__all__ = ["main"]
