#!/usr/bin/env bash
# Arize Phoenix: a regular stop (SIGTERM) drops most of the spans that it has just answered with 200: it writes for five
# seconds what it holds in memory, and forgets the rest.
# Guess: what is answered with 200 is in its database, or at least is written before it stops.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check uv
timeout 300 "$folder/venv/bin/uv" pip install --quiet --python "$folder/venv/bin/python" arize-phoenix==20.26.1
cd "$folder"
mkdir data
timeout 400 "$folder/venv/bin/python" - <<'PYTHON'
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS, SPANS = 100, 100
probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
http, grpc = (probe.getsockname()[1] for probe in probes)
for probe in probes:
    probe.close()
environment = {
    **os.environ,
    "PHOENIX_WORKING_DIR": str(Path("data").resolve()),
    "PHOENIX_HOST": "127.0.0.1",
    "PHOENIX_PORT": str(http),
    "PHOENIX_GRPC_PORT": str(grpc),
    "PHOENIX_TELEMETRY_ENABLED": "false",
}


def start():
    program = Path(sys.executable).with_name("phoenix")
    with open("log", "ab") as log:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log)
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{http}/healthz").close()
            return process
        except OSError:
            time.sleep(0.2)
    sys.exit(f"it did not start: {Path('log').read_text()[-2000:]}")


def stored():
    with sqlite3.connect("file:data/phoenix.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM spans").fetchone()[0]


print("arize-phoenix", version("arize-phoenix"))
process = start()
for _ in range(REQUESTS):
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for _ in range(SPANS):
        now = time.time_ns()
        ids = {"trace_id": random.randbytes(16), "span_id": random.randbytes(8)}
        spans.add(name="chat", start_time_unix_nano=now - 10**8, end_time_unix_nano=now, **ids)
    headers = {"Content-Type": "application/x-protobuf"}
    address = f"http://127.0.0.1:{http}/v1/traces"
    # Raises but at an answer of success.
    urllib.request.urlopen(urllib.request.Request(address, request.SerializeToString(), headers)).close()
sent = REQUESTS * SPANS
print(f"{sent:,} spans answered with 200, {stored():,} of them stored by then")
asked = time.monotonic()
process.terminate()
process.wait()
print(f"stopped by SIGTERM within {time.monotonic() - asked:.1f} s")
said = re.search(r"Span ingestion stopped with .*", Path("log").read_text())
print("its log:", said[0] if said else "nothing of it")
process = start()
time.sleep(5)
left = stored()
process.terminate()
process.wait()
print(f"after the next start: {left:,}")
if left >= sent:
    sys.exit("CHANGED: a regular stop writes all spans that were answered with 200")
print(f"SEEN: {sent - left:,} of {sent:,} acknowledged spans are gone after a regular stop")
PYTHON
