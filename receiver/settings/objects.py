"""Settings that are a list of objects, each with a name and a secret or the file that has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from receiver.settings.kinds import Expected
from receiver.settings.yaml_file import Texts

T = TypeVar("T")


def objects(value: Any, one: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
    """Return what `read` makes of each object of a list from a file, or of the same list as text, in YAML or JSON.

    It is given the object, and what to call it in messages: `one` and its number.
    """
    if isinstance(value, str):
        try:
            value = yaml.load(value, Texts)  # noqa: S506 - a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError):
            raise ValueError from None
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - one error type
    return tuple(read(row, f"{one} {number}") for number, row in enumerate(value, 1))


def each_once(what: str, given: Iterable[tuple[str, str]]) -> None:
    """Raise Expected where two have the same value. `given` are names and values."""
    given = list(given)
    (most, times), *_ = Counter(value for _, value in given).most_common(1) or [("", 1)]
    if times > 1:
        twice = [name for name, value in given if value == most]
        raise Expected(f"expected each {what} once; {' and '.join(twice)} have the same")


def converted(value: Any, row: type[T], where: str) -> T:
    """Return an object as a struct. Raises Expected, which does not have the value in it: it may be a secret."""
    try:
        return msgspec.convert(value, row)
    except msgspec.ValidationError as error:
        # msgspec says `Expected X, got Y - at `$.field``, and never the value itself.
        text, _, path = str(error).replace("Expected", "expected").replace("Object", "object").partition(" - at `$")
        raise Expected(f"{where}: {path.strip('.`')}{': ' if path.strip('.`') else ''}{text}") from None


def secret_of(text: str | None, path: str | None, name: str, where: str) -> str:
    """Return a secret that is given as it is, or in a file, and not both."""
    if (text is None) == (path is None):
        raise Expected(f"{where}: expected either {name} or {name}_file")
    return text.strip() if text is not None else _read(Path(path or "").expanduser(), name, where)


def _read(path: Path, name: str, where: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise Expected(f"{where}: {name}_file: cannot read {path}: {reason}") from None


def numbers_as_text(value: Any) -> Any:
    """Return an object of the settings with numbers as text: from JSON they come as numbers, from a file as text."""
    if not isinstance(value, dict):
        return value
    return {key: str(one) if isinstance(one, int | float) else one for key, one in value.items()}
