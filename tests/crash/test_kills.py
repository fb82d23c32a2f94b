"""A few rounds of killing the receiver. Many: `python tests/crash/run.py --rounds 50`, also with `--model minilm`, and
`python tests/crash/servers.py --rounds 20`."""

import subprocess
import sys
from pathlib import Path

import pytest

RUN, SERVERS = (Path(__file__).parent / name for name in ("run.py", "servers.py"))


@pytest.mark.timeout(1000)
@pytest.mark.parametrize("model", ["off", "minilm"])
def test_what_was_acknowledged_is_there_once_after_kills_under_load(model):
    run = subprocess.run(
        [sys.executable, RUN, "--rounds", "3", "--seed", "1", "--model", model],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "killed: {'all processes': 1, 'the receiver alone': 1, 'the engine alone, then all': 1}" in run.stdout


@pytest.mark.timeout(500)
@pytest.mark.usefixtures("surreal_binary")
def test_what_receivers_on_one_server_acknowledged_is_there_once_after_kills_under_load():
    run = subprocess.run(
        [sys.executable, SERVERS, "--rounds", "3", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "killed: {'a receiver': 1, 'the server': 1, 'all': 1}" in run.stdout
