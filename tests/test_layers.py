"""Rooms and their folders use only those below them: the contracts stand in pyproject.toml, import-linter checks."""

import subprocess
import sys
from pathlib import Path


def test_imports_point_one_way():
    # In a process of its own: it sets up logging for all.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    checked = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
