import argparse
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from receiver.cli.filters import moment, number
from receiver.cli.main import COMMANDS
from receiver.version import VERSION


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_a_help(run, command):
    result = run(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: vectadb-receiver {command}")


def test_the_help_lists_every_command(run):
    out = " ".join(run("--help").out.split())  # Python's versions break lines at different places
    assert all(command.name in out and command.help in out for command in COMMANDS)


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"vectadb-receiver {VERSION}\n", "")


def test_without_a_command_the_help_is_an_error(run):
    result = run()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: vectadb-receiver")


def test_serve_says_in_one_line_which_setting_is_wrong(run, monkeypatch):
    monkeypatch.setenv("VECTADB_SERVER_PROT", "1")
    result = run("serve")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("vectadb-receiver: unknown variable VECTADB_SERVER_PROT; did you mean VECTADB_SERVER_PORT?\n")


def test_serve_refuses_an_address_that_others_reach_without_a_key(run):
    result = run("serve", "--host", "192.0.2.1")
    assert result.code == 2
    assert "--insecure" in result.err
    assert result.err.count("\n") == 1


ASKING = [
    ("search", "x"),
    ("tail",),
    ("tail", "--follow"),
    ("trace", "x"),
    ("explain", "x"),
    ("sessions",),
    ("export",),
    ("import", __file__),
    ("prune", "--session", "x"),
    ("reindex",),
    ("send-demo",),
]


@pytest.mark.parametrize("argv", ASKING, ids=" ".join)
def test_without_a_receiver_every_command_says_how_to_start_one(run, free_port, monkeypatch, argv):
    port = free_port()
    monkeypatch.setenv("VECTADB_SERVER_PORT", str(port))
    result = run(*argv)
    assert (result.code, result.out) == (1, "")
    assert f"no receiver answers at http://127.0.0.1:{port}" in result.err
    assert "vectadb-receiver serve" in result.err
    assert "VECTADB_URL" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("search", "x", "--limit", "0"), "expected a whole number from 1 to 200; got '0'"),
        (("search", "x", "--limit", "²"), "expected a whole number from 1 to 200"),
        (("search", "x", "--mode", "best"), "invalid choice: 'best'"),
        (("search", "x", "--since", "soon"), "expected a moment with its zone"),
        (("search", "x", "--since", "999999999d"), "expected a moment after the year 1"),
        (("search", "x", "--url", "ftp://host"), "expected an http:// or https:// address"),
        (("sessions", "--api-key", "a\nb"), "--api-key: expected printable ASCII"),
        (("search",), "expected a text to search for"),
        (("search", "x", "--like", "y"), "--like: expected without a text to search for"),
    ],
)
def test_what_was_typed_wrong_is_named(run, argv, expected):
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert expected in result.err
    assert "Traceback" not in result.err


def test_since_may_be_the_beginning_of_today_or_of_yesterday():
    assert moment("yesterday") < moment("today") <= moment("0s")
    for word, days in (("today", 0), ("yesterday", 1)):
        local = datetime.fromisoformat(moment(word).replace(".000000000Z", "+00:00")).astimezone()
        assert (local.hour, local.minute, local.second) == (0, 0, 0)
        assert local.date() == datetime.now().astimezone().date() - timedelta(days=days)


def test_since_is_a_moment_or_how_long_ago():
    assert moment("2026-01-07T20:00:00+01:00") == "2026-01-07T19:00:00.000000000Z"
    assert moment("2h") < moment("90s") < moment("0s")


def test_numbers_have_bounds():
    assert number(1, 5)("5") == 5
    with pytest.raises(argparse.ArgumentTypeError):
        number(1, 5)("6")


def test_no_command_waits_for_the_engines_or_an_http_client_to_be_imported():
    program = (
        "import sys, receiver.cli.main; print({'surrealdb', 'qdrant_client', 'numpy', 'httpx2'} & sys.modules.keys())"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "set()\n"
    )
