"""What an administrator may do to the server while a receiver runs: events are stored or refused with 503, and never
acknowledged and lost; when the server can be used again, the receiver goes on by itself."""

import asyncio
import http.client
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from surrealdb import AsyncSurreal

from storage.surreal.database import Database

ACCESS = {"namespace": "vectadb", "database": "vectadb"}


def administer(server, statements):
    """Run statements as the administrator does, and return their results."""

    async def run():
        database = Database(server.url, user=server.USER, password=server.PASSWORD, **ACCESS)
        try:
            return await database.run(statements)
        finally:
            await database.close()

    return asyncio.run(run())


def batch(count=20):
    """Make events that stand alone."""
    return {
        "events": [{"timestamp": "2026-01-09T12:00:00Z", "properties": {"id": str(uuid.uuid4())}} for _ in range(count)]
    }


def sent_until_stored(receiver, events, seconds=30):
    """Send again after each 503, as a Collector does; return the messages of the 503s."""
    refused = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        status, told = receiver.ask("POST", "/api/v1/events/batch", events)
        if status == 200:
            assert told["failed"] == 0, told
            return refused
        assert status == 503, told
        refused.append(told["message"])
        time.sleep(0.2)
    raise AssertionError(refused)


def ids(server):
    return set(administer(server, "SELECT VALUE properties.id FROM agent_event")[0])


@pytest.fixture
def server(own_surreal_server):
    own_surreal_server.start()
    return own_surreal_server


@pytest.mark.parametrize("removed", ["NAMESPACE vectadb", "DATABASE vectadb"])
def test_after_the_database_was_removed_the_schema_is_applied_anew(serve, server, removed):
    receiver = serve(**server.settings).started()
    assert sent_until_stored(receiver, batch()) == []
    before = administer(server, "INFO FOR DB")[0]["tables"]
    administer(server, f"REMOVE {removed}")
    events = batch()
    refused = sent_until_stored(receiver, events)
    assert all("does not exist" in message for message in refused)
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}
    assert administer(server, "INFO FOR DB")[0]["tables"] == before
    assert receiver.ask("GET", "/readyz")[0] == 200


def test_a_database_that_somebody_else_made_anew_gets_the_schema_before_events(serve, server):
    receiver = serve(**server.settings).started()
    before = administer(server, "INFO FOR DB")[0]["tables"]
    administer(server, "REMOVE DATABASE vectadb; DEFINE DATABASE vectadb")
    events = batch()
    sent_until_stored(receiver, events)
    assert administer(server, "INFO FOR DB")[0]["tables"] == before
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}


def test_a_server_that_comes_back_empty_gets_the_schema_and_the_log_has_a_line_for_the_beginning_and_the_end(
    serve, server
):
    receiver = serve(**server.settings).started()
    sent_until_stored(receiver, batch())
    server.kill()
    for _ in range(3):
        status, told = receiver.ask("POST", "/api/v1/events/batch", batch())
        assert (status, "does not answer" in told["message"]) == (503, True), told
    assert receiver.ask("GET", "/readyz")[0] == 503
    server.start(empty=True)
    receiver.says(r"(SurrealDB is back after \d+ s)")
    events = batch()
    assert sent_until_stored(receiver, events) == []
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}
    traces = receiver.get("/api/v1/traces")["traces"]
    assert [trace["event_count"] for trace in traces] == [1] * 20
    assert receiver.stop() == 0
    assert receiver.log.count("SurrealDB at") == receiver.log.count("Requests are answered with 503") == 1
    assert receiver.log.count("SurrealDB is back") == 1


VIEWER = {"STORAGE_SURREALDB_USER": "reader", "STORAGE_SURREALDB_PASSWORD": "reads"}


