"""A stop while somebody listens to `/api/v1/live`: the real program, with SIGTERM."""

import signal
import socket
import threading

EVENT = {"timestamp": "2026-01-07T19:00:00Z"}


def ask(receiver):
    client = socket.create_connection(("127.0.0.1", receiver.port))
    client.settimeout(10)
    client.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: h\r\n\r\n")
    text = b""
    while b"retry:" not in text:
        text += client.recv(4096)
    return client


def test_it_ends_the_stream_and_waits_for_nobody(serve):
    receiver = serve().started()
    clients = [ask(receiver) for _ in range(3)]
    receiver.post("/api/v1/events", EVENT)
    assert receiver.stop(signal.SIGTERM) == 0
    assert "not finished" not in receiver.log
    for client in clients:
        text = b""
        while more := client.recv(4096):
            text += more
        assert b"event: event" in text
        assert text.endswith(b"0\r\n\r\n")  # an end, not a break
        client.close()
    assert "Traceback" not in receiver.log


def test_it_does_not_wait_for_one_that_has_stopped_reading(serve):
    receiver = serve().started()
    client = ask(receiver)
    text = "x" * 100_000
    for _ in range(10):
        receiver.post("/api/v1/events/batch", {"events": [EVENT | {"properties": {"text": text}}] * 20})
    assert receiver.stop(signal.SIGTERM) == 0
    assert "not finished" not in receiver.log
    assert "Traceback" not in receiver.log
    client.close()


def test_all_that_was_acknowledged_before_has_been_shown(serve):
    receiver = serve().started()
    client = ask(receiver)
    heard = []

    def listen():
        while more := client.recv(1 << 16):
            heard.append(more)

    listener = threading.Thread(target=listen)
    listener.start()
    ids = [receiver.post("/api/v1/events", EVENT)["event_id"] for _ in range(20)]
    assert receiver.stop(signal.SIGTERM) == 0
    listener.join(30)
    text = b"".join(heard).decode()
    assert all(event_id in text for event_id in ids)
    client.close()
