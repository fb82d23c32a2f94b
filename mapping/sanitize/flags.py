"""Flags of a command line and what follows them: `--password x`, `-token "x"`, `"--api-key", "x"` in a list's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# A flag's name. One that switches something off takes no value.
_NAME = r"--?(?P<name>(?!no-)[A-Za-z][\w.-]{0,100}+)"
_FLAG = re.compile(_NAME)
# The bounds keep it linear.
_FLAG_AND_VALUE = re.compile(
    rf"(?<![\w-]){_NAME}(?:"
    r"[ \t]{1,8}(?P<quote>\\{0,8}[\"'])(?P<quoted>[^\r\n]{0,2000}?)(?P=quote)"
    r"|[ \t]{1,8}(?P<bare>[^\s\"'\\&|;<>(){}\[\],-][^\s\"'\\&|;<>(){}\[\],]*+)"
    r"|(?P<mark>\\{0,8}[\"'])\s{0,4},\s{0,4}(?P=mark)(?P<item>(?!-)[^\r\n]{0,2000}?)(?P=mark)"
    r")"
)
# Words that follow a flag where a text speaks of it.
_PROSE = frozenset("a an and are as can for from if in instead is must of on or should the to when which with".split())


def flag_name(item: str) -> str | None:
    """Return the name of a flag that takes what comes next, None where an item of a command line is none."""
    match = _FLAG.fullmatch(item) if item.startswith("-") else None
    return match["name"] if match else None


def values_of_flags(text: str, names_secret: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Walk where the values of secret flags start and end in a text."""
    position = 0
    while match := _FLAG_AND_VALUE.search(text, position):
        field = next(field for field in ("quoted", "bare", "item") if match[field] is not None)
        if names_secret(match["name"]) and not (field == "bare" and match[field] in _PROSE):
            yield match.span(field)
            position = match.end()
        else:
            position = match.end("name")  # its value may be a command line with flags of its own
