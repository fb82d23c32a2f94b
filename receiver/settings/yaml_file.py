"""YAML files. In the settings file, `${env:NAME}` and `${env:NAME:-default}` are replaced by environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_REFERENCE = re.compile(r"\$\$|\$\{([^}]*)\}")
_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_NULL = "tag:yaml.org,2002:null"


class Texts(yaml.SafeLoader):
    """Loads scalars as text, so that `off` is not False and a password `0123` is not 83."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"line {node.start_mark.line + 1}: {twice} is there twice")
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, loader: type[Texts] = Texts) -> Any:
    """Return the document in a file. Raises ValueError that says what is wrong and where; the caller names the file."""
    try:
        return yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise ValueError(error.strerror) from None
    except UnicodeDecodeError:
        raise ValueError("expected UTF-8 text") from None
    except RecursionError:
        raise ValueError("nested too deep, or a key that contains itself") from None
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{where}not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from None


def read_config_file(path: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield each key as `section.name` with its text or list; keys without a value are left out.

    Lists are of texts, or of maps whose values are texts and lists of texts.

    Raises ValueError as `read_yaml` does.
    """
    document = read_yaml(path)
    if document is None:
        return
    if not isinstance(document, dict):
        raise ValueError("expected `section:` lines with the settings below them")  # noqa: TRY004 - one error type
    yield from _flatten(document, "", environ)


def _flatten(mapping: dict[Any, Any], prefix: str, environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, value in mapping.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{key}.", environ)
        elif isinstance(value, list):
            yield key, [_item(item, key, environ) for item in value]
        elif isinstance(value, str) and (text := _expand(value, key, environ)):
            yield key, text


def _item(item: Any, key: str, environ: Mapping[str, str]) -> Any:
    """Return an item of a list with its references replaced, without the fields of a map that have no value."""
    if isinstance(item, dict):
        return {
            name: [_item(each, key, environ) for each in value]
            if isinstance(value, list)
            else _item(value, key, environ)
            for name, value in item.items()
            if value is not None
        }
    if not isinstance(item, str):
        raise ValueError(f"{key}: expected a list of texts")  # noqa: TRY004 - one error type
    return _expand(item, key, environ)


def _expand(text: str, key: str, environ: Mapping[str, str]) -> str:
    """Return the text with its references replaced.

    Unlike in the Collector, a missing variable is an error, because it may be an API key.
    """

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        reference = _ENV.fullmatch(match[1])
        if reference is None:
            raise ValueError(f"{key}: expected ${{env:NAME}} or ${{env:NAME:-default}}; got {match[0]}")
        name, default = reference.groups()
        value = environ.get(name) or default
        if value is None:
            raise ValueError(f"{key}: the environment has no {name}; set it, or write ${{env:{name}:-default}}")
        return value

    return _REFERENCE.sub(replace, text)
