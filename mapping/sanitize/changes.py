"""Counts of the changes made to events before they are stored."""

from __future__ import annotations

from typing import Any

import msgspec

from mapping.model import MAX_REASONS
from mapping.values import storable

# The attribute that keeps what came of fields and was none of their kind.
MALFORMED = "vectadb.malformed"


class Changes(msgspec.Struct):
    """Counts: values masked, values cut, attributes dropped, values that nested too deeply and became text.

    `replaced` are texts that were none (no UTF-8, half a surrogate pair) and have U+FFFD there now; `ids` are those
    that were malformed and are left out. `malformed` are values that are not of the kind that their field has; they
    are kept as they came, and `reasons` says of the first which they are. `kept` holds such values of the item that is
    being mapped, by field.
    """

    redacted: int = 0
    cut: int = 0
    dropped: int = 0
    flattened: int = 0
    replaced: int = 0
    ids: int = 0
    malformed: int = 0
    reasons: list[str] = msgspec.field(default_factory=list)
    kept: dict[str, Any] = msgspec.field(default_factory=dict)

    def note(self, field: str, expected: str, got: object) -> None:
        """Count a value that is not what is expected of its field."""
        self.malformed += 1
        if len(self.reasons) < MAX_REASONS:
            reason = f"{field}: expected {expected}, got {_excerpt(got)}"
            if reason not in self.reasons:
                self.reasons.append(reason)

    def keep(self, field: str, expected: str, got: Any, holder: dict[str, Any] | None = None) -> None:
        """Count such a value, and keep it: in `holder`, or for the item that is being mapped."""
        self.note(field, expected, got)
        kept = self.kept if holder is None else holder
        kept[field.rpartition("[].")[2]] = got

    def give_back(self, properties: dict[str, Any]) -> None:
        """Put what was kept for an item that has been mapped among its properties."""
        if self.kept:
            already = properties.get(MALFORMED)
            properties[MALFORMED] = storable(self.kept | already if isinstance(already, dict) else self.kept)
            self.kept = {}


def _excerpt(got: object) -> str:
    if isinstance(got, dict | list):
        return "an object" if isinstance(got, dict) else "a list"
    if isinstance(got, bytes):
        return f"{len(got)} bytes"
    return repr(got[:40] if isinstance(got, str) else str(got)[:40])
