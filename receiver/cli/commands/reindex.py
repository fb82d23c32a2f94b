"""`reindex`: have the search index filled anew from the store, and see how far it is."""

from __future__ import annotations

import argparse
import time

from receiver.cli import api
from receiver.cli.terminal import Progress, count

_LOOK_EVERY = 0.5  # seconds
_AT_WORK = {"reindexing", "rebuilding", "preparing"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="only begin it; the receiver goes on by itself")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    receiver.post(api.path("reindex"), {})
    if args.no_wait:
        print("begun; search goes on meanwhile")
        return 0
    progress = Progress()
    try:
        while (stats := receiver.get(api.path("stats")))["index_state"] in _AT_WORK:
            progress.show(f"{stats['index_state']}: {stats['index_progress']:.0%}; it goes on without this command")
            time.sleep(_LOOK_EVERY)
    finally:
        progress.clear()
    if stats["index_state"] != "ready":
        print(f"the search index is {stats['index_state']}; the receiver's log says why")
        return 1
    print(f"{count(stats['indexed'], 'event')} indexed")
    return 0
