"""Writes docs/reference/http-api.md, cli.md and the table in settings.md, from what the program itself goes by.

    .venv/bin/python tests/docs/reference.py

`test_reference.py` fails where a file is not what this writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from receiver.cli.completing import Word, words
from receiver.cli.main import _parser
from receiver.http.app import application
from receiver.http.openapi import DESCRIPTION
from receiver.server import storage_config
from receiver.settings import Settings, markdown
from storage.stores import Stores

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
_START, _END = "<!-- settings: written by `python -m receiver.settings` -->\n", "<!-- /settings -->"


def pages() -> dict[str, str]:
    """Return each generated page by its file's name."""
    before, _, rest = (FOLDER / "settings.md").read_text().partition(_START)
    return {
        "settings.md": before + _START + markdown() + _END + rest.partition(_END)[2],
        "cli.md": "\n".join(cli()),
        "http-api.md": "\n".join(http_api()),
    }


def cli() -> Iterator[str]:
    yield "# Commands\n"
    yield "Written by `python tests/docs/reference.py` from the commands themselves. Most of them talk to a receiver;"
    yield "`serve`, `doctor`, `backup` and `restore` read the [settings](settings.md). `COMMAND --help` says it, too.\n"
    for word in words(_parser()):
        yield from _command(word)


def _command(word: Word) -> Iterator[str]:
    values = "".join(f" {value.name}" for value in word.values) + ("..." if word.many else "")
    yield f"## {word.name}\n\n    vectadb-receiver {word.name}{values}\n\n{word.help[0].upper()}{word.help[1:]}.\n"
    rows = [flag for flag in word.flags if "--help" not in flag.names]
    if rows:
        yield "| flag | |\n|---|---|"
    for flag in rows:
        value = ""
        if flag.value:
            value = " " + ("\\|".join(flag.value.choices) if flag.value.choices else flag.value.name)
        yield f"| `{', '.join(flag.names)}{value}` | {_cell(flag.help)} |"
    yield ""


def http_api() -> Iterator[str]:
    app = application(Settings(), Stores(storage_config(Settings())))
    told: dict[str, Any] = json.loads(app[DESCRIPTION])
    yield "# HTTP API\n"
    yield "Written by `python tests/docs/reference.py` from what requests are checked by; `GET /api/v1/openapi.json` is"
    yield f"all of it in OpenAPI 3.1.\n\n{told['info']['description']}\n"
    yield 'An error is answered as `{"error": CODE, "message": TEXT}`; TEXT names the field and what was expected.\n'
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            yield from _operation(method.upper(), path, operation)
    yield "## Objects\n"
    for name, schema in sorted(told["components"]["schemas"].items()):
        yield from _object(name, schema)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## {method} {path}\n\n{operation['summary']}. {operation['description']}\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | | |\n|---|---|---|"
    for parameter in parameters:
        needed = "required, " if parameter.get("required") else ""
        kind = _kind(parameter.get("schema", {}))
        where, text = parameter["in"], _cell(parameter.get("description", ""))
        yield f"| `{parameter['name']}` | {needed}{where}, {kind} | {text} |"
    if parameters:
        yield ""
    content = operation.get("requestBody", {}).get("content", {})
    bodies = [_kind(media["schema"]) for media in content.values()]
    answer = next((media for code, media in operation["responses"].items() if code.startswith("2")), {})
    kinds = [_kind(media["schema"]) for media in answer.get("content", {}).values() if "schema" in media]
    codes = ", ".join(sorted(code for code in operation["responses"] if not code.startswith("2")))
    if bodies:
        yield f"Body: {'; '.join(bodies)}. "
    yield f"Answer: {'; '.join(kinds) or 'a stream'}. Errors: {codes}.\n"


def _object(name: str, schema: dict[str, Any]) -> Iterator[str]:
    if "properties" not in schema:
        return
    yield f"### {name}\n\n{schema.get('description', '').strip()}\n\n| field | | |\n|---|---|---|"
    for field, of_field in schema["properties"].items():
        yield f"| `{field}` | {_kind(of_field)} | {_cell(of_field.get('description', ''))} |"
    yield ""


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{re.sub(r'[^a-z0-9_-]', '', name.lower())})"
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return " or ".join(f"`{value}`" for value in values)
    if "prefixItems" in schema:
        return f"[{', '.join(_kind(each) for each in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[several]))
    kind = schema.get("type", "any value")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
