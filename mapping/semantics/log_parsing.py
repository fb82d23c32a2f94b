"""How log bodies are read: a user's own rules, and the patterns of ids."""

from __future__ import annotations

from typing import NamedTuple

from mapping.semantics.id_patterns import DEFAULT_PATTERNS, IdPatterns, compile_patterns
from mapping.semantics.rules import Rule, compile_rules

_KEYS = ("rules", "ids")


class LogParsing(NamedTuple):
    ids: IdPatterns = DEFAULT_PATTERNS
    rules: tuple[Rule, ...] = ()


DEFAULT_LOG_PARSING = LogParsing()


def compile_log_parsing(written: object) -> LogParsing:
    """Compile a user's file: a list of `rules` (`rules.py`) and patterns of `ids` (`id_patterns.py`), each optional.

    Raises ValueError naming the rule or the kind of id, the key, and what was expected.
    """
    if written is None:
        return DEFAULT_LOG_PARSING
    if not isinstance(written, dict):
        raise ValueError("expected `rules:` with a list below it, or `ids:` with patterns")  # noqa: TRY004 # a setting's value is wrong
    if unknown := [key for key in written if key not in _KEYS]:
        raise ValueError(f"{unknown[0]}: unknown; expected one of {', '.join(_KEYS)}")
    ids = written.get("ids") or {}
    if not isinstance(ids, dict):
        raise ValueError("ids: expected session, request or agent with a list of regular expressions each")  # noqa: TRY004 # as above
    try:
        patterns = compile_patterns(ids)
    except ValueError as error:
        raise ValueError(f"ids.{error}") from None
    return LogParsing(patterns, compile_rules(written.get("rules") or []))
