"""Measure what the engine alone can store: the same rows, edges, traces and queue records, encoded beforehand.

The engine, its indexes and its durability are the receiver's. Runs as a separate process; prints the events stored per
second for each number of concurrent commits as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
import uuid
from pathlib import Path

import msgspec
import traffic

sys.path.insert(0, str(Path(__file__).parent.parent))  # the program, wherever the bench is started

from mapping.correlation.placement import Placement
from mapping.json.events import Options, decode_batch, decode_event, map_event
from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from storage.surreal import cbor, rows, schema
from storage.surreal.database import Database
from storage.write import transaction

EVENTS_A_COMMIT = 500
IN_FLIGHT = (1, 2, 3, 4)

_WIRES = {
    "application/x-protobuf": ProtobufWire(),
    "application/json": JsonWire(),
    traffic.GRPC: ProtobufWire(),
}
_SIGNALS = {"/v1/traces": map_traces, "/v1/logs": map_logs, traffic.GRPC_TRACES: map_traces}


def events_of(body: traffic.Body) -> list[Event]:
    if body.path in _SIGNALS:
        return _SIGNALS[body.path](_WIRES[body.content_type], body.data, time.time_ns()).events
    events = decode_batch(body.data).events
    return [map_event(decode_event(raw), Options(), str(uuid.uuid4())) for raw in events]


def encoded(events: list[Event], number: int) -> dict[str, object]:
    """The variables of one commit, as `storage.write.commit` makes them, encoded to the byte."""
    placement = Placement([], agent_window=0)
    now = time.time_ns()
    for event in events:
        placement.place(event, now)
    encoder = rows.EventEncoder(now)
    pending = [transaction.pending_of(event, encoder) for event in events]
    variables = transaction.variables_of(
        pending, placement, transaction.Lookup({}, {}, {}), f"{number:020d}", parts={0: pending}
    )
    return {
        name: value if isinstance(value, cbor.Encoded) else cbor.Encoded(cbor.encode(value))
        for name, value in variables.items()
    }


async def rate(commits: list[dict[str, object]], in_flight: int, events: int) -> float:
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        database = Database(f"surrealkv://{folder}/surreal", namespace="vectadb", database="vectadb")
        await database.open()
        await schema.apply(database.run)
        waiting = iter(commits)

        async def writer() -> None:
            for variables in waiting:
                await database.query(transaction.WRITE, **variables)

        began = time.perf_counter()
        await asyncio.gather(*(writer() for _ in range(in_flight)))
        seconds = time.perf_counter() - began
        await database.close()
        return events / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=traffic.SCENARIOS)
    parser.add_argument("items", type=int)
    arguments = parser.parse_args()
    make, size = traffic.SCENARIOS[arguments.scenario]
    rnd = random.Random(1)
    events = [event for number in range(arguments.items // size) for event in events_of(make(rnd, number, size))]
    commits = [
        encoded(events[start : start + EVENTS_A_COMMIT], start) for start in range(0, len(events), EVENTS_A_COMMIT)
    ]
    print(msgspec.json.encode({count: asyncio.run(rate(commits, count, len(events))) for count in IN_FLIGHT}).decode())


if __name__ == "__main__":
    main()
