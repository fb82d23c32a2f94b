"""`doctor --rules FILE < some.log`: show the events that rules make of log lines, without storing them."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.semantics.log_parsing import LogParsing
from receiver.cli.terminal import coloured, columns, count, json_line, printable, shortened
from receiver.settings import SettingsError
from receiver.settings.rules_file import read_rules_file


def try_rules(file: str) -> int:
    """Show the result for each line of standard input. Return the exit code. Raises SettingsError for invalid rules."""
    try:
        reading = read_rules_file(Path(file))
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    if sys.stdin.isatty():
        print("type lines of a log; Ctrl-D ends them", file=sys.stderr)
    for shown in lines(sys.stdin, reading):
        print(shown, flush=True)  # so that each line of a log that is followed appears at once
    return 0


def lines(log: Iterable[str], reading: LogParsing) -> Iterator[str]:
    """Yield each line that is not blank, with the rule that matched and the result; at the end the counts by rule."""
    priorities = {rule.name: rule.priority for rule in reading.rules}
    matches: Counter[str | None] = Counter()
    for line in log:
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        event = _event(text, reading)
        rule = event.properties.pop("rule", None)
        matches[rule] += 1
        yield shortened(printable(text), columns())
        head = f"{rule} (priority {priorities[rule]})" if rule else "no rule"
        yield f"    {coloured(printable(head), 'green' if rule else 'yellow')}: {_summary(event)}"
        for name, value in event.properties.items():
            if name != "body":
                yield f"        {printable(name)}: {_value(value)}"
    yield ""
    total, unmatched = matches.total(), matches[None]
    yield f"{count(total, 'line')}, {total - unmatched} matched by a rule, {unmatched} by none"
    for name in priorities:
        yield f"{matches[name]:8}  {printable(name)}"


def _event(line: str, reading: LogParsing) -> Event:
    """Return the event of a line, mapped by the receiver's own code as if a Collector had read it from a file."""
    record = {"body": {"stringValue": line}}
    body = msgspec.json.encode({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    return map_logs(JsonWire(), body, 0, reading=reading).events[0]


def _summary(event: Event) -> str:
    facts = [str(event.event_type), event.severity and f"level {event.severity}"]
    facts += [value and f"{name} {value}" for name, value in (("session", event.session_id), ("agent", event.agent_id))]
    return printable(", ".join(fact for fact in facts if fact))


def _value(value: object) -> str:
    return shortened(printable(value) if isinstance(value, str) else json_line(value), columns())
