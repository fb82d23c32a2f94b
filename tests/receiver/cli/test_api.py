"""Against a server that answers what a test says: what each answer means to whoever typed the command."""

import pytest

from receiver.cli.api import Receiver, ReceiverAddress, connection, path
from receiver.cli.errors import CommandError
from receiver.cli.main import _parser

PREPARING = b'{"error": "unavailable", "message": "the search index is preparing (40%)"}'
FOUND = b'{"results": [], "index": {"state": "ready", "pending": 0}}'


def test_search_waits_while_the_index_is_prepared_and_says_so(run, server):
    server.answer(503, PREPARING, Retry_After="0")
    server.answer(200, b'{"index_state": "preparing"}')
    server.answer(200, FOUND)
    result = run("search", "x", "--url", server.url)
    assert (result.code, result.out) == (0, "nothing found\n")
    assert result.err == f"waiting: {server.url}: the search index is preparing (40%)\n"


def test_search_does_not_wait_for_what_has_failed(run, server):
    server.answer(503, b'{"message": "search is not possible: the weights are missing"}', Retry_After="60")
    server.answer(200, b'{"index_state": "failed"}')
    result = run("search", "x", "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert "the weights are missing" in result.err


def test_a_key_that_is_missing_or_wrong_is_asked_for(run, server):
    server.answer(401, b'{"error": "unauthenticated", "message": "an API key is needed"}')
    result = run("sessions", "--url", server.url)
    assert result.code == 1
    assert result.err == (
        f"vectadb-receiver: {server.url}: an API key is needed. Pass --api-key KEY, or set VECTADB_API_KEY=KEY\n"
    )


def test_the_key_comes_from_the_flag_the_environment_or_the_settings(server, monkeypatch):
    def key(*flags):
        return connection(_parser().parse_args(["sessions", *flags])).key

    monkeypatch.setenv("VECTADB_AUTH_API_KEYS", "of-the-settings,other")
    assert key() == "of-the-settings"
    # The keys of this machine's receiver are nobody else's business.
    assert key("--url", server.url) == ""
    monkeypatch.setenv("VECTADB_API_KEY", "of-the-environment")
    assert key() == key("--url", server.url) == "of-the-environment"
    assert key("--api-key", "of-the-flag") == "of-the-flag"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"VECTADB_SERVER_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"VECTADB_SERVER_HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),  # noqa: S104 - asked, not bound
        ({"VECTADB_SERVER_HOST": "::"}, "http://[::1]:8080"),
        ({"VECTADB_SERVER_HOST": "10.0.0.7"}, "http://10.0.0.7:8080"),
        ({"VECTADB_SERVER_TLS_CERT_FILE": "cert.pem"}, "https://127.0.0.1:8080"),
        ({"VECTADB_URL": "https://receiver.example.org/"}, "https://receiver.example.org"),
        ({"VECTADB_URL": "http://one:1", "VECTADB_SERVER_PORT": "9000"}, "http://one:1"),
    ],
)
def test_the_address_follows_the_settings_unless_it_is_said(monkeypatch, environment, url):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert connection(_parser().parse_args(["sessions"])).url == url


def test_a_key_does_not_follow_a_redirect(server):
    server.answer(302, b"", Location=f"{server.url}/elsewhere")
    with pytest.raises(CommandError, match="HTTP 302"):
        Receiver(ReceiverAddress(server.url, "key")).get("/api/v1/stats")
    assert server.requests == [("/api/v1/stats", "Bearer key")]


def test_this_machine_is_not_reached_through_a_proxy(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answer(200, b"{}")
    assert Receiver(ReceiverAddress(server.url, "")).get("/readyz") == {}


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"\xff\xfe", b""])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_another_program_at_the_address_is_recognised(run, server, status, body):
    server.answer(status, body)
    result = run("sessions", "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert "vectadb-receiver" in result.err.removeprefix("vectadb-receiver")
    assert result.err.count("\n") == 1


def test_a_message_with_control_characters_is_shown_without(run, server):
    server.answer(400, b'{"message": "\\u001b[2J"}')
    assert "\\x1b[2J" in run("sessions", "--url", server.url).err


def test_pages_are_read_until_there_are_enough(server):
    server.answer(200, b'{"sessions": [{"id": 1}, {"id": 2}], "next_cursor": "a b"}')
    server.answer(200, b'{"sessions": [{"id": 3}], "next_cursor": null}')
    sessions = list(Receiver(ReceiverAddress(server.url, "")).pages("/api/v1/sessions", "sessions", 500))
    assert [session["id"] for session in sessions] == [1, 2, 3]
    assert [path for path, _ in server.requests] == [
        "/api/v1/sessions?limit=200",
        "/api/v1/sessions?limit=200&cursor=a+b",
    ]


def test_an_empty_id_is_asked_of_nobody():
    with pytest.raises(CommandError, match="expected an id; got ''"):
        path("traces", "")
