"""Applies limits and redaction to events.

This comes after the mapping, so that ids are derived from what was sent: sent again under other limits or patterns, it
is still the same event. Roles (session, agent, type, tokens) are read before, too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from hashlib import sha1
from itertools import islice
from typing import Any

import msgspec

from mapping.model import Event
from mapping.sanitize.changes import Changes
from mapping.sanitize.entries import kept_keys
from mapping.sanitize.limits import DEFAULT_LIMITS, Limits, cut
from mapping.sanitize.redaction import Redaction
from mapping.sanitize.shortening import shortened, shortened_text
from mapping.semantics.vocabulary import KEYS
from mapping.values import DROPPED, cut_items, json_text

# A text is looked through this far beyond where it is cut: a secret may begin before and end behind.
_OVERLAP = 4096
# What a client names by itself, beside the attributes.
_TEXTS = ("name", "event_type", "severity", "session_id", "agent_id", "project")
_IDS = ("session_id", "agent_id", "project")
_SHARED = ("resource", "scope", "source")
_PLAIN = (int, float, bool, type(None))


class Sanitizer:
    """Applies limits and redaction (None: none) to events. One is made at the start and used by all requests."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, redaction: Redaction | None = None) -> None:
        self._limits = limits
        self._redaction = redaction

    def clean(self, events: Iterable[Event], changes: Changes | None = None) -> Changes:
        """Change the events in place, and return the counts of changes, added to `changes`."""
        changes = Changes() if changes is None else changes
        shared: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        for event in events:
            if self._needs_work(event.properties, [text for field in _TEXTS if (text := getattr(event, field))]):
                event.properties = self._attributes(event.properties, changes)
                self._fields(event, changes)
            # The events of a request share these. The original is kept, so that no other takes its place in memory.
            for field in _SHARED:
                given = getattr(event, field)
                if given:
                    known = shared.get(id(given))
                    if known is None:
                        kept = self._attributes(given, changes) if self._needs_work(given, []) else given
                        known = shared[id(given)] = (given, kept)
                    setattr(event, field, known[1])
        return changes

    def _needs_work(self, attributes: dict[str, Any], texts: list[str]) -> bool:
        """Return whether anything of the attributes or texts may have to be changed. Of most events nothing has."""
        if len(attributes) > self._limits.attributes:
            return True
        for key, value in attributes.items():
            if isinstance(value, str):
                texts.append(value)
            elif not isinstance(value, _PLAIN):
                return True
            if len(key) > self._limits.value_length or (self._redaction and self._redaction.names_secret(key)):
                return True
        joined = "\n".join(texts)
        if len(joined) > self._limits.value_length:
            return True
        return self._redaction is not None and self._redaction.may_hold_secret(joined)

    def _fields(self, event: Event, changes: Changes) -> None:
        for field in _TEXTS:
            given = getattr(event, field)
            if not given:
                continue
            kept = self._value(field, self._bounded(given, changes), changes)
            # Two sessions stay two, whatever is masked of their ids.
            if kept != given and field in _IDS:
                kept += f" {sha1(given.encode(), usedforsecurity=False).hexdigest()[:12]}"
            setattr(event, field, kept)

    def _attributes(self, attributes: dict[str, Any], changes: Changes) -> dict[str, Any]:
        kept = self._bounded(attributes, changes, self._limits.nesting + 1)  # the attributes are no level of a value
        return {self._cut(key, changes): self._value(key, value, changes) for key, value in kept.items()}

    def _value(self, key: str, value: Any, changes: Changes) -> Any:
        # Masked before it is cut: half a secret is not recognised.
        if self._redaction:
            value = self._redaction.under(key, value, changes)
        if isinstance(value, dict | list) and _may_be_longer(value, self._limits.value_length):
            value = shortened(value, self._limits.value_length, changes)
        return self._cut(value, changes)

    def _bounded(self, value: Any, changes: Changes, room: int = 0) -> Any:
        """Return a value with its maps and lists within the limits, and its texts not far above theirs.

        `room` is how many levels it may still nest.
        """
        if room == 0 and isinstance(value, dict | list):
            value = json_text(value)
            changes.flattened += 1
        most = self._limits.attributes
        if isinstance(value, str):
            return self._bounded_text(value, changes)
        if isinstance(value, dict):
            more = len(value) - (DROPPED in value) - most
            if more > 0:
                keys = [key for key in value if key != DROPPED]
                # What the mapping reads stays, to explain what it has read.
                left = {*kept_keys(keys, most), *(value.keys() & KEYS.keys())}
                more = len(keys) - len(left)
                before = value.get(DROPPED)
                value = {key: inner for key, inner in value.items() if key in left}
            value = {key: self._bounded(inner, changes, room - 1) for key, inner in value.items()}
            if more > 0:
                value[DROPPED] = more + (before if isinstance(before, int) else 0)
                changes.dropped += more
        elif isinstance(value, list):
            more = len(value) - most
            # The middle is left out: a conversation begins with its system prompt, and its last turns say most.
            head = len(value) if more <= 0 else max(1, most // 4)
            kept = [self._bounded(inner, changes, room - 1) for inner in islice(value, head)]
            if more > 0:
                kept.append(cut_items(more))
                kept += [self._bounded(inner, changes, room - 1) for inner in islice(value, head + more, None)]
                changes.dropped += more
            return kept
        return value

    def _bounded_text(self, text: str, changes: Changes) -> str:
        limit = self._limits.value_length
        if len(text) <= limit:
            return text

        def masked(text: str) -> str:
            return self._redaction.text(text, changes) if self._redaction else text

        as_json = shortened_text(text, limit, changes, masked)
        if as_json is not None:
            return as_json
        return cut(text, limit + _OVERLAP) if len(text) > limit + _OVERLAP else text

    def _cut(self, value: Any, changes: Changes) -> Any:
        """Return a value with its texts and bytes within the limit."""
        limit = self._limits.value_length
        if isinstance(value, str):
            if len(value) > limit:
                as_json = shortened_text(value, limit, changes)  # masks may have made it longer
                if as_json is not None:
                    return as_json
                changes.cut += 1
                return cut(value, limit)
        elif isinstance(value, bytes):
            if len(value) > limit:
                changes.cut += 1
                return cut(base64.b64encode(value[: limit // 4 * 3]).decode(), limit, f"{len(value)} bytes of base64")
        elif isinstance(value, dict):
            return {self._cut(key, changes): self._cut(inner, changes) for key, inner in value.items()}
        elif isinstance(value, list):
            return [self._cut(inner, changes) for inner in value]
        return value


def _may_be_longer(value: Any, length: int) -> bool:
    """Return False for a value that is no longer than so many characters as JSON; a fast test."""
    try:
        return len(msgspec.json.encode(value)) > length
    except (ValueError, TypeError, RecursionError):  # no UTF-8, say: let it be measured
        return True
