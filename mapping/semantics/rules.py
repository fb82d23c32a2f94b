r"""Rules that users write for their own logs: which records a rule matches, and which fields it sets.

    name: payment tool                # names it in messages and in the events it decided (`properties.rule`)
    match: 'tool=(?P<tool_name>\w+) user=(?P<session>\S+)'     # searched for in the body
    fields: {event: tool_failed, detail.code: true}            # or, and: fields of a JSON body; true: any value
    event_type: tool_call
    session: '{session}'              # text with the groups of `match` and the fields of a JSON body
    agent: '{service}-{detail.worker}'
    properties: {tool_name: '{tool_name}'}
    level: error
    priority: 10                      # higher ones are tried first; the first that fits decides

Groups named `session`, `agent`, `event_type` or `level` need no line of their own; any other group becomes a property.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mapping.semantics.attribute_roles import text_id
from mapping.semantics.severities import LEVELS, level

# A user's pattern may be slow on long lines, so it is applied to this many characters only.
SEARCHED = 16_384

_ASPECTS = ("session", "agent", "event_type", "level")
_KEYS = ("name", "match", "fields", *_ASPECTS, "properties", "priority")
_REFERENCE = re.compile(r"\{([^{}]*)\}")


class Rule(NamedTuple):
    name: str
    priority: int
    match: re.Pattern[str] | None
    # What must stand at each path of a JSON body: one of these texts, or anything (None).
    fields: dict[str, tuple[str, ...] | None]
    # Templates by aspect and by property.
    aspects: dict[str, str]
    properties: dict[str, str]


class RuleMatch(NamedTuple):
    """The fields that a rule sets for a record; None for those it does not set."""

    rule: str
    session: str | None
    agent: str | None
    event_type: str | None
    level: str | None
    properties: dict[str, Any]


def compile_rules(written: object) -> tuple[Rule, ...]:
    """Compile the rules of a settings file, and return them in the order in which they are tried.

    Raises ValueError naming the rule, the key and what was expected.
    """
    if not isinstance(written, list):
        raise ValueError(f"rules: expected a list, got {_kind(written)}")  # noqa: TRY004 # a setting's value is wrong
    rules = [_rule(rule, number) for number, rule in enumerate(written, start=1)]
    names = [rule.name for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"rule {twice!r}: name: expected another for each rule")
    return tuple(sorted(rules, key=lambda rule: -rule.priority))


def apply(rules: Iterable[Rule], text: str, body: Mapping[str, Any]) -> RuleMatch | None:
    """Return the result of the first rule that matches. `body` holds the fields of the record's JSON body, if any."""
    for rule in rules:
        groups: dict[str, Any] = {}
        if rule.match is not None:
            found = rule.match.search(text[:SEARCHED])
            if found is None:
                continue
            groups = {name: value for name, value in found.groupdict().items() if value is not None}
        if all(_holds(_field(body, path), texts) for path, texts in rule.fields.items()):
            return _said(rule, groups, body)
    return None


def _said(rule: Rule, groups: dict[str, Any], body: Mapping[str, Any]) -> RuleMatch:
    values = {
        aspect: _fill(rule.aspects[aspect], groups, body) if aspect in rule.aspects else text_id(groups.get(aspect))
        for aspect in _ASPECTS
    }
    properties = {name: value for name, value in groups.items() if name not in _ASPECTS}
    for name, template in rule.properties.items():
        if (value := _fill(template, groups, body)) is not None:
            properties[name] = value
    return RuleMatch(
        rule=rule.name,
        session=text_id(values["session"]),
        agent=text_id(values["agent"]),
        event_type=text_id(values["event_type"]),
        level=level(str(values["level"] or "")),
        properties=properties,
    )


def _fill(template: str, groups: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    """Fill a template, or return None if a value is missing. A template of one reference keeps the value's type."""
    values = {name: groups[name] if name in groups else _field(body, name) for name in _REFERENCE.findall(template)}
    if None in values.values():
        return None
    if template[:1] == "{" and template[1:-1] in values:
        return values[template[1:-1]]
    return _REFERENCE.sub(lambda found: str(values[found[1]]), template)


def _field(body: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path, which is tried as one key with dots first, then as nested keys."""
    if path in body:
        return body[path]
    head, dot, rest = path.partition(".")
    inner = body.get(head)
    return _field(inner, rest) if dot and isinstance(inner, Mapping) else None


def _holds(value: object, texts: tuple[str, ...] | None) -> bool:
    return value is not None and (texts is None or _text(value) in texts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rule(written: object, number: int) -> Rule:
    if not isinstance(written, dict):
        raise ValueError(f"rule {number}: expected keys and values, got {_kind(written)}")  # noqa: TRY004 # as above
    name = written.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"rule {number}: name: expected a text")
    try:
        return _checked(name, written)
    except ValueError as error:
        raise ValueError(f"rule {name!r}: {error}") from None


def _checked(name: str, written: dict[str, Any]) -> Rule:
    """Return the rule. Raises ValueError naming the key that is wrong."""
    if unknown := [key for key in written if key not in _KEYS]:
        raise ValueError(f"{unknown[0]}: unknown; expected one of {', '.join(_KEYS)}")
    if not written.get("match") and not written.get("fields"):
        raise ValueError("match, fields: expected at least one of them, or the rule would be for every record")
    priority = written.get("priority", 0)
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise ValueError(f"priority: expected a whole number, got {_kind(priority)}")  # noqa: TRY004 # as above
    match = _pattern(written["match"]) if written.get("match") else None
    rule = Rule(
        name,
        priority,
        match,
        {str(path): _texts(str(path), value) for path, value in _table("fields", written).items()},
        {aspect: _template(aspect, written[aspect]) for aspect in _ASPECTS if written.get(aspect) is not None},
        {str(key): _template(f"properties.{key}", value) for key, value in _table("properties", written).items()},
    )
    if rule.match is not None and not rule.fields:
        _check_references(rule, rule.match)
    severity = rule.aspects.get("level", "")
    if severity and "{" not in severity and level(severity) is None:
        raise ValueError(f"level: expected one of {', '.join(LEVELS).lower()}; got {severity!r}")
    return rule


def _check_references(rule: Rule, match: re.Pattern[str]) -> None:
    """Raise ValueError for a reference that can never be filled: a rule for plain lines has only its groups."""
    templates = {**rule.aspects, **{f"properties.{key}": value for key, value in rule.properties.items()}}
    for key, template in templates.items():
        for name in _REFERENCE.findall(template):
            if name not in match.groupindex:
                groups = ", ".join(match.groupindex) or "none"
                raise ValueError(
                    f"{key}: {{{name}}} is no group of `match` (groups: {groups}), and there are no `fields`"
                )


def _pattern(value: object) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise ValueError(f"match: expected a regular expression, got {_kind(value)}")  # noqa: TRY004 # as above
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"match: {value!r} is no regular expression: {error}") from None


def _table(key: str, written: dict[str, Any]) -> dict[Any, Any]:
    value = written.get(key)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{key}: expected keys and values, got {_kind(value)}")
    return value or {}


def _texts(path: str, value: object) -> tuple[str, ...] | None:
    if value is True:
        return None
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str | int | float) for item in values):
        raise ValueError(f"fields.{path}: expected a text, a list of texts, or true for any value")
    return tuple(_text(item) for item in values)


def _template(key: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{key}: expected a text, got {_kind(value)}")  # noqa: TRY004 # as above
    return str(value)


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
