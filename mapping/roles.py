"""What a set of attributes says about session, agent, type, error and tokens, by the vocabulary."""

from __future__ import annotations

from typing import Any

from mapping.vocabulary import KEYS, ROLES, event_type

_NUMBER = {role: number for number, role in enumerate(ROLES)}
_SESSION, _AGENT, _TYPE, _TOOL, _ERROR = (_NUMBER[role] for role in ("session", "agent", "type", "tool", "error"))
_INPUT_TOKENS, _OUTPUT_TOKENS = _NUMBER["input_tokens"], _NUMBER["output_tokens"]
_COUNT = len(ROLES)
_LAST = len(KEYS)

# Tokens beyond this are a mistake, not a bill; and a sum of them must stay in 64 bits.
_MAX_TOKENS = 10**12

Found = list[Any]


def find(*levels: dict[str, Any] | None) -> Found:
    """Find the value of every role. The record's attributes stand first, then the scope's, then the resource's.

    Returns one value a role (`ROLES`), None where nothing plays it. `""` counts as absent.
    """
    found: Found = [None] * _COUNT
    for attributes in levels:
        if not attributes:
            continue
        ranks = [_LAST] * _COUNT
        for key, value in attributes.items():
            ranked = KEYS.get(key)
            if ranked is None or value is None or value == "":
                continue
            role, rank = ranked
            if found[role] is None or rank < ranks[role] < _LAST:
                found[role] = value
                ranks[role] = rank
    return found


def session_of(found: Found) -> str | None:
    return text_id(found[_SESSION])


def agent_of(found: Found) -> str | None:
    return text_id(found[_AGENT])


def type_of(found: Found) -> str | None:
    word = found[_TYPE]
    return event_type(word) if isinstance(word, str) else None


def tool_of(found: Found) -> str | None:
    return text_id(found[_TOOL])


def is_error(found: Found) -> bool:
    return found[_ERROR] is not None and found[_ERROR] is not False


def tokens_of(found: Found) -> tuple[int, int]:
    return _tokens(found[_INPUT_TOKENS]), _tokens(found[_OUTPUT_TOKENS])


def text_id(value: object) -> str | None:
    """Read an id: text as it is, a number as its digits, anything else is no id."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _tokens(value: object) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 13:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MAX_TOKENS:
        return int(value)
    return 0
