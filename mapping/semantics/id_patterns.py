"""Ids written inside a log line: `session_id: x`, `sessionId=x`, `"session-id": "x"`.

Patterns are regular expressions whose one group (or the whole match) is the id; patterns in the settings replace the
defaults. If a record has neither session nor trace, its request id is used as the session: it groups what belongs
together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Lines are short; only the beginning of a long body is searched.
SEARCHED = 16_384


class IdPatterns(NamedTuple):
    session: tuple[re.Pattern[str], ...]
    request: tuple[re.Pattern[str], ...]
    agent: tuple[re.Pattern[str], ...]


def _written(word: str) -> str:
    """Return the pattern of `WORD_id: x` in its spellings: quoted or not, escaped or not, `:` or `=`."""
    key = rf"(?i:(?<![a-z0-9_.-]){word}[ _.-]?id)"
    return key + r"""\\?["']?\s?[:=]\s?\\?["']?(?!(?:null|None|undefined)\b)([\w.:/@+-]{1,128})(?<![.:])"""


DEFAULTS: dict[str, tuple[str, ...]] = {
    "session": (_written("session"), _written("conversation")),
    "request": (_written("request"), r"\bRequestId: ([0-9a-f-]{36})\b"),
    "agent": (_written("agent"),),
}


def compile_patterns(written: Mapping[str, Sequence[str]]) -> IdPatterns:
    """Compile the patterns of `session`, `request` and `agent` ids; a missing one gets its default.

    Raises ValueError naming the key and what is wrong with it.
    """
    for key in written:
        if key not in DEFAULTS:
            raise ValueError(f"{key}: unknown; expected one of {', '.join(DEFAULTS)}")
    return IdPatterns(*(tuple(_compile(key, written.get(key, DEFAULTS[key]))) for key in DEFAULTS))


def _compile(key: str, patterns: object) -> list[re.Pattern[str]]:
    if not isinstance(patterns, list | tuple) or not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError(f"{key}: expected a list of regular expressions")
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise ValueError(f"{key}: {pattern!r} is no regular expression: {error}") from None
        if compiled[-1].groups > 1:
            raise ValueError(f"{key}: {pattern!r} has {compiled[-1].groups} groups; expected one, the id")
    return compiled


DEFAULT_PATTERNS = compile_patterns({})


class Ids(NamedTuple):
    session: str | None
    request: str | None
    agent: str | None


def ids_in(text: str, patterns: IdPatterns = DEFAULT_PATTERNS) -> Ids:
    """Return the ids in a line."""
    text = text[:SEARCHED]
    return Ids(*(_first(text, of_kind) for of_kind in patterns))


def _first(text: str, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    for pattern in patterns:
        if (match := pattern.search(text)) is not None:
            return match[pattern.groups] or None
    return None
