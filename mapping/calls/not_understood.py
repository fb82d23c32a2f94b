"""Events of programs that no table knows yet: they look like an agent's, and say nothing of a call.

They are shown as they were sent. Counted by who sent them they let a new emitter be noticed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls.kinds import scope_name
from mapping.calls.model import Telling
from mapping.semantics.vocabulary import FLATTENED, KEYS, UNSAID

# Words of keys that models, tools and agents are told of with.
_WORDS = frozenset(
    "ai gen_ai genai llm model prompt completion agent tool tokens token_count input_tokens output_tokens".split()
)
_BETWEEN = re.compile(r"[.:/]")
_KNOWN_BEGINNINGS = (*UNSAID, *(beginning for beginnings in FLATTENED.values() for beginning in beginnings))
_UNNAMED = "unknown"


def not_understood(event: Mapping[str, Any], telling: Telling) -> str | None:
    """Return who sent an event that is not understood: its scope, else its service.

    None where it is understood, or is no agent's.
    """
    if telling.kind != "none" or telling.scores:
        return None
    keys = [key for key in event["properties"] if any(word in _WORDS for word in _BETWEEN.split(key.lower()))]
    if not keys or any(key in KEYS or key.startswith(_KNOWN_BEGINNINGS) for key in keys):
        return None
    return scope_name(event) or telling.service or _UNNAMED
