"""Messages as lines of text: who says it, then its parts; a tool's call and its result are told apart by an arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from receiver.cli.terminal import coloured, escaped, json_line, printable, shortened

_COLOURS = {"user": "cyan", "assistant": "green", "agent": "green", "tool": "blue", "error": "red", "waiting": "yellow"}
# Characters of arguments and of a result, where not all is asked for.
_SHORT = 200
_INDENT = "  "


def turn_lines(turn: dict[str, Any], *, whole: bool) -> Iterator[str]:
    """Yield the lines of a message; of arguments and results all where the `whole` of them is asked for."""
    before = _INDENT * turn.get("depth", 0)
    who = " ".join(filter(None, (turn["role"], turn.get("name") or turn.get("agent_id"))))
    yield before + coloured(printable(who), _COLOURS.get(turn["role"], "dim"))
    for part in turn["parts"]:
        for line in part_lines(part, whole=whole):
            yield before + _INDENT + line


def part_lines(part: dict[str, Any], *, whole: bool) -> list[str]:
    """Return the lines of a part of a message."""
    kind = part["type"]
    if kind == "tool_call":
        return [f"→ {printable(part.get('name') or 'a tool')} {value(part.get('arguments'), whole=whole)}"]
    if kind == "tool_result":
        return [f"← {coloured(value(part.get('result'), whole=whole), 'red' if part.get('failed') else None)}"]
    if kind in {"text", "reasoning", "other"}:
        colour = None if kind == "text" else "dim"
        return [coloured(escaped(line), colour) for line in part.get("text", "").splitlines()]
    named = (
        part.get("name"),
        part.get("media_type"),
        part.get("url"),
        f"{part['size']} bytes" if "size" in part else "",
    )
    return [coloured(f"[{printable(' '.join([kind, *filter(None, named)]))}]", "dim")]


def value(told: Any, *, whole: bool) -> str:
    """Return arguments or a result as a line; JSON in a text is as it is."""
    if told is None:
        return ""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            return printable(told) if whole else shortened(printable(told), _SHORT)
    line = json_line(told)
    return line if whole else shortened(line, _SHORT)
