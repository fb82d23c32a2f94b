"""Writes docs/emitters.md from what the tests check: run it after a new recording."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

from recorded import table  # noqa: E402 - found by the line above

(HERE.parents[2] / "docs" / "emitters.md").write_text(table())
