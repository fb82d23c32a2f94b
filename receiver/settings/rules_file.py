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
    """Return the rules and id patterns of the file; without a file, no rules and the default patterns.

    Raises ValueError that names the file, and the rule and key in it.
    """
    if path is None:
        return DEFAULT_LOG_PARSING
    try:
        return compile_log_parsing(read_yaml(path, _Values))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
