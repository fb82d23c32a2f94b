#!/usr/bin/env bash
# OTEL_EXPORTER_OTLP_COMPRESSION=none, and the variable set to nothing, end a program that sends OTLP over gRPC from
# Python before it has begun; over HTTP the same package family takes both, and deflate.
# Guess: the exporters of one SDK take the same values of a variable that the specification has for both: `gzip`, `none`,
# and nothing, which it says counts as not set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 200 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2 \
  opentelemetry-exporter-otlp-proto-grpc==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
timeout 100 "$folder/venv/bin/python" - <<'PYTHON'
import os
import sys
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

for transport in ("grpc", "http"):
    name = f"opentelemetry-exporter-otlp-proto-{transport}"
    print(name, version(name))
taken = {}
for value in ("gzip", "none", ""):
    os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"] = value
    for transport, exporter in (("grpc", OverGrpc), ("http", OverHttp)):
        try:
            exporter(endpoint="http://127.0.0.1:4317" if transport == "grpc" else "http://127.0.0.1:4318/v1/traces")
            taken[value, transport] = True
            print(f"{value!r} over {transport}: taken")
        except Exception as error:
            taken[value, transport] = False
            print(f"{value!r} over {transport}: {type(error).__name__}: {error}")
refused = {case for case, was_taken in taken.items() if not was_taken}
if refused != {("none", "grpc"), ("", "grpc")}:
    sys.exit("CHANGED: `none` and an empty value are refused by the exporter for gRPC alone")
PYTHON
