"""`serve`: the receiver itself."""

from __future__ import annotations

import argparse
import os

from receiver import settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    settings.add_flags(parser)


def run(args: argparse.Namespace) -> int:

    def load() -> settings.Settings:
        return settings.load(args, os.environ)

    loaded = load()
    settings.check(loaded)
    from receiver import server  # noqa: PLC0415 - it takes a second to import, which no other command need wait for

    return server.run(loaded, load)
