"""What the stand-in model says: how is the weather in Atlantis, and in Lisbon?

It calls the weather's tool for a city that there is none of, then for one that there is, and then answers. Offered no
such tool, it hands over to another agent; offered those of a coding agent, it reads a file that is missing and then
runs a harmless shell command. What it says next follows from the request alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

QUESTION = "How is the weather in Atlantis, and in Lisbon?"
CODING_QUESTION = "Read missing.txt, then run echo hello."
# A coding agent that has sub-agents lets one of them do it.
DELEGATED_QUESTION = "Let a subagent do this. Read missing.txt, then run echo hello."
# One that asks a receiver by MCP finds a failed call, and reads it.
MCP_QUESTION = "Ask vectadb which tool failed, and why."
QUESTIONS = (QUESTION, DELEGATED_QUESTION, CODING_QUESTION)
SUBAGENT_NAMES = {"subagent_type": "general", "agent_name": "generalist", "task_name": "reader"}
SUBAGENT_NAMED_BY = {"subagent_type", "agent_name", "agent_type"}
SUBAGENT = {"agent", "task", "spawn_agent", "invoke_agent", "generalist"}
CITIES = ("Atlantis", "Lisbon")
# Frameworks that do not say a call again say what came of it.
OUTCOMES = ("no city is called Atlantis", "24 degrees in Lisbon")
ANSWER = "Atlantis is nowhere to be found; Lisbon is sunny, with 24 degrees."
CODING_ANSWER = "The file missing.txt is not there; the shell says hello."
MCP_ANSWER = "A tool failed: the call says why."
ASIDE = "Weather in two cities"  # to a request without tools: a title, a summary
OVERLOADED = "overloaded"
FILE = "missing.txt"
COMMAND = "echo hello"

# The tools by which agents hand over, read a file, run a command and end; names are compared in lower case.
HAND_OVER = re.compile(r"transfer|hand_?off|delegate|ask_|weather_(agent|expert|writer)|^task$|^subagent$")
READ = {"read", "read_file", "readfile", "view", "fs_read", "file_read", "read_files"}
SHELL = {
    *("bash", "shell", "run_shell_command", "run_terminal_cmd", "exec_command", "shell_command", "local_shell"),
    *("execute_command", "run_command", "execute_bash", "terminal", "powershell", "run_commands", "exec"),
}
END = {"complete_task", "final_answer", "attempt_completion", "structuredoutput", "generate_response"}


@dataclass
class Call:
    """A call of a tool that the model asks for."""

    name: str
    arguments: dict[str, Any]
    id: str = ""
    # A tool whose argument is a text of no schema ("custom" in OpenAI's Responses).
    text: str | None = None


@dataclass
class Asked:
    """What a request says, whatever the API: the tools offered with their schemas, and what has been called so far."""

    model: str
    streamed: bool
    system: str = ""
    question: str = ""
    offered: dict[str, dict[str, Any]] = field(default_factory=dict)
    called: list[tuple[str, Any]] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    # All of the request, as it came.
    body: str = ""
    # The API's own needs: whether a stream's usage is wanted, the response that this one goes on from, and so on.
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Usage:
    """Tokens of a call: `input` has the cached and cache-written ones in it, `output` the reasoning ones."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass
class Said:
    """What the model answers."""

    number: int
    id: str
    model: str
    usage: Usage
    text: str = ""
    calls: list[Call] = field(default_factory=list)


