"""What goes wrong around a running receiver: the disk, the search index's folder, the model, its clients.

ARCHITECTURE.md says of each what clients see, what is kept and how it heals. Kills under load: tests/crash.
"""

import json
import shutil
import socket
import time

import pytest

EVENT = {
    "timestamp": "2026-01-09T12:00:00Z",
    "session_id": "s",
    "properties": {"input": "The customer wants her money back.", "filler": "x" * 2000},
}
INDEXED_WITHIN = 120


def events(*ids):
    return {"events": [EVENT | {"event_id": event_id} for event_id in ids]}


def wait_until_all_is_indexed(receiver):
    deadline = time.monotonic() + INDEXED_WITHIN
    while not is_all_indexed(stats := receiver.get("/api/v1/stats")):
        assert time.monotonic() < deadline, stats
        time.sleep(0.1)


def is_all_indexed(stats):
    # On a busy machine `events` is the number of some seconds ago.
    return stats["index_state"] == "ready" and not stats["index_pending"] and stats["indexed"] == stats["events"]


def finds(receiver, query):
    """Return the ids of the events that a search finds, those that say the same included."""
    results = receiver.get(f"/api/v1/search?mode=semantic&limit=200&q={query}")["results"]
    passages = {result["passage"] for result in results}
    listed = [receiver.get(f"/api/v1/search?limit=200&passage={passage}")["results"] for passage in passages]
    return {result["event"]["id"] for of_passage in listed for result in of_passage}


def test_a_full_disk_is_503_until_there_is_room_and_nothing_acknowledged_is_lost(small_disk, fill, serve):
    receiver = serve(small_disk, EMBEDDING_MODEL="minilm").started()
    receiver.post("/api/v1/events/batch", events(*map(str, range(100))))
    wait_until_all_is_indexed(receiver)
    fill(small_disk / "ballast")

    acknowledged, refused = set(map(str, range(100))), set()
    number = 100
    while len(refused) < 20:
        status, told = receiver.ask("POST", "/api/v1/events/batch", events(str(number)))
        (acknowledged if status == 200 else refused).add(str(number))
        assert status in {200, 503}, told
        number += 1
        assert number < 20_000
    assert receiver.ask("GET", "/readyz")[0] == 503
    assert receiver.ask("GET", "/healthz")[0] == 200

    (small_disk / "ballast").unlink()
    deadline = time.monotonic() + 60
    while receiver.ask("POST", "/api/v1/events/batch", events(*sorted(refused)))[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    wait_until_all_is_indexed(receiver)
    receiver.kill()

    again = serve(small_disk, EMBEDDING_MODEL="minilm").started()
    assert again.get("/api/v1/stats")["events"] == len(acknowledged | refused)
    for event_id in acknowledged | refused:
        again.get(f"/api/v1/events/{event_id}")
    wait_until_all_is_indexed(again)


def removed(folder):
    shutil.rmtree(folder)


def overwritten(folder):
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff" * file.stat().st_size)


def cut_short(folder):
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("r+b") as opened:
                opened.truncate(file.stat().st_size // 2)


@pytest.mark.parametrize("damage", [removed, overwritten, cut_short])
def test_a_search_index_that_was_damaged_while_stopped_is_built_anew(serve, tmp_path, damage):
    receiver = serve(EMBEDDING_MODEL="minilm").started()
    ids = receiver.post("/api/v1/events/batch", events(*map(str, range(20))))["event_ids"]
    wait_until_all_is_indexed(receiver)
    assert receiver.stop() == 0
    damage(tmp_path / "data" / "qdrant")

    again = serve(EMBEDDING_MODEL="minilm").started()
    again.says("the search index is rebuilt")
    wait_until_all_is_indexed(again)
    assert finds(again, "refund") == set(ids)
    assert again.stop() == 0


def test_without_its_model_it_stores_and_indexes_once_there_is_one(serve, tmp_path):
    receiver = serve(EMBEDDING_MODEL=str(tmp_path / "no-such-model")).started()
    receiver.says("indexing has stopped")
    ids = receiver.post("/api/v1/events/batch", events(*map(str, range(20))))["event_ids"]
    stats = receiver.get("/api/v1/stats")
    assert (stats["index_state"], stats["index_pending"], stats["events"]) == ("failed", 20, 20)
    assert receiver.ask("GET", "/readyz")[0] == 200
    status, told = receiver.ask("GET", "/api/v1/search?q=refund")
    assert status == 503
    assert "no-such-model" in told["message"]
    assert receiver.stop() == 0

    again = serve(EMBEDDING_MODEL="minilm").started()
    wait_until_all_is_indexed(again)
    assert finds(again, "refund") == set(ids)


def request(body):
    head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST /api/v1/events/batch HTTP/1.1\r\n{head}".encode() + body


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_client_that_hangs_up_within_its_request_has_stored_nothing(serve, share):
    receiver = serve().started()
    whole = request(json.dumps(events("1", "2")).encode())
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as client:
        client.sendall(whole[: int(len(whole) * share)])
    assert receiver.post("/api/v1/events/batch", events("1"))["duplicates"] == 0
    assert receiver.get("/api/v1/stats")["events"] == 1
    assert receiver.stop() == 0
    assert "Traceback" not in receiver.log


def test_clients_that_hang_up_before_the_answer_may_send_again(serve):
    receiver = serve().started()
    sent = [[f"{client}-{number}" for number in range(50)] for client in range(20)]
    for ids in sent:
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as client:
            client.sendall(request(json.dumps(events(*ids)).encode()))
    for ids in sent:
        receiver.post("/api/v1/events/batch", events(*ids))
    assert receiver.get("/api/v1/stats")["events"] == 1000
    assert receiver.get("/api/v1/sessions/s")["event_count"] == 1000
    assert receiver.stop() == 0
    assert "Traceback" not in receiver.log
