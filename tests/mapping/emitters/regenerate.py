"""Writes the golden files: the events that come out of each emitter's fixture. Run it and read the difference.

python tests/mapping/emitters/regenerate.py
"""

import json
from pathlib import Path

import msgspec

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.search_text.text import text_of
from mapping.times import format_rfc3339

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "fixtures").glob("*.json"))

# What the fixture says already, of whole requests; and what is no part of a stored event.
_LEFT_OUT = {"resource", "scope", "conversation", "creates_trace", "indexed", "trace_id", "timestamp"}


def events_of(name):
    """Map a fixture; one that holds spans and log records is a request to each of the routes."""
    body = (HERE / "fixtures" / f"{name}.json").read_bytes()
    return [
        event
        for key, signal in ((b'"resourceSpans"', map_traces), (b'"resourceLogs"', map_logs))
        if key in body
        for event in signal(JsonWire(), body, 0).events
    ]


def as_golden(name):
    """Return the text of a golden file: what is at its default is left out, the searched text is put in."""
    shown = []
    for event in events_of(name):
        kept = {
            field: value
            for field, value in msgspec.to_builtins(event).items()
            if field not in _LEFT_OUT and value not in (None, 0, False)
        }
        place = {"timestamp": format_rfc3339(event.timestamp)} | (
            {"trace_id": event.trace_id} if event.trace_id else {}
        )
        shown.append(
            {"id": kept.pop("id"), **place, **kept, "text": text_of(event.name, event.properties).splitlines()}
        )
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def golden_file(name):
    return HERE / "golden" / f"{name}.json"


if __name__ == "__main__":
    for fixture in NAMES:
        golden_file(fixture).write_text(as_golden(fixture))
