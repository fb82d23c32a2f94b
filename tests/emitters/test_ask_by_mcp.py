"""A coding agent asks a receiver by MCP, added as docs/guides/mcp.md says: its model is told what was stored."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "record" / "ask_by_mcp.py"


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_claude_code_finds_the_failed_call_and_reads_it(transport):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs Linux and the right to make a network (root)")
    command = [sys.executable, SCRIPT, "--no-install", transport]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if ended.returncode == 3:
        reason = "Claude Code is not installed: tests/emitters/record/run.py --install claude-code"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    called = [tool["name"] for call in told["said"] for tool in call["tool_calls"] if "vectadb" in tool["name"]]
    assert called == ["mcp__vectadb__list_errors", "mcp__vectadb__get_call"]
    *_, listed, read = told["results"].values()
    assert '"untrusted_data":{"calls":[{"id":' in listed
    assert "PaymentDeclinedError: card declined: the daily limit of the corporate card is used up" in listed
    assert "corporate card ending 4417" in read
