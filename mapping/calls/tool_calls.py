"""What one event tells of a tool's call: its name, arguments, result and id, wherever its emitter keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls import faults
from mapping.calls.kinds import EXECUTIONS, STEP_OUTPUT, Levels
from mapping.calls.model import Telling
from mapping.calls.tools import ToolResult, arguments_of, name_of_span, real_id, real_name, response_of, result_of
from mapping.messages.extraction import INPUT_KEYS, OUTPUT_KEYS, structure, values_of
from mapping.messages.python_repr import written_object
from mapping.semantics.attribute_roles import AT, Roles, text_id
from mapping.values import first

# Those who put a tool's result into an object, and those of them who put its failure there.
_WRAPPING = ("Google ADK", "Haystack", "LangSmith")
_FAILING_SO = ("Google ADK", "Haystack")
# Genkit's tools of the second version put out an object.
_GENKIT = "genkit:metadata:subtype"
# LlamaIndex's steps say what they were given and gave, as Python writes it, cut off.
_STEP_INPUT = "llamaindex.step.input_summary"
_TOLD_RESULT = re.compile(r"tool_output=ToolOutput\(blocks=\[TextBlock\(block_type='text', text='((?:[^'\\]|\\.)*)'")
# HoneyHive's arguments are attributes of their own.
_FLAT, _FLAT_TYPE = "honeyhive_inputs.", "honeyhive_event_type"
_NAMING = "logfire.openai_agents"
_MCP_NAMES = ("mcp_tool.name", "mcp.tool.name")
_DETAILS = "gen_ai.client.inference.operation.details"


def tell_tool(telling: Telling, levels: Levels, roles: Roles) -> None:
    properties = levels[0]
    told = text_id(roles[AT["tool"]])
    if telling.signal == "span_event":
        output = properties.get("output")
        cut_off = _TOLD_RESULT.search(output) if telling.event_name == STEP_OUTPUT and isinstance(output, str) else None
        telling.result = result_of(output if cut_off is None else cut_off[1]).value
        return
    step = properties.get(_STEP_INPUT)
    if isinstance(step, str) and (written := written_object(step)) is not None and "tool_name" in written:
        telling.name, telling.arguments = text_id(written["tool_name"]), written.get("tool_kwargs")
        telling.call_id = real_id(written.get("tool_id"))
        return
    given = roles[AT["arguments"]]
    if given is None:
        given = _plain(levels, INPUT_KEYS, but="new_context")
    if given is None and _is_given(properties.get("tool.parameters")):
        given = properties["tool.parameters"]
    if given is None and _FLAT_TYPE in properties:
        given = {key.removeprefix(_FLAT): value for key, value in properties.items() if key.startswith(_FLAT)} or None
    telling.arguments = arguments_of(given, told)
    telling.name = real_name(told) or _other_name(telling, properties, roles, told)
    result = _result(telling, levels, roles)
    telling.call_id = real_id(text_id(roles[AT["call_id"]])) or result.call_id
    telling.result = result.value
    if result.failed:
        telling.failed = True
        words = first((result.error, result.value))
        telling.failure = faults.failure(None, words if isinstance(words, str | dict) else None)


def _other_name(telling: Telling, properties: Mapping[str, Any], roles: Roles, told: str | None) -> str | None:
    named = first(text_id(properties.get(key)) for key in _MCP_NAMES)
    parameters = structure(properties.get("tool_parameters"))
    if named is None and isinstance(parameters, dict):
        named = text_id(parameters.get("mcp_tool_name"))
    if named is None and told is None:
        named = text_id(properties.get("name") if telling.scope == _NAMING else roles[AT["own_name"]])
        if named is None and telling.signal == "span" and telling.event_name not in EXECUTIONS:
            named = name_of_span(telling.event_name)
    return named or told


def _is_given(value: object) -> bool:
    """Return whether these are a tool's arguments, rather than the schema of them."""
    held = structure(value)
    return isinstance(held, dict) and not ("type" in held or "properties" in held or "def" in held)


def _result(telling: Telling, levels: Levels, roles: Roles) -> ToolResult:
    value = roles[AT["result"]]
    if value is None:
        value = _plain(levels, OUTPUT_KEYS)
    if telling.emitter in _WRAPPING or levels[0].get(_GENKIT) == "tool.v2":
        return response_of(value, may_fail=telling.emitter in _FAILING_SO)
    return result_of(value)


def _plain(levels: Levels, keys: dict[str, int], but: str | None = None) -> Any:
    """Return the first value that stands under these keys; a log's line is none, and neither is an empty request."""
    return first(
        value
        for level in levels
        for value in values_of(level, keys)
        if value not in ("", "{}") and value is not level.get("body") and (but is None or value is not level.get(but))
    )


def tell_note_of_tool(telling: Telling, properties: Mapping[str, Any]) -> None:
    """Set what Strands records in a tool's span: its arguments as the tool's message, its result as a choice.

    Or both as the tool's messages, by the later conventions.
    """
    name, call_id = telling.event_name or "", real_id(properties.get("id"))
    if call_id is not None and name.endswith(".choice"):
        telling.call_id, telling.result = call_id, result_of(properties.get("message")).value
    elif call_id is not None and properties.get("role") == "tool":
        telling.call_id, telling.arguments, telling.sent = call_id, arguments_of(properties.get("content")), []
    elif name == _DETAILS:
        for message in (*telling.sent, *telling.answered):
            for part in message["parts"] if message["role"] == "tool" and len(message["parts"]) == 1 else ():
                telling.call_id = real_id(part.get("id"))
                if part["type"] == "tool_call":
                    telling.arguments = arguments_of(part.get("arguments"))
                elif part["type"] == "tool_result":
                    telling.result = result_of(part.get("result")).value
