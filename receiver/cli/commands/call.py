"""`call ID`: show one call of a model, a tool or an agent, with what was said or passed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from receiver.cli import api
from receiver.cli.messages import part_lines, turn_lines, value
from receiver.cli.show import cost, score_lines, status, tokens
from receiver.cli.terminal import add_output_flags, coloured, count, duration, json_line, local_time, printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the call's id, or that of an event that tells of it")
    add_output_flags(parser, "the call as one line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    call = api.Receiver(api.connection(args)).get_patiently(api.path("calls", args.id))
    print(json_line(call) if args.json else "\n".join(lines(call)))
    return 0


def lines(call: dict[str, Any]) -> Iterator[str]:
    yield f"{call['kind']} {coloured(printable(call['name'] or '-'), 'bold')}  {coloured(printable(call['id']), 'dim')}"
    facts = [status(call["status"]), local_time(call["start_time"]), duration(call["duration_ns"])]
    if call["kind"] != "tool":
        facts += [f"{tokens(call)} tokens", cost(call["cost_usd"])]
    yield "  ".join(filter(None, facts))
    names = [
        (word, call[field]) for word, field in (("agent", "agent_id"), ("session", "session_id"), ("trace", "trace_id"))
    ]
    yield "  ".join(f"{word} {printable(name)}" for word, name in names if name)
    if call["error"]:
        yield f"{coloured('!', 'dim')} {coloured(printable(call['error']), 'red')}"
    yield from score_lines(call["scores"])
    if call["kind"] == "tool":
        yield f"→ {value(call['arguments'], whole=True)}"
        yield f"← {value(call['result'], whole=True)}"
    for part in call["system"]:
        yield coloured("system", "dim")
        yield from (f"  {line}" for line in part_lines(part, whole=True))
    if call["missing"]:
        yield coloured(f"{count(call['missing'], 'message')} before these were dropped by the sender", "yellow")
    for message in (*call["sent"], *call["answered"]):
        yield from turn_lines(message, whole=True)
