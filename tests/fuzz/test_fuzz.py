"""A short run of the fuzzer. A long one: `python tests/fuzz/run.py --minutes 10`."""

import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent / "run.py"


def test_no_case_of_the_fuzzer_hurts_the_receiver():
    run = subprocess.run(
        [sys.executable, RUN, "--cases", "1500", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("seed 1: 1500 cases")
