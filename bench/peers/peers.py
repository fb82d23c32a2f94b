"""What the receiver is compared with: how each is installed and started, and how the spans in its store are counted.

Each is as it comes: its own defaults, but that it listens on loopback, keeps its data in a folder and tells nobody of
its use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import traffic

CHECKOUT = Path(__file__).parents[2]
# The runs of `traffic`, one a second, that Jaeger is asked for at a time.
_WINDOW = 200


class Ports(NamedTuple):
    """Ports of loopback: `http` takes OTLP, `query` and `metrics` answer; the others are only to be free."""

    http: int
    grpc: int
    query: int
    query_grpc: int
    metrics: int


class Peer(NamedTuple):
    """A program that takes OTLP over HTTP.

    `install(folder)` installs it, unless it is there. `command(folder, data, ports)` starts it, with `environment` of
    the same. `ready(ports)` is an address that answers once it takes spans. `stored(data, ports, runs)` counts the
    spans in its store, of so many runs of `traffic`, and `written` of the same says how many it has put there since it
    was started, which costs it next to nothing.
    """

    install: Callable[[Path], None]
    command: Callable[[Path, Path, Ports], list[str]]
    environment: Callable[[Path, Ports], Mapping[str, str]]
    ready: Callable[[Ports], str]
    stored: Callable[[Path, Ports, int], int]
    written: Callable[[Path, Ports, int], int]
    headers: tuple[str, ...] = ()
    # Of the spans of a round; less than 1 where all would take minutes.
    share: float = 1


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=300) as answer:  # noqa: S310 - loopback
        body: bytes = answer.read()
        return body


def _metric(port: int, name: str) -> int:
    """Return the value of a metric, 0 while there is none."""
    lines = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", _get(f"http://127.0.0.1:{port}/metrics").decode(), re.MULTILINE)
    return int(sum(map(float, lines)))


def _receiver(model: str) -> Peer:
    return Peer(
        install=lambda _: None,
        command=lambda _, data, ports: [
            *(sys.executable, "-m", "receiver", "serve", "--log-level", "warning", "--data-dir", str(data)),
            *("--port", str(ports.http), "--grpc-port", str(ports.grpc), "--otlp-port", "off"),
        ],
        environment=lambda _data, _ports: {"VECTADB_EMBEDDING_MODEL": model, "PYTHONPATH": str(CHECKOUT)},
        ready=lambda ports: f"http://127.0.0.1:{ports.http}/readyz",
        stored=lambda _data, ports, _runs: int(
            json.loads(_get(f"http://127.0.0.1:{ports.http}/api/v1/stats"))["events"]
        ),
        written=lambda _data, ports, _runs: _metric(ports.http, "vectadb_receiver_commit_events_sum"),
    )


def _installs(requirement: str) -> Callable[[Path], None]:
    """Return a function that installs a Python package into an environment of its own."""

    def install(folder: Path) -> None:
        installed = folder / "installed"  # written last, so that what was interrupted is done again
        if installed.exists() and installed.read_text() == requirement:
            return
        venv.create(folder, with_pip=True, clear=True)
        python = folder / "bin" / "python"
        # pip takes minutes to find which versions of so many packages go together, uv seconds.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
        subprocess.run(
            [folder / "bin" / "uv", "pip", "install", "--quiet", "--python", python, requirement], check=True
        )
        installed.write_text(requirement)

    return install


def _counted(file: str) -> Callable[[Path, Ports, int], int]:
    """Return a function that counts the rows of the table `spans` in a file of SQLite."""

    def count(data: Path, _ports: Ports, _runs: int) -> int:
        with sqlite3.connect(f"file:{data / file}?mode=ro", uri=True, timeout=60) as database:
            (number,) = database.execute("SELECT count(*) FROM spans").fetchone()
        return int(number)

    return count


PHOENIX = Peer(
    install=_installs("arize-phoenix==20.26.1"),
    command=lambda folder, _data, _ports: [str(folder / "bin" / "phoenix"), "serve"],
    environment=lambda data, ports: {
        "PHOENIX_WORKING_DIR": str(data),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(ports.http),
        "PHOENIX_GRPC_PORT": str(ports.grpc),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    },
    ready=lambda ports: f"http://127.0.0.1:{ports.http}/healthz",
    stored=_counted("phoenix.db"),
    written=_counted("phoenix.db"),
    share=0.1,
)

MLFLOW = Peer(
    install=_installs("mlflow==3.17.2"),
    command=lambda folder, data, ports: [
        *(str(folder / "bin" / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(ports.http)),
        *("--backend-store-uri", f"sqlite:///{data}/mlflow.db", "--artifacts-destination", str(data / "artifacts")),
    ],
    environment=lambda _data, _ports: {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    ready=lambda ports: f"http://127.0.0.1:{ports.http}/health",
    stored=_counted("mlflow.db"),
    written=_counted("mlflow.db"),
    headers=("x-mlflow-experiment-id: 0",),
    share=0.1,
)

_JAEGER = "github.com/jaegertracing/jaeger/cmd/jaeger"


def _build_jaeger(folder: Path) -> None:
    if (folder / "jaeger").exists():
        return
    go = shutil.which("go") or sys.exit("go is needed, to build Jaeger")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module peers\n\ngo 1.24\n")
    subprocess.run([go, "get", "-tool", f"{_JAEGER}@v1.76.0"], cwd=folder, check=True)
    subprocess.run([go, "build", "-o", "jaeger", _JAEGER], cwd=folder, check=True)


def _jaeger_command(folder: Path, data: Path, ports: Ports) -> list[str]:
    """Write the configuration that comes with Jaeger for Badger, with our ports and folder, and without archive."""
    on_loopback = {"endpoint": f"127.0.0.1:{ports.query}"}
    config = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"]}
            },
            "telemetry": {
                "metrics": {
                    "level": "normal",
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": ports.metrics}}}}],
                },
                "logs": {"level": "warn"},
            },
        },
        "extensions": {
            "jaeger_query": {
                "storage": {"traces": "badger"},
                "http": on_loopback,
                "enable_tracing": False,  # it would trace itself, to whoever listens at port 4317
                "grpc": {"endpoint": f"127.0.0.1:{ports.query_grpc}"},
            },
            "jaeger_storage": {
                "backends": {
                    "badger": {
                        "badger": {
                            "directories": {"keys": str(data / "keys"), "values": str(data / "values")},
                            "ephemeral": False,
                        }
                    }
                }
            },
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": f"127.0.0.1:{ports.grpc}"},
                    "http": {"endpoint": f"127.0.0.1:{ports.http}"},
                }
            }
        },
        "processors": {"batch": None},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "badger"}},
    }
    file = data.with_name(f"{data.name}.json")
    file.write_text(json.dumps(config))  # JSON is YAML
    return [str(folder / "jaeger"), "--config", str(file)]


def _in_jaeger(_data: Path, ports: Ports, runs: int) -> int:
    """Ask for all traces, a few minutes of them at a time: nothing in Jaeger counts spans."""
    spans = 0
    for first in range(0, runs, _WINDOW):
        start = traffic.START // 1000 + first * 1_000_000
        query = {"service": "travel", "limit": 10 * _WINDOW, "start": start, "end": start + _WINDOW * 1_000_000 - 1}
        address = f"http://127.0.0.1:{ports.query}/api/traces?{urllib.parse.urlencode(query)}"
        spans += sum(len(trace["spans"]) for trace in json.loads(_get(address))["data"] or ())
    return spans


JAEGER = Peer(
    install=_build_jaeger,
    command=_jaeger_command,
    environment=lambda _data, _ports: {"HOME": os.environ.get("HOME", "/")},
    ready=lambda ports: f"http://127.0.0.1:{ports.query}/api/services",
    stored=_in_jaeger,
    # What Badger has taken without an error.
    written=lambda _data, ports, _runs: _metric(ports.metrics, "otelcol_exporter_sent_spans(?:_total)?"),
)

PEERS = {
    "this, not searched": _receiver("off"),
    "this": _receiver("static"),
    "Jaeger 2.13, Badger": JAEGER,
    "MLflow 3.17, SQLite": MLFLOW,
    "Phoenix 20.26, SQLite": PHOENIX,
}
