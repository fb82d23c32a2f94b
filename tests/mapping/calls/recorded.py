"""Recordings of real programs (`tests/emitters/record`): what they sent, what is made of it, and what was true."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mapping.calls.conversation import turns_of
from mapping.calls.interpret import interpret
from mapping.calls.model import Run
from mapping.calls.reading import tell
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces

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
def recording(name: str) -> Recording:
    fixture = json.loads((FIXTURES / f"{name}.json").read_bytes())
    events = []
    for signal, map_request in (("resourceSpans", map_traces), ("resourceLogs", map_logs)):
        if fixture.get(signal):
            events += map_request(JsonWire(), json.dumps({signal: fixture[signal]}).encode(), 0).events
    traces = [event.trace_id for event in events if event.trace_id]
    tellings = []
    for event in events:
        # What carries no trace id is placed by its session: here all is of one.
        row = msgspec.structs.asdict(event) | {"duration_ns": event.duration}
        tellings.append(tell(row | {"trace_id": event.trace_id or traces[0]}))
    run = interpret(tellings)
    return Recording(
        fixture["program"].partition("==")[0],
        fixture["version"],
        fixture.get("scenario", ""),
        fixture["truth"],
        run,
        turns_of(run),
    )
