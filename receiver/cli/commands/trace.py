"""`trace ID`: show a trace's events as a tree of spans and their children."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

from mapping.times import parse_rfc3339
from receiver.cli import api, filters
from receiver.cli.show import cost, headline, kind, score_lines, status, tokens
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    count,
    duration,
    json_line,
    local_time,
    printable,
)

_DEEPEST = 30  # levels that are indented; more would leave no room for text
# The prefixes of an event and of its children: for one with later siblings, and for the last.
_BRANCH, _LAST = ("├─ ", "│  "), ("└─ ", "   ")

Event = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the trace's id")
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=1000, metavar="N", help="events at most (default 1000)"
    )
    add_output_flags(parser, "the trace with its events as one line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    route = api.path("traces", args.id)
    trace = receiver.get_patiently(route, limit=1)
    events = list(receiver.pages(route, "events", args.limit))
    if args.json:
        del trace["next_cursor"]  # a page's; these are all of them
        print(json_line({**trace, "events": events}))
        return 0
    print("\n".join([*head(trace), "", *tree(events)]))
    if len(events) < trace["event_count"]:
        print(f"the first {len(events)} of {trace['event_count']} events; --limit shows more")
    return 0


def head(trace: dict[str, Any]) -> list[str]:
    """Return the lines that describe the trace as a whole."""
    title = coloured(printable(trace["name"] or "trace"), "bold")
    lines = [f"{title}  {coloured(printable(trace['id']), 'dim')}", "  ".join(_facts(trace))]
    names = [f"{name} {printable(value)}" for name in ("session", "agent") if (value := trace[f"{name}_id"])]
    if trace["service"]:
        names.append(f"service {printable(trace['service'])}")
    if trace["models"]:
        names.append(f"models {printable(', '.join(trace['models']))}")
    if names:
        lines.append("  ".join(names))
    if trace["first_question"]:
        lines.append(f"{coloured('?', 'dim')} {printable(trace['first_question'])}")
    if trace["first_error"]:
        lines.append(f"{coloured('!', 'dim')} {coloured(printable(trace['first_error']), 'red')}")
    lines += score_lines(trace.get("scores", []))
    if not trace["interpreted"]:
        lines.append(coloured("not all of its events are interpreted yet", "yellow"))
    return lines


def _facts(trace: dict[str, Any]) -> list[str]:
    facts = [
        status(trace["status"]),
        local_time(trace["start_time"]),
        duration(trace["duration_ns"]),
        count(trace["event_count"], "event"),
    ]
    if trace["error_count"]:
        facts.append(coloured(count(trace["error_count"], "error"), "red"))
    facts += [
        count(trace[field], noun) for noun, field in (("model call", "calls"), ("tool call", "tools")) if trace[field]
    ]
    if trace["input_tokens"] or trace["output_tokens"]:
        facts.append(f"{tokens(trace)} tokens")
    if trace["cost_usd"] or trace["unpriced_calls"]:
        facts.append(cost(trace["cost_usd"], trace["calls"], trace["unpriced_calls"]))
    return facts


def tree(events: list[Event]) -> list[str]:
    """Return the lines of the events, each below its parent span, in the order of time."""
    if not events:
        return []
    began = parse_rfc3339(events[0]["timestamp"])
    return aligned(_rows(events, began))


def _rows(events: list[Event], began: int) -> Iterator[list[str]]:
    for line in _walk(events):
        event = line.event
        after = parse_rfc3339(event["timestamp"]) - began
        yield [
            coloured(f"+{duration(after)}" if after > 0 else "0", "dim"),
            kind(event),
            status(event["status"]),
            coloured(line.before, "dim" if line.before else None) + headline(event),
        ]


class _TreeLine(NamedTuple):
    """The prefixes of an event's line (`before`) and of its children's lines (`below`)."""

    event: Event
    depth: int = 0
    before: str = ""
    below: str = ""

    def child(self, event: Event, *, last: bool) -> _TreeLine:
        if self.depth == _DEEPEST:
            return self._replace(event=event)
        before, below = _LAST if last else _BRANCH
        return _TreeLine(event, self.depth + 1, self.below + before, self.below + below)


def _walk(events: list[Event]) -> Iterator[_TreeLine]:
    """Yield every event once, parents first. An event whose parents are missing or circular is a root."""
    spans = {event["span_id"]: event for event in events if event["span_id"]}
    children: dict[str, list[Event]] = {}
    roots: list[Event] = []
    for event in events:
        parent = event["parent_span_id"]
        if parent in spans and spans[parent] is not event:
            children.setdefault(parent, []).append(event)
        else:
            roots.append(event)
    seen: set[str] = set()
    # Events that no root leads to are in a circle; it starts with its first event.
    for root in [*roots, *events]:
        below = [_TreeLine(root)]
        while below:
            line = below.pop()
            if line.event["id"] in seen:
                continue
            seen.add(line.event["id"])
            yield line
            caused = children.get(line.event["span_id"] or "", [])
            below.extend(line.child(child, last=child is caused[-1]) for child in reversed(caused))
