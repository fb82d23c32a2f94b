"""A receiver under systemd, whose part a socket plays, as sd_notify(3) describes it."""

import socket


def test_says_that_it_is_ready_alive_and_stopping(serve, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        receiver = serve()
        told = []
        while "READY=1" not in told:
            told.append(manager.recv(100).decode())
        assert receiver.started().get("/readyz")["status"] == "ready"
        assert manager.recv(100) == b"WATCHDOG=1"
        assert receiver.stop() == 0
        manager.settimeout(0.1)
        while told[-1] != "STOPPING=1":
            told.append(manager.recv(100).decode())
        assert set(told) == {"READY=1", "WATCHDOG=1", "STOPPING=1"}


def test_a_manager_that_does_not_listen_stops_nothing(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert serve().started().stop() == 0
