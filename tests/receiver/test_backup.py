"""A backup of a receiver that runs: nothing acknowledged is missing, and what is damaged is found."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from receiver.cli import main
from storage.surreal import backup

EVENT = {"timestamp": "2026-01-07T19:00:00Z", "event_type": "tool_call", "session_id": "s"}


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("VECTADB_EMBEDDING_MODEL", "off")

    def runs(*argv):
        code = main([str(word) for word in argv])
        told = capsys.readouterr()
        return code, told.out, told.err

    return runs


def event(number):
    return EVENT | {"event_id": f"event-{number}", "properties": {"number": number, "text": "x" * 500}}


def test_what_was_acknowledged_before_the_backup_is_in_it(serve, run, tmp_path):
    receiver = serve(EMBEDDING_MODEL="off").started()
    acknowledged, stop = [], threading.Event()

    def send():
        while not stop.is_set():
            batch = range(len(acknowledged), len(acknowledged) + 20)
            receiver.post("/api/v1/events/batch", {"events": [event(number) for number in batch]})
            acknowledged.extend(batch)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        copies = []
        for number in range(2):
            while len(acknowledged) < (number + 1) * 200:
                assert sender.is_alive()
            before = len(acknowledged)
            code, out, err = run("backup", tmp_path / f"copy-{number}", "--data-dir", tmp_path / "data", "--json")
            assert code == 0, err
            copies.append((before, json.loads(out)["events"]))
    finally:
        stop.set()
        sender.join()
    assert receiver.stop() == 0
    for before, events in copies:
        assert before <= events <= len(acknowledged)

    assert run("doctor", "--backup", tmp_path / "copy-1")[0] == 0
    code, out, err = run("restore", tmp_path / "copy-1", "--data-dir", tmp_path / "again")
    assert code == 0, err
    restored = serve("again", EMBEDDING_MODEL="off").started()
    before, events = copies[1]
    assert restored.get("/api/v1/stats")["events"] == events
    for number in (0, before // 2, before - 1):
        assert restored.get(f"/api/v1/events/event-{number}")["properties"]["number"] == number
    trace = restored.get("/api/v1/traces")["traces"][0]
    assert trace["event_count"] == events


@pytest.fixture(scope="module")
def stopped(serve_shared, tmp_path_factory):
    """The folder of a receiver that has stopped, with its data and a backup."""
    receiver = serve_shared()
    receiver.started().post("/api/v1/events", event(1))
    receiver.stop()
    folder = receiver.data.parent
    assert main(["backup", str(folder / "copy"), "--data-dir", str(receiver.data)]) == 0
    return folder


@pytest.fixture
def made(stopped, tmp_path):
    """A backup of a receiver that has stopped."""
    return shutil.copytree(stopped / "copy", tmp_path / "copy")


def told(folder):
    return json.loads((folder / backup.FILE).read_text())


def test_a_damaged_backup_is_found_and_not_restored(made, run, tmp_path):
    code, out, _ = run("doctor", "--backup", made)
    assert code == 0
    assert "1 event of 20" in out
    name = next(name for name, file in told(made)["files"].items() if file["bytes"] > 100)
    content = (made / name).read_bytes()
    (made / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    code, out, _ = run("doctor", "--backup", made)
    assert (code, f"{name} is damaged" in out) == (1, True)
    code, _, err = run("restore", made, "--data-dir", tmp_path / "again")
    assert (code, f"{name} is damaged" in err) == (1, True)
    (made / name).unlink()
    assert f"{name} is missing" in run("doctor", "--backup", made)[1]
    assert not (tmp_path / "again").exists()


def test_a_backup_of_a_later_version_is_refused_with_words(made, run, tmp_path):
    (made / backup.FILE).write_text(json.dumps(told(made) | {"schema": 99, "version": "9.0"}))
    code, _, err = run("restore", made, "--data-dir", tmp_path / "again")
    assert code == 1
    assert "schema version 99" in err
    assert "made by vectadb-receiver 9.0; use that one, or a later one" in err


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}'])
def test_what_is_no_backup_is_said_to_be_none(run, tmp_path, content):
    assert "is no backup: backup.json cannot be read" in run("doctor", "--backup", tmp_path)[1]
    (tmp_path / backup.FILE).write_text(content)
    code, out, _ = run("doctor", "--backup", tmp_path)
    assert (code, "is damaged" in out) == (1, True)


def test_neither_data_nor_backups_are_overwritten(stopped, made, run):
    code, _, err = run("restore", made, "--data-dir", stopped / "data")
    assert (code, "exists: move it away" in err) == (1, True)
    code, _, err = run("backup", made, "--data-dir", stopped / "data")
    assert (code, "is not empty" in err) == (1, True)
    assert run("doctor", "--backup", made)[0] == 0


def test_where_there_is_nothing_to_copy_it_is_said(run, tmp_path, monkeypatch):
    code, _, err = run("backup", tmp_path / "copy", "--data-dir", tmp_path / "nowhere")
    assert (code, f"there is no data in {tmp_path}/nowhere/surreal" in err) == (1, True)
    monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_URL", "ws://localhost:8000")
    code, _, err = run("backup", tmp_path / "copy")
    assert (code, "surreal export" in err) == (1, True)
    assert not Path(tmp_path / "copy").exists()
