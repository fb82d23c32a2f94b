"""`restore`: put what `backup` has copied into a data folder without data."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from receiver import settings
from receiver.cli.commands.backup import embedded_store
from receiver.cli.errors import CommandError
from receiver.cli.program import program
from receiver.cli.terminal import count, json_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="what `backup` has made")
    parser.add_argument("--json", action="store_true", help="say what was restored as a line of JSON")
    settings.add_data_dir_flag(parser)


def run(args: argparse.Namespace) -> int:
    from storage.surreal import backup  # noqa: PLC0415 - half a second, which no other command need wait for

    storage = settings.load(args, os.environ).storage
    store = embedded_store(storage)
    index = storage.data_dir / "qdrant"
    if index.exists() and not storage.qdrant.url:
        raise CommandError(f"{index} is the search index of other events: move it away, or name another --data-dir")
    try:
        restored = backup.restore(args.folder, store)
    except backup.BackupError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot copy {args.folder} to {store}: {error.strerror or error}") from None
    if args.json:
        print(json_line({"data_dir": str(storage.data_dir), "events": restored.events}))
    else:
        print(
            f"{count(restored.events, 'event')} of {restored.created_at} in {store}; search is filled anew at the start"
        )
        print(f"start it: {program()} serve --data-dir {storage.data_dir}")
    return 0
