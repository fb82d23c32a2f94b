"""Writes the client's types and operations from the receiver's OpenAPI description.

    .venv/bin/python tests/vectadb_receiver_client/generate.py

`test_generated.py` fails where a file is not what this writes.
"""

from __future__ import annotations

import json
import keyword
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from receiver.http.app import application
from receiver.http.openapi import DESCRIPTION
from receiver.server import storage_config
from receiver.settings import Settings
from storage.stores import Stores

FOLDER = Path(__file__).parents[2] / "vectadb_receiver_client"
_WRITTEN = "Written by tests/vectadb_receiver_client/generate.py of the OpenAPI description."
_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
# Streams that have methods of their own, or none; the description itself.
_NOT_HERE = {"live", "openapi"}


def files() -> dict[str, str]:
    """Return each generated file by its name."""
    app = application(Settings(), Stores(storage_config(Settings())))
    told: dict[str, Any] = json.loads(app[DESCRIPTION])
    written = {"types.py": "\n".join(_types(told)), "operations.py": "\n".join(_operations(told))}
    return {name: _formatted(text) for name, text in written.items()}


def _formatted(text: str) -> str:
    ruff = [Path(sys.executable).with_name("ruff"), "format", "--stdin-filename", FOLDER / "types.py", "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout


def _types(told: dict[str, Any]) -> Iterator[str]:
    yield f'"""What the API takes and answers, as JSON has it.\n\n{_WRITTEN}\n"""\n'
    yield "from __future__ import annotations\n\nfrom datetime import datetime"
    yield "from typing import Any, Literal, NotRequired, TypedDict\n\n"
    for name, schema in sorted(told["components"]["schemas"].items()):
        yield from _object(name, schema)
    for operation, _, _ in _described(told):
        rows = [row for row in operation["parameters"] if row["in"] == "query" and not row["required"]]
        if rows:
            yield from _parameters(operation, rows)


def _object(name: str, schema: dict[str, Any]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    fields = {
        field: _type(of) if field in required else f"NotRequired[{_type(of)}]"
        for field, of in schema["properties"].items()
    }
    if any(map(keyword.iskeyword, fields)):
        inner = ", ".join(f'"{field}": "{of}"' for field, of in fields.items())
        yield f'{_name(name)} = TypedDict("{_name(name)}", {{{inner}}})\n'
        return
    yield f"class {_name(name)}(TypedDict):"
    yield from _docstring(schema.get("description", ""), "    ")
    for field, of in fields.items():
        yield f"    {field}: {of}"
    yield ""


def _parameters(operation: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"class {_parameters_name(operation)}(TypedDict, total=False):"
    yield from _docstring(f"Of `{operation['operationId']}`.", "    ")
    for row in rows:
        of = "str | datetime" if row["schema"].get("format") == "date-time" else _type(row["schema"])
        yield f"    {_argument(row['name'])}: {of} | None"
        yield from _docstring(row["description"], "    ")
    yield ""


def _operations(told: dict[str, Any]) -> Iterator[str]:
    yield f'"""The operations of the API, plain and awaited.\n\n{_WRITTEN}\n"""\n'
    yield "from __future__ import annotations\n\nfrom collections.abc import AsyncIterator, Iterator, Mapping"
    yield "from typing import Any, Literal, Unpack, cast\n\nfrom vectadb_receiver_client import types as t"
    yield "from vectadb_receiver_client.asking import segment\n\n"
    for is_async in (False, True):
        a, iterator = ("async ", "AsyncIterator") if is_async else ("", "Iterator")
        yield f"class {'Async' if is_async else ''}Operations:"
        yield f'    """What `{"AsyncClient" if is_async else "Client"}` asks by."""\n'
        for head, body in {
            f"{a}def _json(self, method: str, path: str, given: Mapping[str, Any], body: Any = None, "
            "headers: Mapping[str, str] | None = None) -> Any": "raise NotImplementedError",
            f"{a}def _bytes(self, path: str, given: Mapping[str, Any]) -> bytes": "raise NotImplementedError",
            f"def _lines(self, path: str, given: Mapping[str, Any]) -> {iterator}[bytes]": "raise NotImplementedError",
            f"def _rows(self, path: str, field: str, given: Mapping[str, Any]) -> {iterator}[Any]":
                "raise NotImplementedError",
        }.items():  # fmt: skip
            yield f"    {head}:\n        {body}\n"
        for operation, method, path in _described(told):
            yield from _method(told, operation, method, path, is_async=is_async)


def _method(
    told: dict[str, Any], operation: dict[str, Any], method: str, path: str, *, is_async: bool
) -> Iterator[str]:
    rows = operation["parameters"]
    of_path = f"{path.split('/')[3].removesuffix('s')}_id"
    takes = [
        f"{of_path if row['in'] == 'path' else _argument(row['name'])}: {_type(row['schema'])}"
        for row in rows
        if row["required"]
    ]
    fixed = [row["name"] for row in rows if row["in"] == "query" and row["required"]]
    asked = "{" + ", ".join(f'"{name}": {_argument(name)}' for name in fixed) + "}"
    optional = [row for row in rows if row["in"] == "query" and not row["required"]]
    if optional:
        takes.append(f"**given: Unpack[t.{_parameters_name(operation)}]")
        asked = "given" if asked == "{}" else f"{{**given, {asked[1:]}"
    route = f'f"{path.replace("{id}", f"{{segment({of_path})}}")}"' if "{id}" in path else f'"{path}"'
    ((media, content),) = operation["responses"]["200"]["content"].items()
    a, wait = ("async ", "await ") if is_async else ("", "")
    name, docs = operation["operationId"], list(_docstring(f"{operation['summary']}.", "        "))
    if media == "application/x-ndjson":
        yield f"    def {name}(self, {', '.join(takes)}) -> {'Async' if is_async else ''}Iterator[bytes]:"
        yield from docs
        yield f"        return self._lines({route}, {asked})\n"
        return
    if media != "application/json":
        yield f"    {a}def {name}(self, {', '.join(takes)}) -> bytes:"
        yield from docs
        yield f"        return {wait}self._bytes({route}, {asked})\n"
        return
    more = ""
    if "requestBody" in operation:
        takes.insert(0, f"body: {_type(operation['requestBody']['content']['application/json']['schema'], 't.')}")
        more = ", body"
    if headers := [row for row in rows if row["in"] == "header"]:
        (header,) = headers
        takes.append(f"{_argument(header['name'])}: str | None = None")
        given = _argument(header["name"])
        more += f', None if {given} is None else {{"{header["name"]}": {given}}}'
    answer = _type(content["schema"], "t.")
    yield f"    {a}def {name}(self, {', '.join(takes)}) -> {answer}:"
    yield from docs
    yield f'        return cast("{answer}", {wait}self._json("{method.upper()}", {route}, {asked}{more}))\n'
    if any(row["name"] == "cursor" for row in rows):
        fields = told["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]["properties"]
        lists = (name, "events", "results", "turns")
        field = next(each for each in lists if fields.get(each, {}).get("type") == "array")
        of = _type(fields[field]["items"], "t.")
        yield f"    def iter_{name}(self, {', '.join(takes)}) -> {'Async' if is_async else ''}Iterator[{of}]:"
        yield from _docstring(f"{operation['summary']}: all of them, page by page of `limit`.", "        ")
        yield f'        return self._rows({route}, "{field}", {asked})\n'


def _described(told: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] not in _NOT_HERE:
                yield operation, method, path


def _type(schema: dict[str, Any], prefix: str = "") -> str:  # noqa: PLR0911 - a kind of schema each
    """Return a schema as a type of Python."""
    if "$ref" in schema:
        return prefix + _name(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return f"Literal[{', '.join(map(json.dumps, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    if "type" in schema and schema["type"] == "array":
        if "prefixItems" in schema:
            return f"list[{_type(schema['prefixItems'][0], prefix)}]"
        return f"list[{_type(schema.get('items') or {}, prefix)}]"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {_type(schema['additionalProperties'], prefix)}]"
    if "type" in schema:
        return _PLAIN[schema["type"]]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(each, prefix) for each in schema["anyOf"]))
    return "Any"


def _name(name: str) -> str:
    return name.strip("_").replace("_", "Of") if name.endswith("_") else name


def _parameters_name(operation: dict[str, Any]) -> str:
    return "".join(word.capitalize() for word in operation["operationId"].split("_")) + "Parameters"


def _argument(name: str) -> str:
    name = name.lower().replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _docstring(text: str, indent: str) -> Iterator[str]:
    text = " ".join(text.split()).replace("\\", "\\\\")
    if not text:
        return
    lines = textwrap.wrap(text, 110)
    if len(lines) == 1:
        yield f'{indent}"""{lines[0]}"""'
    else:
        yield f'{indent}"""{lines[0]}'
        yield from (f"{indent}{line}" for line in lines[1:])
        yield f'{indent}"""'


if __name__ == "__main__":
    for file, content in files().items():
        (FOLDER / file).write_text(content)
