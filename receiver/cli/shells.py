"""The completion scripts of the shells, made from the commands and flags of `completing.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from receiver.cli.completing import Flag, Value, Word
from receiver.cli.program import NAME

_FUNCTION = "_vectadb_receiver"


def _bash(words: Sequence[Word], general: Sequence[Flag]) -> str:
    return "\n".join(
        [
            f"# Completion of {NAME} in bash. In ~/.bashrc: source <({NAME} completion bash)",
            f"{_FUNCTION}() {{",
            "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=",
            # bash makes three words of --flag=value.
            "    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD-2]}",
            "    [[ $current == = ]] && current=",
            "    COMPREPLY=()",
            "    if ((COMP_CWORD == 1)); then",
            f"        words='{' '.join([*(word.name for word in words), *_names(general)])}'",
            "    else",
            '        case "${COMP_WORDS[1]} $previous" in',
            *_bash_values(words),
            "        *)",
            "            case ${COMP_WORDS[1]} in",
            *(line for word in words for line in _bash_command(word)),
            "            esac ;;",
            "        esac",
            "    fi",
            '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "}",
            f"complete -F {_FUNCTION} {NAME}",
        ]
    )


def _bash_values(words: Sequence[Word]) -> Iterator[str]:
    for word in words:
        for flag in word.flags:
            if flag.value is not None:
                patterns = "|".join(f'"{word.name} {name}"' for name in flag.names)
                yield f"        {patterns}) {_bash_value(flag.value)} ;;"


def _bash_value(value: Value) -> str:
    if value.is_file:
        return "compopt -o default; return"  # the shell's own way of completing files
    return f"words='{' '.join(value.choices)}'"


def _bash_command(word: Word) -> Iterator[str]:
    typed = [*_names(word.flags), *(choice for value in word.values for choice in value.choices)]
    files = " [[ $current != -* ]] && { compopt -o default; return; };" if _takes_files(word) else ""
    yield f"            {word.name}){files} words='{' '.join(typed)}' ;;"


def _zsh(words: Sequence[Word], general: Sequence[Flag]) -> str:
    return "\n".join(
        [
            f"#compdef {NAME}",
            f"# Completion of {NAME} in zsh. In ~/.zshrc, after compinit: source <({NAME} completion zsh)",
            f"{_FUNCTION}() {{",
            "    if ((CURRENT == 2)); then",
            "        local -a commands=(",
            *(f"            {_quoted(f'{word.name}:{word.help}')}" for word in words),
            "        )",
            "        _describe command commands",
            f"        [[ $PREFIX == -* ]] && _arguments {' '.join(_zsh_flag(flag) for flag in general)}",
            "        return",
            "    fi",
            "    shift words",
            "    ((CURRENT--))",
            "    case $words[1] in",
            *(line for word in words for line in _zsh_command(word)),
            "    esac",
            "}",
            f"compdef {_FUNCTION} {NAME}",
        ]
    )


def _zsh_command(word: Word) -> Iterator[str]:
    yield f"    {word.name})"
    yield "        _arguments \\"
    for flag in word.flags:
        yield f"            {_zsh_flag(flag)} \\"
    for number, value in enumerate(word.values, 1):
        if value.choices or value.is_file:  # for other arguments zsh would show their names and complete no flag
            place = "*" if word.many and number == len(word.values) else str(number)
            yield f"            {_quoted(f'{place}{_zsh_value(value)}')} \\"
    yield "            ;;"


def _zsh_flag(flag: Flag) -> str:
    text = re.sub(r"([\[\]:])", r"\\\1", flag.help)
    value = _zsh_value(flag.value) if flag.value else ""
    excluded = f"({' '.join(flag.names)})"
    return " ".join(_quoted(f"{excluded}{name}[{text}]{value}") for name in flag.names)


def _zsh_value(value: Value) -> str:
    action = "_files" if value.is_file else f"({' '.join(value.choices)})" if value.choices else " "
    return f":{value.name}:{action}"


def _fish(words: Sequence[Word], general: Sequence[Flag]) -> str:
    lines = [
        f"# Completion of {NAME} in fish. {NAME} completion fish > ~/.config/fish/completions/{NAME}.fish",
        'function __vectadb_receiver_is; set -l typed (commandline -opc); test "$typed[2]" = "$argv[1]"; end',
        f"complete -c {NAME} -f",
    ]
    lines += [f"complete -c {NAME} -n __fish_use_subcommand {_fish_flag(flag)}" for flag in general]
    for word in words:
        lines.append(f"complete -c {NAME} -n __fish_use_subcommand -a {word.name} -d {_fish_quoted(word.help)}")
        seen = f"complete -c {NAME} -n '__vectadb_receiver_is {word.name}'"
        lines += [f"{seen} {_fish_flag(flag)}" for flag in word.flags]
        lines += [f"{seen} -a '{' '.join(value.choices)}'" for value in word.values if value.choices]
        if _takes_files(word):
            lines.append(f"{seen} -F")
    return "\n".join(lines)


def _fish_flag(flag: Flag) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
    value = ""
    if flag.value:
        choices = f" -a '{' '.join(flag.value.choices)}'" if flag.value.choices else ""
        value = " -r -F" if flag.value.is_file else f" -x{choices}"
    return f"{names}{value} -d {_fish_quoted(flag.help)}"


def _names(flags: Sequence[Flag]) -> list[str]:
    return [name for flag in flags for name in flag.names]


def _takes_files(word: Word) -> bool:
    return any(value.is_file for value in word.values)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS: dict[str, Callable[[Sequence[Word], Sequence[Flag]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
