"""Objects that a program has logged as Python's `repr`: `ChatMessage(role=<Role.USER: 'user'>, blocks=[...])`.

LlamaIndex, Haystack, smolagents and others log their messages like this. Calls with keyword arguments, lists, dicts,
tuples and constants are read. Text that is not a valid expression, because it was cut off, for example, stays text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from typing import Any

# Python's parser takes a millisecond for 20 KB.
_MAX_PARSED = 100_000
_OPENING = re.compile(r"[A-Za-z_]\w*\(\w+=")
# `<MessageRole.USER: 'user'>`, `<object at 0x7f>`, in the place of a value.
_ENUM = re.compile(r"(?<=[=(\[,: ])<[A-Za-z_][\w.]*: ('(?:[^'\\\n]|\\.)*'|-?\d+)>")
_OBJECT = re.compile(r"(?<=[=(\[,: ])<[\w.]+ (?:object|instance)[^<>'\"]*>")

# The part's type for classes whose objects have no field for it.
_TYPES = {
    "TextBlock": "text",
    "TextContent": "text",
    "ToolCall": "tool_call",
    "ToolCallBlock": "tool_call",
    "ToolCallResult": "tool_result",
    "ThinkingBlock": "reasoning",
    "ReasoningContent": "reasoning",
}


def looks_written(text: str) -> bool:
    """Return whether a text looks like the `repr` of an object."""
    return len(text) <= _MAX_PARSED and text.endswith(")") and _OPENING.match(text) is not None


def written_object(text: str) -> dict[str, Any] | None:
    """Return the fields of an object, with a `type` if its class is known; None if the text is not an object."""
    if not looks_written(text):
        return None
    plain = _OBJECT.sub("None", _ENUM.sub(r"\1", text)) if "<" in text else text
    value = _parsed(plain, _value)
    return value if isinstance(value, dict) else None


def written_literal(text: str) -> Any:
    """Return the list, dict or other constant of a `repr`; None if the text is not one."""
    return _parsed(text, ast.literal_eval) if len(text) <= _MAX_PARSED else None


def _parsed(text: str, read: Callable[[ast.expr], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes, in text that is not Python
        try:
            return read(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            return None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str | int | float | bool) or node.value is None else str(node.value)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_value(inner) for inner in node.elts]
    if isinstance(node, ast.Dict):
        return {
            str(_value(key)): _value(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, ast.Call):
        return _object(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand)
        return -number if isinstance(number, int | float) else number
    return ast.unparse(node)


def _object(node: ast.Call) -> dict[str, Any]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    fields = {keyword.arg.lstrip("_"): _value(keyword.value) for keyword in node.keywords if keyword.arg}
    if name in _TYPES:
        fields.setdefault("type", _TYPES[name])
    return fields
