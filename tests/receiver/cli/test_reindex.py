"""`reindex` against a receiver of its own."""

import json
import time

import pytest


@pytest.fixture
def served(serve, free_port):
    receiver = serve(SERVER_PORT=str(free_port()), EMBEDDING_MODEL="minilm").started()
    receiver.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "properties": {"output": "an apple"}})
    deadline = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["indexed"] != 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return receiver


def folders(tmp_path):
    return [path.name for path in (tmp_path / "data" / "qdrant").iterdir() if path.is_dir()]


def test_it_waits_until_another_index_is_filled(run, served, tmp_path):
    before = folders(tmp_path)
    result = run("reindex", "--url", served.url)
    assert (result.code, result.out) == (0, "1 event indexed\n")
    assert len(folders(tmp_path)) == 1
    assert folders(tmp_path) != before


def test_it_says_how_it_ended_as_json(run, served):
    answer = json.loads(run("reindex", "--json", "--url", served.url).out)
    assert answer == {"index_state": "ready", "indexed": 1, "index_pending": 0}


def test_it_may_only_begin(run, served):
    result = run("reindex", "--no-wait", "--url", served.url)
    assert (result.code, result.out) == (0, "begun; search goes on meanwhile\n")
