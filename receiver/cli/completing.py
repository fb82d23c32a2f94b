"""The commands, their flags and the values of these, read from argparse."""

from __future__ import annotations

import argparse
from typing import NamedTuple

_FILES = {"FILE", "FOLDER", "DIR"}


class Value(NamedTuple):
    """The value of a flag or a positional argument: one of `choices`, a file, or any text, called `name`."""

    name: str
    choices: tuple[str, ...] = ()
    is_file: bool = False


class Flag(NamedTuple):
    """A flag; `value` is None if it takes none."""

    names: tuple[str, ...]
    help: str
    value: Value | None


class Word(NamedTuple):
    """A command; `values` are its positional arguments, and `many` says whether the last one may be repeated."""

    name: str
    help: str
    flags: tuple[Flag, ...]
    values: tuple[Value, ...]
    many: bool


def words(parser: argparse.ArgumentParser) -> list[Word]:
    """Return the commands of a parser that has subcommands."""
    (commands,) = (action for action in _actions(parser) if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001 - argparse shows its table nowhere else
    helps = {choice.dest: choice.help or "" for choice in commands._choices_actions}  # noqa: SLF001 - as above
    return [_word(name, helps[name], of_command) for name, of_command in commands.choices.items()]


def flags(parser: argparse.ArgumentParser) -> tuple[Flag, ...]:
    return tuple(
        Flag(tuple(action.option_strings), _help(action), None if action.nargs == 0 else _value(action))
        for action in _actions(parser)
        if action.option_strings
    )


def _word(name: str, text: str, parser: argparse.ArgumentParser) -> Word:
    positional = [action for action in _actions(parser) if not action.option_strings]
    return Word(
        name,
        text,
        flags(parser),
        tuple(_value(action) for action in positional),
        any(action.nargs in {"*", "+"} for action in positional),
    )


def _value(action: argparse.Action) -> Value:
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    return Value(name, tuple(str(choice) for choice in action.choices or ()), name in _FILES)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - as above


def _help(action: argparse.Action) -> str:
    return " ".join((action.help or "").replace("%%", "%").split())
