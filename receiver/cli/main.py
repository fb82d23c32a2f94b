"""The table of commands, and how all of them handle help, errors, Ctrl-C and a closed pipe."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from receiver.cli.commands import (
    backup,
    call,
    calls,
    compare,
    completion,
    conversation,
    doctor,
    explain,
    export,
    import_,
    mcp,
    prune,
    reindex,
    restore,
    score,
    search,
    send_demo,
    serve,
    sessions,
    stats,
    tail,
    trace,
    traces,
)
from receiver.cli.errors import CommandError
from receiver.cli.terminal import COLOURS, printable, use_colours
from receiver.settings import SettingsError
from receiver.version import VERSION


class Command(NamedTuple):
    """`run` returns the exit code: 0, or 1 if it failed. A usage error exits with 2."""

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


COMMANDS = (
    Command("serve", "receive, store and index events until stopped", serve.add_arguments, serve.run),
    Command("search", "find events by meaning and by words", search.add_arguments, search.run),
    Command("tail", "show the last events, or events as they come", tail.add_arguments, tail.run),
    Command("trace", "show one trace as a tree", trace.add_arguments, trace.run),
    Command("traces", "list traces, the latest first, or sorted", traces.add_arguments, traces.run),
    Command(
        "compare",
        "show two traces, or sessions, beside each other, and what differs",
        compare.add_arguments,
        compare.run,
    ),
    Command("calls", "list calls of models, tools and agents", calls.add_arguments, calls.run),
    Command("call", "show one call with what was said or passed", call.add_arguments, call.run),
    Command("conversation", "show what was said in a trace or a session", conversation.add_arguments, conversation.run),
    Command("score", "say how good a trace, a call, an event or a session was", score.add_arguments, score.run),
    Command("explain", "say why an event stands where it does", explain.add_arguments, explain.run),
    Command(
        "sessions",
        "list sessions, the latest first, or sorted; or the traces of one",
        sessions.add_arguments,
        sessions.run,
    ),
    Command(
        "stats", "say how many runs, failures, tokens there were, over time or by name", stats.add_arguments, stats.run
    ),
    Command(
        "export", "write events as lines, to be kept, or sent to any OTLP receiver", export.add_arguments, export.run
    ),
    Command("import", "store what export wrote, here or elsewhere", import_.add_arguments, import_.run),
    Command("mcp", "serve tools for a coding agent over stdin and stdout (MCP)", mcp.add_arguments, mcp.run),
    Command("prune", "delete old traces, or those of a session, with their events", prune.add_arguments, prune.run),
    Command("send-demo", "send the made-up runs of a travel agent", send_demo.add_arguments, send_demo.run),
    Command("reindex", "fill the search index anew from the store", reindex.add_arguments, reindex.run),
    Command("backup", "copy the embedded store, also of a receiver that runs", backup.add_arguments, backup.run),
    Command("restore", "put a backup into a data folder without data", restore.add_arguments, restore.run),
    Command("doctor", "check settings, stores, model and ports", doctor.add_arguments, doctor.run),
    Command(
        "completion", "write a script that has a shell complete commands", completion.add_arguments, completion.run
    ),
)

# The exit codes a shell reports for a process killed by SIGINT or SIGPIPE.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        code = _run(argv)
        sys.stdout.flush()  # here, where a closed pipe is expected
    except (CommandError, SettingsError) as error:
        print(f"vectadb-receiver: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more at exit, which would print an error.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    if args.run is None:
        parser.print_help(sys.stderr)
        return 2
    use_colours(getattr(args, "color", COLOURS[0]))
    code: int = args.run(args)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vectadb-receiver",
        description="Receives what AI agents tell OpenTelemetry, stores it, and finds it again by meaning.",
    )
    parser.add_argument("--version", action="version", version=f"vectadb-receiver {VERSION}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        of_command = commands.add_parser(command.name, help=command.help, description=_sentence(command.help))
        command.add_arguments(of_command)
        of_command.set_defaults(run=command.run, parser=parser)
    return parser


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
