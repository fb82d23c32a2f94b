"""A short run of the fuzzer. A long one: `python tests/fuzz/run.py --minutes 10`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(400)

RUN = Path(__file__).parent / "run.py"


def fuzz(*arguments):
    return subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True, check=False, timeout=300)


def test_no_case_of_the_fuzzer_hurts_the_receiver():
    run = fuzz("--cases", "1500", "--seed", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    # At least: several are sent at once.
    assert int(re.match(r"seed 1: (\d+) cases", run.stdout)[1]) >= 1500


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("2", "protobuf, fields mutated POST /v1/"),
        ("14", "gRPC, message mutated POST /opentelemetry.proto.collector."),
        ("34", "HTTP/2 broken POST /opentelemetry.proto.collector."),
    ],
)
def test_one_case_is_shown_and_sent_again(number, shown):
    run = fuzz("--seed", "1", "--only", number)
    assert run.returncode == 0, run.stdout + run.stderr
    assert shown in run.stdout
    assert "seed 1: 1 cases" in run.stdout
