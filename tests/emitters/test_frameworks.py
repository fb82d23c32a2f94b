"""The frameworks of docs/guides/frameworks.md, run for real: what the receiver makes of each is what the model said.

Their programs are those of `record/`, of which tests/docs/test_frameworks.py knows that they have the guide's lines.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# The guide's headings, and the rows of record/*/programs.toml.
FRAMEWORKS = {
    "LangGraph": "langgraph-openinference",
    "OpenAI Agents SDK": "openai-agents-openinference",
    "CrewAI": "crewai-openinference",
    "Google's ADK": "google-adk",
    "Vercel AI SDK": "ai-sdk",
    "Spring AI": "spring-ai",
    "Claude Code": "claude-code",
    "Codex": "codex",
}
HAND_OVERS = {"transfer_to_weather_agent", "ask_weather_agent"}  # shown as the turn of the agent that is asked


def run(name):
    """Return the calls that a receiver shows, and what the model said, of a program that is installed."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs Linux and the right to make a network (root)")
    command = [sys.executable, HERE / "record" / "run.py", "--to-receiver", "--no-install", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if ended.returncode == 3:
        reason = f"{name} is not installed: tests/emitters/record/run.py --install {name}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    return told["calls"], told["said"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_it_sends_is_understood(framework):
    calls, said = run(FRAMEWORKS[framework])
    answered = [call for call in said if not call["failed"]]
    assert len(answered) >= 3
    models = [(call["input_tokens"], call["output_tokens"]) for call in calls if call["kind"] == "model"]
    assert sorted(tokens for tokens in models if None not in tokens) == [
        (call["input_tokens"], call["output_tokens"]) for call in answered
    ]
    asked_for = {tool["name"] for call in answered for tool in call["tool_calls"]} - HAND_OVERS
    assert asked_for <= {call["name"] for call in calls if call["kind"] in {"tool", "agent"}}
    refused = [call for call in calls if call["kind"] == "model" and call["status"] == "error"]
    assert bool(refused) == any(call["failed"] for call in said)
