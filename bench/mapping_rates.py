"""Measure how fast requests become events, in spans per second: OTLP in both encodings, JSON; with and without masking.

One process, one thread, no store: `.venv/bin/python bench/mapping_rates.py`. JSON is to be no slower than protobuf.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import traffic

from mapping.json.events import Options, decode_batch, decode_event, map_event
from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.sanitize.redaction import Redaction
from mapping.sanitize.sanitizer import Sanitizer

ITEMS = 100
SECONDS = 0.5
# The best of several runs: other work of the machine only makes them slower.
ROUNDS = 5


def _events(body: bytes) -> list[Event]:
    batch = decode_batch(body)
    return [map_event(decode_event(raw), Options(), "id") for raw in batch.events]


PATHS: dict[str, tuple[Callable[[random.Random, int, int], traffic.Body], Callable[[bytes], list[Event]]]] = {
    "spans, protobuf": (traffic.trace_protobuf, lambda body: map_traces(ProtobufWire(), body, 1).events),
    "spans, JSON": (traffic.trace_json, lambda body: map_traces(JsonWire(), body, 1).events),
    "log records, protobuf": (traffic.log_protobuf, lambda body: map_logs(ProtobufWire(), body, 1).events),
    "JSON events": (traffic.event_batch, _events),
}


def rate(body: bytes, mapped: Callable[[bytes], list[Event]], sanitizer: Sanitizer | None) -> float:
    best = 0.0
    for _ in range(ROUNDS):
        began, items = time.process_time(), 0
        while (seconds := time.process_time() - began) < SECONDS:
            events = mapped(body)
            if sanitizer:
                sanitizer.clean(events)
            items += ITEMS
        best = max(best, items / seconds)
    return best


def main() -> None:
    print(f"{'items a second':24}{'mapped':>12}{'+ limits':>12}{'+ redaction':>12}")
    for name, (make, mapped) in PATHS.items():
        body = make(random.Random(1), 1, ITEMS).data
        rates = [rate(body, mapped, sanitizer) for sanitizer in (None, Sanitizer(), Sanitizer(redaction=Redaction()))]
        print(f"{name:24}", *(f"{value:11,.0f}" for value in rates), flush=True)


if __name__ == "__main__":
    main()
