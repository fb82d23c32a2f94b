"""The reference is what the program goes by: where a flag, a route or a setting is new, it must be written anew."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import reference

DOCS = reference.FOLDER.parent


@pytest.mark.parametrize("name", ["cli.md", "http-api.md", "settings.md"])
def test_is_what_the_program_says(name):
    assert (reference.FOLDER / name).read_text() == reference.pages()[name], "run tests/docs/reference.py"


def test_every_environment_variable_in_the_docs_is_a_setting():
    known = set(re.findall(r"VECTADB_\w+", reference.pages()["settings.md"])) | {
        "VECTADB_CONFIG", "VECTADB_URL", "VECTADB_API_KEY", "VECTADB_ENDPOINT"
    }  # fmt: skip
    named = {
        (file.name, name)
        for file in (DOCS.parent / "README.md", *DOCS.glob("[!_]*/*.md"), *DOCS.glob("*.md"))
        for name in re.findall(r"VECTADB_[A-Z_]*[A-Z]", file.read_text())
    }
    assert {(file, name) for file, name in named if not {name, name.removesuffix("_FILE")} & known} == set()
