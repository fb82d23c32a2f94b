"""A tool's call: its name, arguments and result, out of what frameworks wrap them in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mapping.messages.extraction import structure, unquoted
from mapping.messages.python_repr import written_literal, written_object
from mapping.semantics.vocabulary import PLACEHOLDERS
from mapping.values import first

_DEPTH = 6

# Names that say only that it was some tool.
_GENERIC = frozenset({"mcp_tool", "tool", "unknown", "unknown_tool"})
# Where OpenAI's open models have the tools that they are offered.
_NAMESPACE = "functions."
# What frameworks add to a tool's name in that of its span.
_BEFORE = re.compile(r"(?:execute_tool|tools/call|tool_call|tool|running tool|mcp)[ :] ?|tool\.execution:")
_AFTER = re.compile(r"\.(?:tool|run|arun|_run|_arun|__call__|__acall__|acall|call|invoke|ainvoke|forward)\Z")
_PLACEHOLDERS = PLACEHOLDERS | {"", "0", "-"}

_FUNCTION_RESPONSE = {"id", "name", "response"}
# A ToolMessage, as Microsoft's tracer for LangChain writes it.
_TOOL_MESSAGE = {"name", "tool_call_id", "content"}
# What arguments stand in, by all of its keys, and under which of them: BeeAI's; a request of MCP, as Traceloop's
# instrumentation logs it.
_WRAPPED = {
    frozenset({"input", "options"}): "input",
    frozenset({"tool_name", "arguments"}): "arguments",
}
# In a tuple: what a part calls its type may be an object, which no set can be asked for.
_TEXT_PARTS = ("text", "output_text", "input_text", None)
# VeADK's describes the tool beside them.
_DESCRIBED = {"name", "description", "parameters"}
# Arguments that were passed by their names, and by their places.
_PASSED = frozenset({"args", "kwargs", "sanitize_inputs_outputs"})
# LangChain's messages as Python writes them.
_WRITTEN = re.compile(r"content=(?P<content>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")(?P<rest>(?: \w+=.*)?)\Z", re.DOTALL)
_WRITTEN_ID = re.compile(r" tool_call_id='([^']+)'")
_WRITTEN_STATUS = re.compile(r" status='error'")
_TOOL_INPUT = re.compile(r"\[TOOL (?:INPUT|RESULT): [^\]\n]*\]\n")
_FAILED = ("error", "failed", "failure", "ERROR", "FAILED")
# What went wrong, in what a tool of one's own gives back with such a status.
_ERRORS = ("error_message", "errorMessage", "error", "message", "detail", "reason")


class ToolResult(NamedTuple):
    """What a tool gave back: its value, whether that says that it failed, and the call's id if it has one."""

    value: Any
    failed: bool = False
    call_id: str | None = None
    # The words for the failure, where they are not the value itself.
    error: Any = None


def real_name(name: str | None) -> str | None:
    """Return a tool's own name: without the server that it is from; None where a word stands in for it."""
    if name is None or name in _GENERIC:
        return None
    name = name.removeprefix(_NAMESPACE)
    if name.startswith("mcp__") and "__" in name[5:]:
        return name[5:].partition("__")[2] or name
    return name


def name_of_span(name: str | None) -> str | None:
    """Return the tool's name in that of its span: `execute_tool get_weather`, `get_weather.run`."""
    if not name:
        return None
    return _AFTER.sub("", _BEFORE.sub("", name, count=1)) or None


