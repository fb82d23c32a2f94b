"""Masks secrets before anything is stored or embedded: by their key, and by what they look like.

A key names a secret if it ends with one of `SECRET_KEYS`, whatever its case and separators: `password` is the end of
`db.password`, `DB_PASSWORD` and `userPassword`. Keys count at any depth, in header lists, inside JSON that is text, in
`key=value` and `Key: value` lines, and as flags of a command line (`--password x`). Values that look like credentials
are masked wherever they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from mapping.sanitize.assignments import ASSIGNS, KEY, key_before, value_at
from mapping.sanitize.changes import Changes
from mapping.sanitize.flags import flag_name, values_of_flags
from mapping.sanitize.provider_tokens import tokens_in
from mapping.sanitize.secret_patterns import (
    ANY_VALUE,
    KEY_SIGNS,
    NOT_SECRET,
    SECRET_KEYS,
    TAILS,
    VALUE_SIGNS,
    letters,
    may_hold_value,
)
from mapping.semantics.vocabulary import REDACTED
from mapping.values import without_halves

MASK = "[REDACTED]"

_LAST_WORD = re.compile(r"[^\W\d_]+(?=[\W\d_]*\Z)")

_PAIR_NAMES, _PAIR_VALUES = ("name", "key", "header", "Name", "Key"), ("value", "values", "Value")

# Times that one sign is looked at by itself: going through all of a text costs less than a thousand of them.
_MAX_TRIES = 1_000

# Keys repeat from record to record; keys that a client makes up must not fill memory.
_MAX_KNOWN_KEYS, _MAX_KNOWN_LENGTH = 20_000, 200


class Redaction:
    """Masks secrets. `keys` and `values` (regular expressions) are looked for beside the usual ones.

    `keep` are keys that name no secret. What was masked is counted in the `Changes` that each call takes.
    """

    def __init__(self, keys: Iterable[str] = (), values: Iterable[str] = (), keep: Iterable[str] = ()) -> None:
        keys = list(keys)
        self._ends = (*SECRET_KEYS, *map(letters, keys))
        self._kept_ends = (*NOT_SECRET, *map(letters, keep))
        self._known: dict[str, bool] = {}
        words = [match[0] for key in keys if (match := _LAST_WORD.search(key.lower()))]
        self._key_signs = (*KEY_SIGNS, *words)
        self._signs = tuple({*self._key_signs, *VALUE_SIGNS})
        self._own = [re.compile(pattern, re.DOTALL) for pattern in values]

    def names_secret(self, key: str) -> bool:
        """Return whether the value of this key is masked."""
        known = self._known.get(key)
        if known is None:
            known = self._decide(key)
            if len(key) <= _MAX_KNOWN_LENGTH:
                if len(self._known) >= _MAX_KNOWN_KEYS:
                    self._known.clear()
                self._known[key] = known
        return known

    def may_hold_secret(self, text: str) -> bool:
        """Return False for a text that cannot contain a secret; a fast test that most texts fail."""
        if self._own:
            return True
        lowered = text.lower()
        for sign in self._signs:
            if sign in lowered:
                return True
        if "://" in lowered and "@" in lowered:
            return True
        return next(tokens_in(text), None) is not None

    def under(self, key: str, value: Any, changes: Changes) -> Any:
        """Return the value of a key with its secrets masked."""
        # A number under `token` is one that a model has counted or listed.
        if self.names_secret(key) and not (isinstance(value, int | float) and letters(key).endswith("token")):
            return _mask(value, changes)
        return self.value(value, changes)

    def value(self, value: Any, changes: Changes) -> Any:
        if isinstance(value, str):
            return self.text(value, changes) if self.may_hold_secret(value) else value
        if isinstance(value, dict):
            return self._object(value, changes)
        if isinstance(value, list):
            return self._list(value, changes)
        return value

    def text(self, text: str, changes: Changes) -> str:
        lowered = text.lower()
        if self._assigns_secret(lowered):
            text = self._assigned(text, changes)
        if "-" in text and any(sign in lowered for sign in self._key_signs):
            text = self._masked(text, values_of_flags(text, self.names_secret), changes)
        if may_hold_value(lowered):
            text = ANY_VALUE.sub(lambda match: _mask_found(match, changes), text)
        text = self._masked(text, tokens_in(text), changes)
        for pattern in self._own:
            text = pattern.sub(lambda match: _mask_found(match, changes), text)
        return text

    def _decide(self, key: str) -> bool:
        end = letters(key[-_MAX_KNOWN_LENGTH:])
        forms = [end, *(end.removesuffix(tail) for tail in TAILS if end.endswith(tail))]
        if end.endswith("s") and not end.endswith("tokens"):
            forms.append(end[:-1])
        return any(form.endswith(self._ends) and not form.endswith(self._kept_ends) for form in forms)

    def _object(self, value: dict[str, Any], changes: Changes) -> dict[str, Any]:
        # A header as `{"name": "authorization", "value": "..."}`.
        named = any(isinstance(name := value.get(field), str) and self.names_secret(name) for field in _PAIR_NAMES)
        # The tokens that a model weighed: `{"token": "Hello", "logprob": -0.1}`.
        weighed = "logprob" in value
        return {
            key: _mask(inner, changes)
            if named and key in _PAIR_VALUES
            else inner
            if weighed and key == "token"
            else self.under(key, inner, changes)
            for key, inner in value.items()
        }

    def _list(self, items: list[Any], changes: Changes) -> list[Any]:
        """Return a list, which may be a command line: what follows `--password` is masked."""
        kept: list[Any] = []
        flag = None
        for item in items:
            is_value = flag is not None and isinstance(item, str) and not item.startswith("-")
            kept.append(self.under(flag or "", item, changes) if is_value else self._item(item, changes))
            flag = flag_name(item) if isinstance(item, str) else None
        return kept

    def _item(self, item: Any, changes: Changes) -> Any:
        """Return an item of a list: a header may be `["authorization", "..."]`."""
        if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and self.names_secret(item[0]):
            return [item[0], _mask(item[1], changes)]
        return self.value(item, changes)

    def _masked(self, text: str, places: Iterable[tuple[int, int]], changes: Changes) -> str:
        kept: list[str] = []
        end = 0
        for start, stop in places:
            kept += (text[end:start], _mask(text[start:stop], changes))
            end = stop
        return "".join([*kept, text[end:]])

    def _assigns_secret(self, lowered: str) -> bool:
        """Return whether a text assigns something to a key that names a secret, or has so many keys that it may."""
        for sign in self._key_signs:
            start, tries = lowered.find(sign), 0
            while start >= 0:
                tries += 1
                if tries > _MAX_TRIES:
                    return True
                match = ASSIGNS.match(lowered, start + len(sign))
                if match and self.names_secret(key_before(lowered[max(0, start - 100) : match.end()])):
                    return True
                start = lowered.find(sign, start + len(sign))
        return False

    def _assigned(self, text: str, changes: Changes) -> str:
        """Mask what a text assigns to secret keys: as JSON, which is then written anew, or where it stands."""
        if text.lstrip()[:1] in {"{", "["}:
            masked = Changes()
            try:
                written = json.dumps(self.value(json.loads(text), masked), ensure_ascii=False)
            except (ValueError, RecursionError):
                pass  # it only looks like JSON, or is too deep or large for it
            else:
                changes.redacted += masked.redacted
                return without_halves(written) if masked.redacted else text
        kept: list[str] = []
        end = 0
        for match in KEY.finditer(text):
            if match.start() < end or not self.names_secret(match[1]):
                continue
            start, stop, is_value = value_at(text, match)
            if is_value and stop > start and text[start:stop] not in REDACTED:
                kept += (text[end:start], MASK)
                changes.redacted += 1
            else:
                kept.append(text[end:stop])
            end = stop  # no character is looked at twice
        return "".join([*kept, text[end:]])


def _mask(value: Any, changes: Changes) -> Any:
    # What is empty, and yes and no, tell nothing.
    if value in (None, "", [], {}) or isinstance(value, bool) or (isinstance(value, str) and value in REDACTED):
        return value
    changes.redacted += 1
    return MASK


def _mask_found(match: re.Match[str], changes: Changes) -> str:
    start, end = match.span(match.lastindex or 0)
    if start == end or match.string[start:end] in REDACTED:
        return match[0]
    changes.redacted += 1
    return match.string[match.start() : start] + MASK + match.string[end : match.end()]
