"""A start after a kill: the engine replays its log, and whoever asks meanwhile is told how far it is."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

EVENTS = 30_000
MB = 1_000_000
STARTS_WITHIN = 120


@pytest.fixture
def killed(serve, tmp_path):
    """A data folder whose receiver and engine were killed; gives the size of the log."""
    receiver = serve().started()
    for start in range(0, EVENTS, 1000):
        receiver.post(
            "/api/v1/events/batch",
            {
                "events": [
                    {
                        "timestamp": "2026-01-09T12:00:00Z",
                        "session_id": f"s{number // 50}",
                        "event_type": "tool_call",
                        "properties": {"number": number, "input": f"question {number}"},
                    }
                    for number in range(start, start + 1000)
                ]
            },
        )
    pid = receiver.process.pid
    os.kill(pid, signal.SIGSTOP)  # it must not start another engine
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    receiver.process.wait()
    return sum(file.stat().st_size for file in (tmp_path / "data" / "surreal" / "wal").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows where a process reads a file")
def test_while_a_log_is_replayed_readyz_says_how_far_and_everything_else_that_it_is_not_ready(killed, serve):
    assert killed > 20 * MB
    receiver = serve()
    receiver.url = receiver.says(r"listens on (http://\S+:\d+)")
    told, slowest, deadline = [], 0.0, time.monotonic() + STARTS_WITHIN
    while True:
        began = time.monotonic()
        status, answer = receiver.ask("GET", "/readyz")
        slowest = max(slowest, time.monotonic() - began)
        if status == 200:
            break
        assert status == 503
        told.append(answer["message"])
        assert receiver.ask("GET", "/healthz")[0] == 200
        assert began < deadline
        time.sleep(0.02)
    read = [int(found[1]) for words in told if (found := re.search(r"stop left behind: (\d+) of (\d+) MB", words))]
    assert len(set(read)) > 1
    assert read == sorted(read)
    assert any("moving the log that a stop left behind into the tables" in words for words in told)
    assert slowest < 2
    assert receiver.get("/api/v1/stats")["events"] == EVENTS
    assert receiver.stop() == 0
    # The first line may come before the engine has opened its log: then it has no numbers.
    assert re.search(rf"INFO +replaying the log that a stop left behind(: \d+ of {killed // MB} MB)?", receiver.log)


@pytest.mark.skipif(sys.platform != "linux", reason="the fixture finds the engine's process in /proc")
def test_a_stop_does_not_wait_for_the_end_of_a_replay(killed, serve):
    assert killed
    receiver = serve()
    receiver.url = receiver.says(r"listens on (http://\S+:\d+)")
    while "replaying" not in (answer := receiver.ask("GET", "/readyz"))[1].get("message", ""):
        assert answer[0] == 503, "it was ready before anybody could stop it"
    assert receiver.stop() == 0
    assert "ready to ingest" not in receiver.log
    assert serve().started().get("/api/v1/stats")["events"] == EVENTS