@pytest.mark.parametrize("schema", ["there", "not yet there"])
def test_a_user_who_may_only_read_is_waited_for_until_it_may_write(serve, server, schema):
    """SurrealDB answers OK to a write by such a user, and writes nothing."""
    if schema == "there":
        assert serve("first", **server.settings).started().stop() == 0
    administer(server, "DEFINE USER reader ON ROOT PASSWORD 'reads' ROLES VIEWER")
    receiver = serve(**server.settings | VIEWER)
    receiver.url = receiver.says(r"listens on (http://[^\s;]+:\d+)")
    told_in_log = receiver.says(r"(WARNING .*)")
    assert "SurrealDB" in told_in_log
    for method, path, body in (("POST", "/api/v1/events/batch", batch()), ("GET", "/readyz", None)):
        status, told = receiver.ask(method, path, body)
        assert status == 503
        assert "'reader'" in told["message"]
        assert "EDITOR" in told["message"]
    administer(server, "DEFINE USER OVERWRITE reader ON ROOT PASSWORD 'reads' ROLES EDITOR")
    receiver.says("ready to ingest")
    events = batch()
    assert sent_until_stored(receiver, events) == []
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}


def test_a_user_who_loses_the_right_to_write_loses_no_event(serve, server):
    administer(server, "DEFINE USER reader ON ROOT PASSWORD 'reads' ROLES EDITOR")
    receiver = serve(**server.settings | VIEWER).started()
    first = batch()
    sent_until_stored(receiver, first)
    administer(server, "DEFINE USER OVERWRITE reader ON ROOT PASSWORD 'reads' ROLES VIEWER")
    second = batch()
    status, told = receiver.ask("POST", "/api/v1/events/batch", second)
    if status == 200:  # what the session was allowed when it was signed in
        assert told["failed"] == 0
        first["events"] += second["events"]
    assert ids(server) == {event["properties"]["id"] for event in first["events"]}


@pytest.mark.parametrize("flags", [["--deny-all"], ["--deny-funcs"], ["--deny-rpc", "query"]])
def test_a_server_that_denies_what_the_receiver_needs_is_waited_for(serve, server, flags):
    receiver = serve(**server.settings).started()
    server.kill()
    server.start(*flags)
    for method, path, body in (("POST", "/api/v1/events/batch", batch()), ("GET", "/readyz", None)):
        status, told = receiver.ask(method, path, body)
        assert status == 503, told
    server.kill()
    server.start()
    events = batch()
    sent_until_stored(receiver, events)
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}


@pytest.mark.parametrize("level", ["root", "namespace", "database"])
def test_an_editor_of_any_level_is_enough(serve, server, level):
    administer(server, f"DEFINE USER writer ON {level} PASSWORD 'writes' ROLES EDITOR")
    user = {"STORAGE_SURREALDB_USER": "writer", "STORAGE_SURREALDB_PASSWORD": "writes"}
    receiver = serve(**server.settings | user | {"STORAGE_SURREALDB_AUTH_LEVEL": level}).started()
    events = batch()
    assert sent_until_stored(receiver, events) == []
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}


def test_a_token_signs_in_without_a_user(serve, server):
    async def signed_in():
        async with AsyncSurreal(server.url) as connection:
            return (await connection.signin({"username": server.USER, "password": server.PASSWORD})).access

    token = {"STORAGE_SURREALDB_TOKEN": asyncio.run(signed_in())}
    without_user = {"STORAGE_SURREALDB_USER": "", "STORAGE_SURREALDB_PASSWORD": ""}
    receiver = serve(**server.settings | token | without_user).started()
    events = batch()
    assert sent_until_stored(receiver, events) == []
    assert ids(server) == {event["properties"]["id"] for event in events["events"]}


def test_a_token_that_is_none_is_said(serve, server):
    receiver = serve(**server.settings | {"STORAGE_SURREALDB_TOKEN": "x.y.z"})
    assert receiver.ends() == 1
    assert "storage.surrealdb.user, .password, .auth_level, .namespace and .database, or .token" in receiver.log


def test_what_one_receiver_stores_is_shown_live_by_all(serve, server):
    here, there = (serve(name, **server.settings).started() for name in ("here", "there"))
    connection = http.client.HTTPConnection("127.0.0.1", here.port, timeout=30)
    connection.request("GET", "/api/v1/live")
    stream = connection.getresponse()
    shown = threading.Event()
    sent = []

    def send():  # again and again, because the server tells of what is stored from a moment after the answer on
        while not shown.wait(0.2):
            sent.extend(there.post("/api/v1/events/batch", batch(1))["event_ids"])

    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send)
        try:
            while not (line := stream.readline()).startswith(b"data: "):
                assert line, "the stream has ended"
        finally:
            shown.set()
        sending.result()
    assert json.loads(line.removeprefix(b"data: "))["id"] in sent
    connection.close()
