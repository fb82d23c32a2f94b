"""Limits of SurrealDB's server around a running receiver: its disk, what a transaction may write, whom TLS trusts."""

import time

from storage.surreal.schema import LEAST_KEYS


def events(*ids):
    event = {"timestamp": "2026-01-09T12:00:00Z", "session_id": "s", "properties": {"filler": "x" * 2000}}
    return {"events": [event | {"event_id": event_id} for event_id in ids]}


def send(receiver, *ids, until=30):
    """Send until it is stored."""
    ends = time.monotonic() + until
    while (answer := receiver.ask("POST", "/api/v1/events/batch", events(*ids)))[0] != 200:
        assert answer[0] == 503, answer
        assert time.monotonic() < ends, answer
        time.sleep(0.2)
    assert answer[1]["failed"] == 0


def test_a_full_disk_is_503_until_the_server_starts_anew_with_room_and_nothing_acknowledged_is_lost(
    small_disk, fill, make_surreal_server, serve
):
    """What it stores after a record of its log that is torn is lost with a kill, also where there is room again."""
    server = make_surreal_server(small_disk / "surreal")
    server.start()
    receiver = serve(**server.settings).started()
    acknowledged, refused = set(), set()
    fill(small_disk / "ballast")
    number = 0
    while len(refused) < 20:
        if refused:
            (small_disk / "ballast").unlink(missing_ok=True)
        number += 1
        status, told = receiver.ask("POST", "/api/v1/events/batch", events(str(number)))
        assert status in {200, 503}, told
        (acknowledged if status == 200 else refused).add(str(number))
        assert number < 20_000
    assert receiver.ask("GET", "/readyz")[0] == 503
    assert receiver.ask("GET", "/healthz")[0] == 200
    status, told = receiver.ask("POST", "/api/v1/events/batch", events(*refused))
    assert (status, "stop it (SIGTERM)" in told["message"]) == (503, True), told
    server.kill()
    server.start()
    send(receiver, *refused)
    receiver.says(r"(SurrealDB is back)")
    for event_id in (*acknowledged, *refused):
        receiver.get(f"/api/v1/events/{event_id}")


def test_a_transaction_that_may_write_little_is_divided(make_surreal_server, serve, tmp_path):
    server = make_surreal_server(tmp_path / "server")
    server.start(TRANSACTION_MAX_WRITE_KEYS=str(LEAST_KEYS))
    receiver = serve(**server.settings).started()
    ids = [f"event-{number}" for number in range(2000)]
    small = {"timestamp": "2026-01-09T12:00:00Z", "session_id": "s", "properties": {}}
    told = receiver.post("/api/v1/events/batch", {"events": [small | {"event_id": each} for each in ids]})
    assert (told["failed"], told["duplicates"]) == (0, 0)
    receiver.get(f"/api/v1/events/{ids[-1]}")
    ends = time.monotonic() + 60
    while receiver.get("/api/v1/sessions")["sessions"][0]["event_count"] != len(ids):
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_transaction_that_may_write_too_little_is_said_and_waited_for(make_surreal_server, serve, tmp_path):
    server = make_surreal_server(tmp_path / "server")
    server.start(TRANSACTION_MAX_WRITE_KEYS="300")
    receiver = serve(**server.settings)
    receiver.url = receiver.says(r"listens on (http://[^\s;]+:\d+)")
    assert "SURREAL_TRANSACTION_MAX_WRITE_KEYS" in receiver.says(r"(WARNING .*)")
    for method, path, body in (("POST", "/api/v1/events/batch", events("one")), ("GET", "/readyz", None)):
        status, told = receiver.ask(method, path, body)
        assert (status, f"{LEAST_KEYS} keys" in told["message"]) == (503, True), told
    server.kill()
    server.start()
    receiver.says("ready to ingest")
    send(receiver, "one")


def test_a_server_of_an_own_authority_is_trusted_where_it_is_named(
    make_surreal_server, serve, pem, tmp_path, monkeypatch
):
    server = make_surreal_server(tmp_path / "server")
    server.start(pem=pem)
    assert server.url.startswith("wss://")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    distrusting = serve("distrusting", **server.settings)
    assert "set SSL_CERT_FILE" in distrusting.says(r"(WARNING .*)")
    distrusting.kill()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem / "authority.pem"))
    receiver = serve(**server.settings).started()
    send(receiver, "one")
    receiver.get("/api/v1/events/one")
