"""Each package that is imported is declared, and docs/dependencies.md says what it is for."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# They run in environments of their own: tests/emitters/requirements.in, tests/emitters/record/python/programs.toml.
ELSEWHERE = [ROOT / "tests" / "emitters" / folder for folder in ("programs", "record")]


def named(requirements):
    """Return the names of packages in lines like `aiohttp>=3.14,<3.15`."""
    return {re.sub(r"[._]", "-", re.match(r"[\w.-]+", line)[0].lower()) for line in requirements}


STANDARD = sys.stdlib_module_names | {"compression"}  # which is new in 3.14

RUNTIME = named(PROJECT["project"]["dependencies"])
EXTRAS = named(line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines)
DEVELOPMENT = named(PROJECT["dependency-groups"]["build"] + PROJECT["dependency-groups"]["dev"])
HEAVY = named(line for line in (ROOT / "tests" / "requirements.in").read_text().splitlines() if line[0] != "#")


def modules_of_packages():
    """Return each installed module's package: {"google.rpc.status_pb2": "googleapis-common-protos", ...}."""
    return {
        ".".join([*file.parent.parts, file.name.partition(".")[0]]).removesuffix(".__init__"): package
        for distribution in distributions()
        for package in named([distribution.name])
        for file in distribution.files or ()
        if file.suffix in {".py", ".so", ".pyd"}
    }


def imported(path):
    """Yield the names of what a file imports, as `google.rpc.status_pb2.Status`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def undeclared(folders, declared):
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts and not any(map(path.is_relative_to, ELSEWHERE))
    ]
    ours = {path.stem for path in files} | {"receiver", "storage", "mapping", "tests", "vectadb_receiver_client"}
    packages = modules_of_packages()
    missing = set()
    for path in files:
        for name in imported(path):
            top = name.partition(".")[0]
            if top in ours or top in STANDARD:
                continue
            parts = name.split(".")
            modules = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
            # What is not installed (tests/requirements.in may be missing) is known by its own name.
            package = next((packages[module] for module in modules if module in packages), top.replace("_", "-"))
            if package not in declared:
                missing.add(f"{path.relative_to(ROOT)} imports {name}, of {package}")
    return sorted(missing)


@pytest.mark.parametrize(
    ("folders", "declared"),
    [
        (("receiver", "storage", "mapping", "vectadb_receiver_client"), RUNTIME | EXTRAS),
        (("tests", "bench"), RUNTIME | EXTRAS | DEVELOPMENT | HEAVY),
    ],
    ids=["the program", "tests and bench"],
)
def test_each_package_that_is_imported_is_declared(folders, declared):
    assert undeclared(folders, declared) == []


@pytest.mark.parametrize(
    ("heading", "declared"),
    [("## The program", RUNTIME), ("## Extras", EXTRAS), ("## For development", DEVELOPMENT)],
)
def test_the_docs_say_what_each_package_is_for(heading, declared):
    _, _, below = (ROOT / "docs" / "dependencies.md").read_text().partition(f"\n{heading}")
    table = re.search(r"\|---\|---\|\n((?:\|.*\n)+)", below)[1]
    assert {name for row in table.splitlines() for name in row.split("|")[1].strip().split(", ")} == declared
