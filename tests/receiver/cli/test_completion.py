"""The scripts in bash itself: what it would show, and what it makes of a Tab that somebody types."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from receiver.cli.main import COMMANDS
from receiver.cli.shells import SCRIPTS

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture(scope="module")
def script():
    command = [sys.executable, "-m", "receiver", "completion", "bash"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def complete(script):
    """Return what bash would offer for a line whose last word is being typed; `files` where it would look for those."""
    ask = 'compopt() { COMPREPLY=(files); }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vectadb_receiver'

    def completes(*words):
        command = ["bash", "--norc", "-c", f'{script}\n{ask}\nprintf "%s\\n" "${{COMPREPLY[@]}}"', "bash"]
        finished = subprocess.run([*command, "vectadb-receiver", *words], check=True, capture_output=True, text=True)
        assert finished.stderr == ""
        return finished.stdout.split()

    return completes


def test_commands(complete):
    assert {command.name for command in COMMANDS} < set(complete(""))
    assert complete("se") == ["serve", "search", "sessions", "send-demo"]
    assert complete("--v") == ["--version"]


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_flags_of_every_command(complete, run, command):
    offered = {word for word in complete(command, "-") if word.startswith("-")}
    usage = run(command, "--help").out
    assert offered == set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*(?=[ ,\n\]])", usage.partition("more settings")[0]))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("search", "--mode", ""), ["hybrid", "semantic", "keyword"]),
        (("search", "--mode", "k"), ["keyword"]),
        (("search", "--mode", "=", "k"), ["keyword"]),
        (("search", "--mode", "="), ["hybrid", "semantic", "keyword"]),
        (("search", "x", "--group-by", "s"), ["session"]),
        (("export", "--format", "o"), ["otlp"]),
        (("tail", "--fo"), ["--follow"]),
        (("tail", "--limit", ""), []),
        (("completion", "z"), ["zsh"]),
        (("export", "-o", "x"), ["files"]),
        (("import", "x"), ["files"]),
        (("import", "--js"), ["--json"]),
        (("serve", "--config", ""), ["files"]),
        (("no-such", ""), []),
    ],
)
def test_what_is_offered(complete, words, offered):
    assert complete(*words) == offered


def test_a_tab_in_a_terminal_completes(script, tmp_path):
    (tmp_path / "script").write_text(script)
    (tmp_path / "exported lines.jsonl").write_text("")
    shell, terminal = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "PS1": "$ ", "INPUTRC": "/dev/null"}
    bash = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
    )
    try:
        os.write(shell, b"bind 'set enable-bracketed-paste off'; source ./script; echo rea''dy\n")
        _wait_for(shell, b"ready")
        for typed, completed in (
            (b"vectadb-receiver doc", b"doctor "),
            (b"vectadb-receiver import exp", rb"exported\ lines.jsonl "),
        ):
            os.write(shell, typed + b"\t")
            _wait_for(shell, completed)
            os.write(shell, b"\x15")  # the line is removed
    finally:
        bash.kill()
        bash.wait()
        os.close(shell)
        os.close(terminal)


def _wait_for(shell, expected, seconds=20):
    seen, deadline = b"", time.monotonic() + seconds
    while expected not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([shell], [], [], 0.2)[0]:
            seen += os.read(shell, 4096)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_shell_has_every_command_and_flag(run, shell):
    script = run("completion", shell).out
    assert all(command.name in script for command in COMMANDS)
    assert all(flag in script for flag in ("follow", "no-wait", "dry-run", "max-events", "hybrid", "jsonl"))


def test_a_shell_that_is_not_known_is_named(run):
    result = run("completion", "tcsh")
    assert (result.code, result.out) == (2, "")
    assert "'bash', 'zsh', 'fish'" in result.err
