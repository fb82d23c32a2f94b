"""`reindex`: rebuild the search index from the store, and show the progress."""

from __future__ import annotations

import argparse
import time
from typing import Any

from receiver.cli import api
from receiver.cli.terminal import Progress, count, json_line

_LOOK_EVERY = 0.5  # seconds
_AT_WORK = {"reindexing", "rebuilding", "preparing"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="only begin it; the receiver goes on by itself")
    parser.add_argument("--json", action="store_true", help="say how it ended as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    receiver.post(api.path("reindex"), {})
    if args.no_wait:
        print(_json(receiver.get(api.path("stats"))) if args.json else "begun; search goes on meanwhile")
        return 0
    progress = Progress()
    try:
        while (stats := receiver.get(api.path("stats")))["index_state"] in _AT_WORK:
            progress.show(f"{stats['index_state']}: {stats['index_progress']:.0%}; it goes on without this command")
            time.sleep(_LOOK_EVERY)
    finally:
        progress.clear()
    ready = stats["index_state"] == "ready"
    if args.json:
        print(_json(stats))
    elif ready:
        print(f"{count(stats['indexed'], 'event')} indexed")
    else:
        print(f"the search index is {stats['index_state']}; the receiver's log says why")
    return 0 if ready else 1


def _json(stats: dict[str, Any]) -> str:
    return json_line({name: stats[name] for name in ("index_state", "indexed", "index_pending")})
