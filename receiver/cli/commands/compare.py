"""`compare A B`: two traces or sessions beside each other: what they came to, their steps, and what differs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from receiver.cli import api
from receiver.cli.errors import CommandError
from receiver.cli.show import cost, status, tokens
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    count,
    dollars,
    duration,
    escaped,
    json_line,
    local_time,
    printable,
    shortened,
)

_LONGEST_NAME, _LONGEST_LINE = 44, 100
_DEEPEST = 8
_COLOURS = {"model": "magenta", "tool": "blue", "agent": "green"}
_SIGNS = {"a": ("-", "red"), "b": ("+", "green"), "both": (" ", "dim")}

Step = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="a trace's id, or a session's")
    parser.add_argument("b", metavar="B", help="the id of the one beside it")
    parser.add_argument("--sessions", action="store_true", help="A and B are sessions")
    parser.add_argument("--diff", action="store_true", help="also what was said in the steps that differ in it")
    parser.add_argument("--differing", action="store_true", help="only the steps that differ")
    add_output_flags(parser, "the API's answer as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.json and args.diff:
        raise CommandError("expected --json or --diff, not both", exit_code=2)
    receiver = api.Receiver(api.connection(args))
    what = "sessions" if args.sessions else "traces"
    found = receiver.get_patiently(f"{api.path(what, args.a)}/compare", **{"with": args.b})
    if args.json:
        print(json_line(found))
        return 0
    print("\n".join(totals(found["a"], found["b"])))
    print()
    print("\n".join(_steps(receiver, found, args)))
    return 0


def totals(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """Return the lines of what two traces or sessions came to, and by how much the second differs."""
    return aligned(
        [
            [coloured(word, "dim") for word in ("", "A", "B", "B - A")],
            *([coloured(word, "dim"), *cells] for word, cells in _facts(a, b) if any(cells)),
        ]
    )


def _facts(a: dict[str, Any], b: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    yield "id", [*(printable(each["id"]) for each in (a, b)), ""]
    if "status" in a:
        yield "name", [*(shortened(printable(each["name"] or "-"), _LONGEST_NAME) for each in (a, b)), ""]
        yield "status", [*(status(each["status"]) for each in (a, b)), ""]
    else:
        counts = [each["trace_count"] for each in (a, b)]
        yield "traces", [*map(str, counts), _change(counts[1] - counts[0], str)]
    yield "start", [*(local_time(each.get("start_time") or each["first_event_at"]) for each in (a, b)), ""]
    took = [each["duration_ns"] for each in (a, b)]
    yield "duration", [*map(duration, took), _change(took[1] - took[0], duration)]
    for word, field in (("model calls", "calls"), ("tool calls", "tools"), ("errors", "error_count")):
        yield word, [str(a[field]), str(b[field]), _change(b[field] - a[field], str)]
    used = [each["input_tokens"] + each["output_tokens"] for each in (a, b)]
    yield "tokens in/out", [tokens(a), tokens(b), _change(used[1] - used[0], str)]
    costs = [cost(each["cost_usd"], each["calls"], each["unpriced_calls"]) for each in (a, b)]
    yield "cost", [*costs, _change(b["cost_usd"] - a["cost_usd"], dollars)]
    for word in ("first_question", "last_answer", "first_error"):
        if a[word] != b[word]:
            yield (
                word.replace("_", " "),
                [shortened(printable(each[word] or "-"), _LONGEST_NAME) for each in (a, b)] + [""],
            )


def _change(by: float, shown: Any) -> str:
    return "" if not by else f"{'+' if by > 0 else '-'}{shown(abs(by))}"


def _steps(receiver: api.Receiver, found: dict[str, Any], args: argparse.Namespace) -> Iterator[str]:
    steps = found["steps"]
    differing = [step for step in steps if _differs(step)]
    shown = differing if args.differing else steps
    for step, line in zip(shown, aligned(map(_cells, shown)), strict=True):
        yield line.rstrip()
        if args.diff and step["a"] and step["b"] and step["differs"]:
            yield from _said(receiver, step)
    only = {side: sum(not step[other] for step in steps) for side, other in (("A", "b"), ("B", "a"))}
    alike = len(steps) - len(differing)
    told = [f"{count(len(steps), 'step')}: {alike} alike", f"{len(differing) - sum(only.values())} that differ"]
    yield ", ".join([*told, *(f"{number} only in {side}" for side, number in only.items() if number)])
    for side in ("a", "b"):
        if not any(step[side] for step in steps):
            yield coloured(f"{side.upper()} has no calls of models, tools or agents", "yellow")
        if not found[side]["interpreted"]:
            yield coloured(f"not all events of {side.upper()} are interpreted yet", "yellow")
    if found["truncated"]:
        yield coloured("there are more calls than are compared: these are the first", "yellow")
    if not all(step["said"] for step in steps):
        yield coloured("what was said in some steps was too much to compare (?)", "yellow")


def _differs(step: Step) -> bool:
    return not (step["a"] and step["b"]) or bool(step["differs"])


def _cells(step: Step) -> list[str]:
    a, b = step["a"], step["b"]
    sign = "A" if not b else "B" if not a else "≠" if step["differs"] else "=" if step["said"] else "?"
    either = a or b
    names = dict.fromkeys(printable(each["name"] or "-") for each in (a, b) if each)
    name = "  " * min(either["depth"], _DEEPEST) + " → ".join(names)
    errors = dict.fromkeys(printable(each["error"]) for each in (a, b) if each and each["error"])
    return [
        coloured(sign, {"A": "red", "B": "green", "≠": "yellow"}.get(sign)),
        coloured(step["kind"], _COLOURS[step["kind"]]),
        shortened(name, _LONGEST_NAME),
        *(duration(each["duration_ns"]) if each else "-" for each in (a, b)),
        *(tokens(each | {"cache_read_tokens": 0}) if each else "-" for each in (a, b)),
        ", ".join(step["differs"]),
        coloured(shortened(" → ".join(errors), _LONGEST_LINE), "red"),
    ]


def _said(receiver: api.Receiver, step: Step) -> Iterator[str]:
    route = f"{api.path('calls', step['a']['id'])}/compare"
    for text in receiver.get_patiently(route, **{"with": step["b"]["id"]})["texts"]:
        if not text["differs"]:
            continue
        yield f"    {coloured(text['field'], 'bold')}"
        yield from (f"    {line}" for line in _changed(text["changes"]))
        if text["truncated"]:
            yield coloured("    the rest is too long to compare", "yellow")


def _changed(changes: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of two texts: those of both, and where they differ the first's and then the second's."""
    line = {"a": "", "b": ""}
    for change in changes:
        whose, text = change["whose"], change["text"]
        if whose != "both":
            line[whose] += text
            if line[whose] == text and text.endswith("\n"):
                yield from _signed(whose, text)
                line[whose] = ""
            continue
        first, *others = text.split("\n")
        line = {side: line[side] + first for side in line}
        for other in others:
            yield from _line(line)
            line = {"a": other, "b": other}
        if change["left_out"]:
            skipped = f" … {count(change['left_out'], 'character')} alike … "
            line = {side: words + skipped for side, words in line.items()}
    yield from _line(line)


def _line(line: dict[str, str]) -> Iterator[str]:
    if line["a"] == line["b"]:
        yield from _signed("both", line["a"])
    else:
        yield from (*_signed("a", line["a"]), *_signed("b", line["b"]))


def _signed(whose: str, text: str) -> Iterator[str]:
    sign, colour = _SIGNS[whose]
    yield from (coloured(f"{sign} {escaped(line)}", colour) for line in text.splitlines() if line.strip())
