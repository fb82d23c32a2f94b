"""`prune`: delete traces, and show the progress."""

from __future__ import annotations

import argparse
import time
from typing import Any

from receiver.cli import api, filters
from receiver.cli.errors import CommandError
from receiver.cli.terminal import Progress, count, json_line

# The timeout of a request in seconds: a dry run reads every trace concerned, 0.05 ms each.
_TIMEOUT = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which traces, with all their events (one of these, of a project or all)")
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--older-than",
        metavar="WHEN",
        type=filters.moment,
        help="those last active before this moment, 2026-01-07T19:00:00Z, or so long ago: 12h, 30d",
    )
    which.add_argument(
        "--max-events",
        type=filters.number(1, 10**9 - 1),
        metavar="N",
        help="those silent for longest, until no more than N events are left; the last trace stays",
    )
    which.add_argument("--session", metavar="ID", help="those of this session that hold no other one")
    which.add_argument("--trace", metavar="ID", help="this one")
    group.add_argument("--project", metavar="NAME", help="of this project; by itself: all that is in it")
    parser.add_argument("--dry-run", action="store_true", help="only say how much it would be")
    parser.add_argument("--json", action="store_true", help="say it as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.project is None and not any((args.older_than, args.max_events, args.session, args.trace)):
        raise CommandError("expected one of --older-than, --max-events, --session, --trace and --project", exit_code=2)
    receiver = api.Receiver(api.connection(args))
    asked = {
        "before": args.older_than,
        "max_events": args.max_events,
        "session_id": args.session,
        "trace_id": args.trace,
        "project": args.project,
        "dry_run": args.dry_run,
    }
    total = _all(receiver, {name: value for name, value in asked.items() if value is not None})
    if args.json:
        print(json_line({"dry_run": args.dry_run, **total}))
    else:
        print(_sentence(total, dry_run=args.dry_run))
    return 0


def _all(receiver: api.Receiver, asked: dict[str, Any]) -> dict[str, int]:
    """Repeat the request until all is deleted. The receiver deletes slowly, so that ingest goes on meanwhile."""
    total = {"traces": 0, "events": 0, "kept": 0}
    progress = Progress()
    try:
        while True:
            try:
                pruned = receiver.post(api.path("prune"), asked, _TIMEOUT)
            except api.NotReadyError as error:
                if not total["events"]:
                    raise
                progress.show(f"waiting: {error}")
                time.sleep(error.retry_after)
                continue
            for name in ("traces", "events"):
                total[name] += pruned[name]
            total["kept"] = pruned["kept"]
            if pruned["done"]:
                return total
            progress.show(_sentence(total, dry_run=False))
    finally:
        progress.clear()


def _sentence(total: dict[str, int], *, dry_run: bool) -> str:
    what = f"{count(total['traces'], 'trace')} with {count(total['events'], 'event')}"
    kept = f"; {count(total['kept'], 'trace')} kept, with events of other sessions, too" if total["kept"] else ""
    return f"{what} would be deleted{kept}" if dry_run else f"{what} deleted{kept}"
