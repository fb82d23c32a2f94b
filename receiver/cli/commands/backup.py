"""`backup`: copy the embedded store to a folder, also while a receiver uses it."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from receiver import settings
from receiver.cli.errors import CommandError
from receiver.cli.program import program
from receiver.cli.terminal import Progress, count, json_line
from receiver.version import VERSION

_EMBEDDED = "surrealkv://"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--json", action="store_true", help="say what was copied as a line of JSON")
    settings.add_data_dir_flag(parser)


def run(args: argparse.Namespace) -> int:
    from storage.surreal import backup  # noqa: PLC0415 - half a second, which no other command need wait for

    storage = settings.load(args, os.environ).storage
    store = embedded_store(storage)
    if not store.is_dir():
        raise CommandError(f"there is no data in {store}: name the receiver's data folder with --data-dir")
    progress = Progress()
    progress.show("copying")
    try:
        made = backup.make(
            store,
            args.folder,
            namespace=storage.surrealdb.namespace,
            database=storage.surrealdb.database,
            version=VERSION,
            created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
    except backup.BackupError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot copy {store} to {args.folder}: {error.strerror or error}") from None
    finally:
        progress.clear()
    if args.json:
        print(json_line({"folder": str(args.folder), "events": made.events, "bytes": made.bytes}))
    else:
        print(f"{count(made.events, 'event')}, {made.bytes / 1e6:.1f} MB, in {args.folder}")
        print(f"to look at it again: {program()} doctor --backup {args.folder}")
    return 0


def embedded_store(storage: settings.Storage) -> Path:
    """Return the folder of the embedded store. Raises CommandError for a store that is elsewhere."""
    url = storage.surrealdb_url
    if not url.startswith(_EMBEDDED):
        raise CommandError(
            "mem:// keeps nothing"
            if url == "mem://"
            else f"the store is a server, {url}: back it up with its own tool, `surreal export`; the search index is "
            f"made anew from it with `{program()} reindex`"
        )
    return Path(url.removeprefix(_EMBEDDED))
