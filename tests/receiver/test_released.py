"""Data of each released version opens, with all that is in it. `released/VERSION.tar.gz` is what it has written.

A file is added with each release, and none is changed: `python tests/receiver/test_released.py VERSION` makes one of
the present program.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("released")
# What is in each of them.
BATCH = {
    "events": [
        {
            "timestamp": f"2026-01-07T19:00:0{second}Z",
            "event_type": kind,
            "agent_id": "researcher",
            "session_id": "session-1",
            "event_id": f"event-{second}",
            "properties": {
                "tool_name": "web_search",
                "model": "gpt-4o-mini",
                "input_tokens": 10,
                "output": "Zürich 🙂",
            },
        }
        for second, kind in enumerate(("message", "model_call", "tool_call", "error"))
    ]
}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.tar.gz")), ids=lambda file: file.name.removesuffix(".tar.gz"))
def test_data_of_a_released_version_opens(file, serve, tmp_path):
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path / "data", filter="data")
    receiver = serve().started()
    assert receiver.get("/api/v1/stats")["events"] == 4
    (trace,) = receiver.get("/api/v1/traces")["traces"]
    assert (trace["session_id"], trace["event_count"]) == ("session-1", 4)
    event = receiver.get("/api/v1/events/event-2")
    assert event["properties"] == BATCH["events"][2]["properties"]
    assert receiver.post("/api/v1/events/batch", BATCH)["duplicates"] == 4


def make(version):
    with tempfile.TemporaryDirectory() as folder:
        port = "18088"
        flags = [f"--port={port}", "--otlp-port=off", "--grpc-port=off", f"--data-dir={folder}/data"]
        serving = subprocess.Popen([sys.executable, "-m", "receiver", "serve", *flags], cwd=folder)
        for _ in range(100):
            time.sleep(0.3)
            try:
                asked = urllib.request.Request(
                    f"http://127.0.0.1:{port}/api/v1/events/batch",
                    json.dumps(BATCH).encode(),
                    {"Content-Type": "application/json"},
                )
                urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310 - the receiver that has just been started
                break
            except OSError:
                continue
        time.sleep(5)  # until it is interpreted
        serving.terminate()
        serving.wait()
        FOLDER.mkdir(exist_ok=True)
        with tarfile.open(FOLDER / f"{version}.tar.gz", "w:gz") as archive:
            archive.add(f"{folder}/data/surreal", "surreal")


if __name__ == "__main__":
    make(sys.argv[1])
