"""The file of a user's own rules and id patterns (`examples/rules.yaml`)."""

from __future__ import annotations

import re
from pathlib import Path

from mapping.semantics.log_parsing import DEFAULT_LOG_PARSING, LogParsing, compile_log_parsing
from receiver.settings.yaml_file import Texts, read_yaml


class _Values(Texts):
    """Loads scalars as text, except `true` (any value), `false` and whole numbers (priorities of rules)."""


_Values.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf"))
_Values.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


def read_rules_file(path: Path | None) -> LogParsing:
    """Read the file; without one, no rules and the usual patterns.

    Raises ValueError naming the file, and in it the rule and the key.
    """
    if path is None:
        return DEFAULT_LOG_PARSING
    try:
        return compile_log_parsing(read_yaml(path, _Values))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
