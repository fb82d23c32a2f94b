"""Docstrings say what a function returns: ruff's D401 asks for an imperative, and takes any."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
VAGUE = {"Give", "Gives", "Hear", "Say", "Tell", "Whether", "Who", "Whoever"}


def test_functions_return_and_do_not_give_or_say():
    vague = [
        f"{file.relative_to(ROOT)}: {name}"
        for room in ("receiver", "storage", "mapping", "vectadb_receiver_client")
        for file in sorted((ROOT / room).rglob("*.py"))
        for name, words in docstrings(ast.parse(file.read_text()))
        if words[0] in VAGUE and words[1] not in {"back", "up"}
    ]
    assert vague == []


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
            yield node.name, [*text.split(), ""]