def real_id(value: object) -> str | None:
    """Return the id of a call, None where it is a placeholder."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or value.strip().lower() in _PLACEHOLDERS:
        return None
    return value


def arguments_of(value: Any, tool: str | None = None) -> Any:
    """Return arguments out of JSON text, `kwargs`, a request that has them, or a description of this tool."""
    value = _held(value)
    if not isinstance(value, dict):
        return value
    if "inputs" in value and "input_str" in value:  # LangChain's, as Traceloop logs them
        return value["inputs"] if value["inputs"] is not None else value["input_str"]
    if "args" in value and ("callId" in value or value.get("type") == "tool_call") and "name" in value:
        return structure(value["args"])  # Gemini CLI's request, LangChain's call
    within = "parameters" if value.keys() == _DESCRIBED and value["name"] == tool else _WRAPPED.get(frozenset(value))
    if within is not None:
        return structure(value[within])
    return _passed(value) if value.keys() <= _PASSED else value


def _held(value: Any, depth: int = 0) -> Any:
    """Return the object in text: JSON, quoted or not, or Python's; LangSmith's stands in another one."""
    if isinstance(value, str):
        value = _TOOL_INPUT.sub("", value, count=1) if value.startswith("[TOOL ") else value
        if value in {"N/A", "<not serializable>"}:
            return None
        value = structure(unquoted(value))
    if isinstance(value, str) and value.startswith("{") and isinstance(written := written_literal(value), dict):
        return written
    if isinstance(value, dict) and value.keys() == {"input"} and isinstance(value["input"], str) and depth < _DEPTH:
        inner = _held(value["input"], depth + 1)
        return inner if isinstance(inner, dict) else value
    return value


def _passed(value: dict[str, Any]) -> Any:
    """Return what was passed by name, or the only thing that was passed by its place."""
    by_name, by_place = value.get("kwargs") or {}, value.get("args") or []
    if isinstance(by_name, dict) and not by_place:
        return by_name
    if isinstance(by_place, list) and len(by_place) == 1 and not by_name:
        return structure(by_place[0])
    return value


def result_of(value: Any) -> ToolResult:
    """Return a tool's result out of what it was wrapped in: quoted JSON, a ToolMessage, MCP's content."""
    return _unwrapped(value, 0)


def response_of(value: Any, *, may_fail: bool = True) -> ToolResult:
    """Return a result that a library has put into an object, as Gemini wants it: `{result}` or `{error}`."""
    value = structure(value)
    if may_fail and isinstance(value, dict) and value.keys() == {"error"}:
        return ToolResult(value["error"], failed=True)
    for key in ("result", "output", "outputs"):
        if isinstance(value, dict) and value.keys() == {key}:
            return _unwrapped(value[key], 1)
    return _unwrapped(value, 0)


def _unwrapped(value: Any, depth: int) -> ToolResult:
    if depth > _DEPTH:
        return ToolResult(value)
    if isinstance(value, str):
        return _in_text(value, depth)
    if isinstance(value, list):
        return _in_parts(value, depth)
    if isinstance(value, dict):
        return _in_object(value, depth)
    return ToolResult(value)


def _in_text(text: str, depth: int) -> ToolResult:
    opening = text.lstrip()[:1]
    if opening in {"{", "["}:
        value = structure(text)
        if not isinstance(value, str):
            return _unwrapped(value, depth + 1)
    elif opening == '"' and text.rstrip()[-1:] == '"':
        value = structure(f"[{text}]")
        if isinstance(value, list) and len(value) == 1:
            return _unwrapped(value[0], depth + 1)
    elif text.startswith("content=") and (written := _WRITTEN.match(text)) is not None:
        call_id = _WRITTEN_ID.search(written["rest"])
        content = written_literal(written["content"])
        return ToolResult(content, _WRITTEN_STATUS.search(written["rest"]) is not None, call_id[1] if call_id else None)
    elif text.startswith("Command(") and (command := written_object(text)) is not None:
        return _in_object(command, depth + 1)
    elif text.startswith("[TOOL "):
        return _in_text(_TOOL_INPUT.sub("", text, count=1), depth + 1)
    return ToolResult(None if text == "<not serializable>" else text)


def _in_parts(parts: list[Any], depth: int) -> ToolResult:
    """Return the text of parts that are texts, else the only part's own value, else the list."""
    if len(parts) == 2 and isinstance(parts[0], bool) and isinstance(parts[1], dict) and "content" in parts[1]:
        return _unwrapped(parts[1]["content"], depth + 1)._replace(failed=not parts[0])  # AG2's
    if not parts or not all(isinstance(part, dict) for part in parts):
        return ToolResult(parts)
    texts = [part.get("text") for part in parts if part.get("type") in _TEXT_PARTS]
    if len(texts) == len(parts) and all(isinstance(text, str) for text in texts):
        return (
            _in_text("\n".join(map(str, texts)), depth + 1)
            if len(texts) == 1
            else ToolResult("\n".join(map(str, texts)))
        )
    only = parts[0]
    if len(parts) == 1 and ("json" in only or _is_wrapper(only)):
        return _unwrapped(only.get("json", only), depth + 1)
    return ToolResult(parts)


def _is_wrapper(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in ("functionResponse", "function_response", "toolResult", "kwargs"))


def _in_object(value: dict[str, Any], depth: int) -> ToolResult:
    for read in (_of_langgraph, _of_langchain, _of_bedrock, _of_mcp, _of_llama_index, _of_gemini, _of_opencode):
        if (roles := read(value, depth + 1)) is not None:
            return roles
    failed = value.get("isError") is True or value.get("is_error") is True or _state(value)
    return ToolResult(value, failed, error=first(value.get(key) or None for key in _ERRORS) if failed else None)


def _of_bedrock(value: dict[str, Any], depth: int) -> ToolResult | None:
    """Read Converse's result of a tool, or Anthropic's, by itself or under a key of its own."""
    if isinstance(inner := value.get("toolResult"), dict):
        value = inner
    call_id = first(value.get(key) for key in ("toolUseId", "tool_use_id"))
    if call_id is None or "content" not in value:
        return None
    failed = value.get("is_error") is True or _state(value)
    inner_result = _unwrapped(value["content"], depth)
    return inner_result._replace(failed=failed or inner_result.failed, call_id=real_id(call_id))


