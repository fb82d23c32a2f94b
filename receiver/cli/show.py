"""Events as lines of text. Everything that comes from a sender goes through `printable`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mapping.calls import scores
from mapping.search_text.text import text_of
from mapping.semantics.event_types import SCORE
from receiver.cli.terminal import coloured, dollars, duration, escaped, local_time, printable, shortened

_HEADLINE = 80
_EXPLANATION = 200
_SPACE = re.compile(r"\s+")
_LONGEST_AGENT, _LONGEST_TYPE = 24, 20
_TYPE_COLOURS = {"agent": "green", "workflow": "green", "model_call": "magenta", "tool_call": "blue", "error": "red"}
_OF_SCORE = (scores.NAME, scores.VALUE, scores.LABEL, scores.EXPLANATION)
_STATUS_COLOURS = {"error": "red", "failed": "red", "running": "yellow", "completed": "green"}


def event_cells(event: dict[str, Any]) -> list[str]:
    """Return the cells of an event's line: time, type, agent, status, headline and duration."""
    return [
        coloured(local_time(event["timestamp"]), "dim"),
        kind(event),
        shortened(printable(event["agent_id"] or "-"), _LONGEST_AGENT),
        status(event["status"]),
        headline(event),
    ]


def tokens(sums: dict[str, Any]) -> str:
    """Return the tokens of models as text: input, and how many of it were read from a cache, and output."""
    if not sums["input_tokens"] and not sums["output_tokens"]:
        return "-"
    cached = f" ({sums['cache_read_tokens']} cached)" if sums["cache_read_tokens"] else ""
    return f"{sums['input_tokens'] or 0}{cached}/{sums['output_tokens'] or 0}"


def cost(usd: float | None, calls: int = 0, unpriced: int = 0) -> str:
    """Return the cost of calls as text, and for how many of them it is known: `$0.09, 13 of 19 calls priced`."""
    known = dollars(usd) if usd else "$0" if usd is not None and calls > unpriced else "-"
    return f"{known}, {calls - unpriced} of {calls} calls priced" if unpriced and calls else known


def score_lines(scores: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each score: its name, number or label, who gave it and why."""
    for score in scores:
        told = [
            coloured(printable(score["name"]), "bold"),
            *([] if score["value"] is None else [f"{score['value']:.12g}"]),
        ]
        told += [printable(score["label"])] if score["label"] else []
        by = ", ".join(printable(word) for word in (score["author"], score["source"]) if word)
        told += [coloured(f"({by})", "dim")] if by else []
        told += [f"· {shortened(printable(score['explanation']), _EXPLANATION)}"] if score["explanation"] else []
        yield f"{coloured('*', 'dim')} {' '.join(told)}"


def kind(event: dict[str, Any]) -> str:
    """Return an event's type in its colour."""
    word = event["event_type"] or "-"
    return coloured(shortened(printable(word), _LONGEST_TYPE), _TYPE_COLOURS.get(word, "cyan"))


def status(word: str) -> str:
    """Return a status in its colour; "" for `ok` and `unset`."""
    return "" if word in {"ok", "unset"} else coloured(word, _STATUS_COLOURS.get(word))


def headline(event: dict[str, Any]) -> str:
    """Return an event's name, or its first words, and its duration."""
    took = event["duration_ns"]
    words = name(event) or excerpt(event, _HEADLINE) or event["kind"]
    return coloured(words, _STATUS_COLOURS.get(event["status"])) + (
        f" {coloured(f'({duration(took)})', 'dim')}" if took else ""
    )


def name(event: dict[str, Any]) -> str:
    """Return an event's name, of a score what it says, or "" for `exception`, because its first words say more."""
    if event["name"] == SCORE:
        said = [event["properties"].get(key) for key in _OF_SCORE]
        return shortened(printable(" ".join(str(each) for each in said if each is not None)), _HEADLINE) or SCORE
    return "" if event["name"] == "exception" else printable(event["name"] or "")


def excerpt(event: dict[str, Any], width: int) -> str:
    """Return the first words of an event's text; "" if it has none."""
    return shortened(printable(text_of(None, event["properties"])), width)


def marked(passage: dict[str, Any], width: int) -> str:
    """Return a passage of a search result as one line, with the matching words in bold."""
    text, at = passage["text"], 0
    parts: list[tuple[str, str | None]] = []
    for begin, end in passage["ranges"]:
        parts += [(text[at:begin], None), (text[begin:end], "bold")]
        at = end
    parts.append((text[at:], None))
    line = ""
    for part, colour in parts:
        words = shortened(escaped(_SPACE.sub(" ", part)), width)
        if width <= 0 or not words:
            continue
        line += coloured(words, colour)
        width -= len(words)
    return line
