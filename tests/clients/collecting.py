"""A Collector built from Go modules, run with the repository's configurations, and what it reads CloudWatch from."""

import contextlib
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent.parent


def found_valid(otelcol, configurations, folder):
    """Return the exit code and the errors of the Collector's own check. Nothing is set, so that the defaults count."""
    run = subprocess.run(
        [otelcol, "validate", *(f"--config={ROOT / configuration}" for configuration in configurations)],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return run.returncode, run.stderr


class Collector:
    """The Collector with configurations as they are, moved to free ports. `environment` is what a user sets."""

    def __init__(self, otelcol, configurations, folder, ports, environment):
        self._folder, self._storage = folder, folder / "collector"
        self.environment = {"OTELCOL_STORAGE_DIR": str(self._storage), **environment}
        self.grpc, self.http, health = (f"127.0.0.1:{port}" for port in ports)
        self._health = f"http://{health}/"
        self._command = [
            otelcol,
            *(f"--config={ROOT / configuration}" for configuration in configurations),
            f"--config=yaml:extensions::health_check::endpoint: {health}",
            "--config=yaml:service::telemetry::metrics::level: none",  # its own metrics have a fixed port
        ]
        self._process = None

    def set(self, path, value):
        """Set something that users have no variable for."""
        self._command.append(f"--config=yaml:{path}: {value}")

    def start(self, eventually):
        with (self._folder / "collector.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=os.environ | self.environment,
                stderr=log,
            )
        eventually(self._healthy, expected=True)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            try:
                assert self._process.wait(timeout=30) == 0, self.log()
            finally:
                self.kill()

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process = None

    def queues(self):
        return self._storage.glob("exporter_*")

    def log(self):
        return (self._folder / "collector.log").read_text()

    def _healthy(self):
        assert self._process.poll() is None, self.log()
        try:
            return httpx.get(self._health).status_code == 200
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def cloudwatch(groups):
    """Serve as much of CloudWatch Logs as the Collector's receiver asks for, and yield what a user sets to read it.

    `groups` maps the names of log groups to their events: `(stream, milliseconds since 1970, line)`.
    """

    class CloudWatch(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["X-Amz-Target"].endswith(".DescribeLogGroups"):
                found = [name for name in groups if name.startswith(asked["logGroupNamePrefix"])]
                answer = {"logGroups": [{"logGroupName": name} for name in found]}
            else:
                events = enumerate(groups[asked["logGroupName"]])
                answer = {
                    "events": [
                        {"eventId": f"e{place}", "timestamp": at, "logStreamName": stream, "message": line}
                        for place, (stream, at, line) in events
                        if asked["startTime"] <= at
                    ]
                }
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format, *args):  # noqa: A002 - the name that the base class gives it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), CloudWatch) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            }
        finally:
            server.shutdown()
