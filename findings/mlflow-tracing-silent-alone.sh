#!/usr/bin/env bash
# mlflow-tracing without MLflow itself makes no span, and says nothing, unless a tracking server is named: to know which
# is the default it imports a module of MLflow that needs sqlparse, which it does not install. Any name of a server will
# do, since spans go to the OTLP endpoint alone.
# Guess: with an OTLP endpoint and no tracking server the span is sent to the endpoint.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-tracing==3.17.2 \
  opentelemetry-exporter-otlp-proto-http==1.45.2
cd "$folder" # it may write a folder of its own
cat > traced.py <<'PYTHON'
import http.server
import os
import threading

arrived = threading.Event()


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        arrived.set()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}/v1/traces"
os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"

import mlflow


@mlflow.trace
def answer(question):
    return question.upper()


answer("is it raining?")
print("a span has arrived" if arrived.wait(15) else "nothing has arrived")
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E "^(mlflow|sqlparse)"
alone=$(timeout 100 "$folder/venv/bin/python" traced.py 2>&1)
named=$(timeout 100 env MLFLOW_TRACKING_URI=http://127.0.0.1:1 "$folder/venv/bin/python" traced.py 2>&1)
printf 'without MLFLOW_TRACKING_URI, all that is printed: %s\nwith one, where nobody listens: %s\n' "$alone" "$named"
if [ "$alone" != "nothing has arrived" ] || [[ "$named" != *"a span has arrived"* ]]; then
  echo "CHANGED: without a tracking server nothing was sent and nothing said, with one the span was"
  exit 1
fi