def next_step(asked: Asked, folder: str) -> str | Call:  # noqa: PLR0911 - a scenario is a list of cases
    """Return the text or the call that follows in the scenario. `folder`: where a coding agent works."""
    if "[[ ## " in asked.system:
        return _in_fields(asked)
    if MCP_QUESTION in asked.question:
        return _by_mcp(asked)
    by_name = {name.lower(): name for name in asked.offered}
    times = Counter(name for name, _ in asked.called)
    weather = next((n for key, n in by_name.items() if "weather" in key and not HAND_OVER.search(key)), None)
    hand_over = next((n for key, n in by_name.items() if HAND_OVER.search(key)), None)
    reads = next((n for key, n in by_name.items() if key in READ), None)
    shell = next((n for key, n in by_name.items() if key in SHELL), None)
    if weather is not None:
        made = max(times[weather], sum(outcome in asked.body for outcome in OUTCOMES))
        if made < len(CITIES):
            return Call(weather, _arguments(asked.offered[weather], CITIES[made], folder))
        return _end(asked, by_name, ANSWER)
    subagent = next((n for key, n in by_name.items() if key in SUBAGENT), None)
    if subagent is not None and DELEGATED_QUESTION in asked.question:
        return (
            CODING_ANSWER
            if times[subagent]
            else Call(subagent, _arguments(asked.offered[subagent], CODING_QUESTION, ""))
        )
    if shell is not None or reads is not None:
        # An agent with a shell and nothing that reads files reads them by its shell.
        steps = [(reads, FILE)] if reads else [(shell, f"cat {FILE}")]
        steps += [(shell, COMMAND)] if shell else []
        made = sum(times[name] for name in {reads, shell} - {None})
        if made < len(steps):
            name, value = steps[made]
            return Call(name, _arguments(asked.offered[name], value, folder))
        return _end(asked, by_name, CODING_ANSWER)
    if hand_over is not None and not times[hand_over] and ANSWER not in asked.body:
        return Call(hand_over, _arguments(asked.offered[hand_over], QUESTION, folder))
    return _end(asked, by_name, ANSWER if asked.offered or asked.called or QUESTION in asked.question else ASIDE)


def _by_mcp(asked: Asked) -> str | Call:
    """Return what follows where a receiver's tools are offered, under a name that the agent makes of theirs."""
    tools = {name: full for name in ("list_errors", "get_call") for full in asked.offered if full.endswith(name)}
    called = [name for name, _ in asked.called]
    waits = next((name for name in asked.offered if name == "WaitForMcpServers"), None)
    if waits and not tools and waits not in called:
        return Call(waits, _arguments(asked.offered[waits], "vectadb", ""))
    found = re.search(r'"id": ?"([0-9a-f-]{36})"', " ".join(map(str, asked.results.values())).replace("\\", ""))
    if "list_errors" in tools and tools["list_errors"] not in called:
        return Call(tools["list_errors"], {"kind": "tool", "limit": 1})
    if found and "get_call" in tools and tools["get_call"] not in called:
        return Call(tools["get_call"], {"id": found[1]})
    return MCP_ANSWER if found else ASIDE


def _in_fields(asked: Asked) -> str:
    """Return what follows in the texts that DSPy asks for: fields with headings, calls of tools among them."""
    made = sum(outcome in asked.body for outcome in OUTCOMES)
    if "next_tool_name" not in asked.system:
        fields = {"reasoning": "I have asked about both.", "answer": ANSWER}
    elif made < len(CITIES):
        arguments = json.dumps({"city": CITIES[made]})
        fields = {"next_thought": "I ask.", "next_tool_name": "get_weather", "next_tool_args": arguments}
    else:
        fields = {"next_thought": "I know.", "next_tool_name": "finish", "next_tool_args": "{}"}
    return "".join(f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in fields.items()) + "[[ ## completed ## ]]"


def _end(asked: Asked, by_name: dict[str, str], answer: str) -> str | Call:
    end = next((name for key, name in by_name.items() if key in END), None)
    return answer if end is None else Call(end, _arguments(asked.offered[end], answer, ""))


def _arguments(schema: dict[str, Any], value: str, folder: str) -> dict[str, Any]:
    """Return arguments that the schema accepts: `value` where a text is asked for, the least elsewhere."""
    properties = schema.get("properties") or {}
    required = schema.get("required") or list(properties)[:1]
    return {name: _argument(name, properties.get(name) or {}, value, folder) for name in required}


def _argument(name: str, schema: dict[str, Any], value: str, folder: str) -> Any:  # noqa: PLR0911 - as above
    if choices := schema.get("enum"):
        return choices[0]
    kind = str(schema.get("type", "string")).lower()
    if "array" in kind:
        items = schema.get("items") or {}
        if name == "command":
            return ["bash", "-lc", value]
        return [_arguments(items, value, folder) if items.get("properties") else value]
    if "integer" in kind or "number" in kind:
        return 1
    if "boolean" in kind:
        return False
    if "object" in kind:
        return _arguments(schema, value, folder)
    if value == FILE:
        return f"{folder}/{FILE}"
    if value == CODING_QUESTION and name in SUBAGENT_NAMES:
        return SUBAGENT_NAMES[name]
    if re.search("agent|member|coworker", name.lower()):
        # The names that a hand-over takes stand in its description, if anywhere.
        named = re.search(r"weather[ _-]?(agent|expert|writer)", json.dumps(schema), re.IGNORECASE)
        return named[0] if named else "weather_agent"
    return value
