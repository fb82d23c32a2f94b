"""`send-demo`: send sample traces and logs as a real program would."""

from __future__ import annotations

import argparse

from receiver.cli import api
from receiver.cli.errors import CommandError
from receiver.cli.program import program
from receiver.cli.show import status
from receiver.cli.terminal import add_output_flags, aligned, count, json_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_output_flags(parser, "say what was sent as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    where = api.connection(args)
    # Ask the receiver first: its errors (away, not ready, wrong key) are clearer than an exporter's.
    receiver = api.Receiver(where)
    receiver.get_patiently(api.path("stats"))
    from receiver.cli.demo_telemetry import SendError, send  # noqa: PLC0415 - the SDK takes a while to import; only this command needs it

    try:
        sent = send(
            where.url, {"Authorization": f"Bearer {where.key}"} if where.key else {}, certificate=where.certificate
        )
    except SendError as error:
        raise CommandError(f"{where.url}: {error}") from None
    if args.json:
        runs = [run._asdict() for run in sent.runs]
        print(json_line({"spans": sent.spans, "log_records": sent.logs, "runs": runs}))
        return 0
    sessions = {run.session_id for run in sent.runs}
    print(
        f"Sent {count(sent.spans, 'span')} and {count(sent.logs, 'log record')}: "
        f"{count(len(sent.runs), 'run')} of a travel agent in {count(len(sessions), 'session')}.\n"
    )
    rows = [(status("failed" if run.failed else "completed"), run.trace_id, run.title) for run in sent.runs]
    print("\n".join(f"  {line}" for line in aligned(rows)))
    failed = next(run for run in sent.runs if run.failed)
    print("\nNext (what was just sent can be searched in a moment):")
    for words in (
        'search "the ticket got more expensive while booking"',
        'search "card was refused" --status error',
        f"trace {sent.runs[0].trace_id}",
        f"trace {failed.trace_id}",
        "sessions",
    ):
        print(f"  {program()} {words}{where.flags}")
    return 0