def _of_langchain(value: dict[str, Any], depth: int) -> ToolResult | None:
    """Read a ToolMessage: serialised, as an object, or as what a tool put out."""
    if "output" in value and value.keys() <= {"output", "kwargs"} and _is_tool_message(value["output"]):
        return _unwrapped(value["output"], depth)
    message = value.get("kwargs") if "lc" in value else value.get("data") if value.get("type") == "tool" else None
    message = message if isinstance(message, dict) else value
    is_plain = value.keys() == _TOOL_MESSAGE or (
        value.get("type") == "tool" and value.keys() >= _TOOL_MESSAGE - {"name"}
    )
    if message is value and not is_plain:
        return None
    inner = _unwrapped(message.get("content"), depth)
    return inner._replace(failed=message.get("status") == "error", call_id=real_id(message.get("tool_call_id")))


def _of_langgraph(value: dict[str, Any], depth: int) -> ToolResult | None:
    """Read a Command by which a tool hands over: its messages end with the tool's own."""
    value = value["output"] if "output" in value and isinstance(value["output"], dict) else value
    update = value.get("update") if "graph" in value else value if len(value) == 1 else None
    messages = update.get("messages") if isinstance(update, dict) else None
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict):
        return None
    held = first(inner for key in ("kwargs", "data") if isinstance(inner := last.get(key), dict)) or last
    if "content" not in held or not ("tool_call_id" in held or last.get("type") == "tool"):
        return None
    return _unwrapped(held["content"], depth)._replace(call_id=real_id(held.get("tool_call_id")))


def _of_mcp(value: dict[str, Any], depth: int) -> ToolResult | None:
    """Read MCP's content, or AgentScope's."""
    if value.get("type") == "text" and isinstance(value.get("text"), str):
        return _in_text(value["text"], depth)
    if not isinstance(value.get("content"), list) or not _is_mcp(value):
        return None
    failed = value.get("isError") is True or value.get("is_error") is True or value.get("state") in _FAILED
    structured = value.get("structuredContent")
    inner = _in_parts(value["content"], depth) if value["content"] or structured is None else ToolResult(structured)
    return inner._replace(failed=failed or inner.failed)


def _of_llama_index(value: dict[str, Any], depth: int) -> ToolResult | None:
    if not isinstance(value.get("blocks"), list) or "is_error" not in value:
        return None
    return _unwrapped(value.get("raw_output", value["blocks"]), depth)._replace(failed=value["is_error"] is True)


def _of_gemini(value: dict[str, Any], depth: int) -> ToolResult | None:
    """Read a function's response, or Gemini CLI's record of one."""
    if isinstance(value.get("response"), dict) and "request" in value:
        return _of_request(value, value["response"], depth)
    for key in ("functionResponse", "function_response"):
        if isinstance(answer := value.get(key), dict):
            inner = response_of(answer.get("response")) if depth < _DEPTH else ToolResult(answer)
            return inner._replace(call_id=inner.call_id or real_id(answer.get("id")))
    if value.keys() == _FUNCTION_RESPONSE:
        return _of_gemini({"functionResponse": value}, depth)
    return None


def _of_opencode(value: dict[str, Any], depth: int) -> ToolResult | None:
    return _unwrapped(value["output"], depth) if {"title", "metadata", "output"} <= value.keys() else None


def _is_tool_message(value: Any) -> bool:
    return isinstance(value, dict) and ("lc" in value or value.get("type") == "tool")


def _state(value: Mapping[str, Any]) -> bool:
    """Return whether an object says that what it tells of has failed."""
    if any(value.get(key) in _FAILED for key in ("state", "status") if isinstance(value.get(key), str)):
        return True
    return any(value.get(key) is False for key in ("success", "ok")) and bool(value.get("error"))


def _is_mcp(value: Mapping[str, Any]) -> bool:
    """Return whether an object is MCP's result of a tool, or AgentScope's, rather than what a tool has made itself."""
    return (
        value.keys() <= {"content", "isError", "structuredContent", "_meta", "is_error", "meta", "resultType"}
        or {"content", "state"} <= value.keys()
        or ("isError" in value and "content" in value)
    )


def _of_request(value: dict[str, Any], response: dict[str, Any], depth: int) -> ToolResult:
    parts = response.get("responseParts")
    inner = _unwrapped(parts if isinstance(parts, list) else response.get("resultDisplay"), depth + 1)
    answer = inner.value
    error = first((answer.get("error") if isinstance(answer, dict) else None, response.get("resultDisplay")))
    failed = _state(value) or inner.failed
    if failed and isinstance(answer, dict) and answer.keys() == {"error"}:
        inner = inner._replace(value=answer["error"])
    call_id = inner.call_id or real_id(response.get("callId"))
    return inner._replace(failed=failed, call_id=call_id, error=error if failed else None)
