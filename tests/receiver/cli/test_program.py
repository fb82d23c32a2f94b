import os
import sys

import pytest

from receiver.cli.program import program


@pytest.mark.parametrize(
    ("called", "words"),
    [
        ("/somewhere/receiver/__main__.py", "python -m receiver"),
        (".venv/bin/vectadb-receiver", ".venv/bin/vectadb-receiver"),
        ("/somewhere/pytest/__main__.py", "vectadb-receiver"),
    ],
)
def test_the_program_is_named_as_it_was_called(monkeypatch, called, words):
    monkeypatch.setattr(sys, "argv", [called])
    assert program() == words


def test_a_program_that_the_shell_finds_needs_no_path(monkeypatch, tmp_path):
    script = tmp_path / "vectadb-receiver"
    script.touch(mode=0o700)
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert program() == str(script)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert program() == "vectadb-receiver"
