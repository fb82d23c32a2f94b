"""Recordings of real programs (`tests/emitters/record`): what they sent, what is made of it, and what was true."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mapping.calls.conversation import turns_of
from mapping.calls.interpret import interpret
from mapping.calls.model import Run, Telling
from mapping.calls.reading import tell
from mapping.correlation.placement import Placement
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.times import NS

FIXTURES = Path(__file__).parents[2] / "emitters" / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))


class Recording(NamedTuple):
    program: str
    version: str
    scenario: str
    truth: dict[str, Any]
    run: Run
    turns: list[dict[str, Any]]


@lru_cache
def tellings_of(name: str) -> list[Telling]:
    fixture = json.loads((FIXTURES / f"{name}.json").read_bytes())
    events = []
    for signal, map_request in (("resourceSpans", map_traces), ("resourceLogs", map_logs)):
        if fixture.get(signal):
            events += map_request(JsonWire(), json.dumps({signal: fixture[signal]}).encode(), 0).events
    placement = Placement([], agent_window=3_600 * NS)
    tellings = []
    # Spans come first: what names no trace belongs to its session's.
    for event in sorted(events, key=lambda event: event.trace_id is None):
        assert placement.place(event, 0) is None
        tellings.append(tell(msgspec.structs.asdict(event) | {"duration_ns": event.duration}))
    return tellings


@lru_cache
def recording(name: str) -> Recording:
    fixture = json.loads((FIXTURES / f"{name}.json").read_bytes())
    run = interpret(tellings_of(name))
    return Recording(
        fixture["program"].partition("==")[0],
        fixture["version"],
        fixture.get("scenario", ""),
        fixture["truth"],
        run,
        turns_of(run),
    )


_HEAD = """# What is understood of whom

Written by `python tests/mapping/calls/document.py` from what `tests/mapping/calls/test_recorded.py` checks: each
program was run for real against a stand-in model (`tests/emitters/record/`), and what is made of its telemetry is
compared with what it did. **yes**: as it was. A number points to what is not sent, or is not understood yet.

"""


def table() -> str:
    """Return docs/emitters.md."""
    from aspects import ASPECTS
    from not_sent import NOT_SENT

    notes: list[str] = []
    lines = ["| program | version | " + " | ".join(ASPECTS) + " |", "|" + "---|" * (len(ASPECTS) + 2)]
    for name in NAMES:
        one, missing = recording(name), NOT_SENT.get(name, {})
        cells = []
        for aspect in ASPECTS:
            if aspect not in missing:
                cells.append("yes")
                continue
            if missing[aspect] not in notes:
                notes.append(missing[aspect])
            cells.append(str(notes.index(missing[aspect]) + 1))
        variant = name.removeprefix(one.program)
        lines.append(
            f"| {one.program}{' (' + variant.strip('-') + ')' if variant.strip('-') else ''} | {one.version} | "
            + " | ".join(cells)
            + " |"
        )
    rows = "\n".join(lines)
    return f"{_HEAD}{rows}\n\n" + "".join(f"{number}. {note}\n" for number, note in enumerate(notes, 1))
