"""What the APIs have in common: what each must say of itself, and how texts and events are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from scenario import Asked, Said

CREATED = 1795852800
SSE = "text/event-stream"


def sse(events: Iterator[dict[str, Any]] | list[dict[str, Any]], *, named: bool = False) -> bytes:
    lines = ((f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events)
    return "".join(lines).encode()


def pieces(text: str) -> list[str]:
    """Return a text cut in three, as a stream does."""
    size = len(text) // 3 + 1
    return [text[start : start + size] for start in range(0, len(text), size)]


def text_of(content: Any) -> str:
    """Return the text of a message's content, a string or parts."""
    if isinstance(content, list):
        parts = [part.get("text", "") if isinstance(part, dict) else str(part) for part in content]
        return "\n".join(part for part in parts if part)
    return content or ""


def decoded(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


class Api:
    """An API: `path` matches its requests, `prefix` begins its response ids, `has` is the usage it can tell of."""

    name: str
    path: re.Pattern[str]
    prefix: str
    has: tuple[bool, bool, bool]  # cache read, cache written, reasoning
    refusal: ClassVar[dict[str, Any]]

    def id(self, number: int) -> str:
        return f"{self.prefix}{number:024d}"

    def details(self, *tokens: int) -> list[int]:
        return [number if has else 0 for number, has in zip(tokens, self.has, strict=True)]

    def stream_type(self, path: str) -> str:
        del path
        return SSE

    def read(self, path: str, body: dict[str, Any]) -> Asked:
        raise NotImplementedError

    def plain(self, asked: Asked, said: Said) -> dict[str, Any]:
        raise NotImplementedError

    def stream(self, path: str, asked: Asked, said: Said) -> bytes:
        raise NotImplementedError
