"""What a program needs, in a folder of its own in the cache: a virtual environment, node_modules, a Maven build.

Each function takes a program's row (`programs.toml`) and returns the command that starts it. The folder's name has a
hash of what is installed, so that rows with the same packages share it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GUARD = HERE.parent / "guard"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vectadb-tests" / "record"
# A test runs what is there: it sets this, and the exit code says that something is not.
MAY_INSTALL = True
NOT_INSTALLED = 3


def _folder(language: str, row: dict[str, Any], *more: str) -> Path:
    wanted = json.dumps([language, row.get("packages"), row.get("python"), row.get("install"), *more])
    return CACHE / f"{language}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, stdout=sys.stderr, check=True, timeout=1800)


def _once(folder: Path, install: Any) -> None:
    """Install unless that has been done; an interrupted installation is begun again."""
    stamp = folder / "installed"
    if not stamp.exists():
        if not MAY_INSTALL:
            raise SystemExit(NOT_INSTALLED)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install()
        stamp.touch()


def python(row: dict[str, Any]) -> tuple[list[str], Path]:
    folder = _folder("python", row)

    def install() -> None:
        _run("uv", "venv", "--quiet", "--python", row.get("python", sys.executable), folder / "venv", cwd=folder)
        options = row.get("install", [])
        target = ["--quiet", "--python", folder / "venv" / "bin" / "python"]
        _run("uv", "pip", "install", *target, *options, *row["packages"], cwd=folder)

    _once(folder, install)
    return [str(folder / "venv" / "bin" / "python"), str(HERE / "python" / row["run"][0]), *row["run"][1:]], folder


def node(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A program in a folder of `node/`, copied beside the node_modules that it imports from."""
    folder = _npm(_npm_source(row))
    shutil.copytree(HERE / "node", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("package*.json"))
    program = folder / row["folder"] / row["run"][0]
    return ["node", f"--import={GUARD / 'guard.mjs'}", str(program), *row["run"][1:]], folder


def cli(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A command-line agent, started by a script in `cli/` that has its command in PATH."""
    return ["bash", str(HERE / "cli" / row["run"][0]), *row["run"][1:]], _npm(_npm_source(row))


def _npm_source(row: dict[str, Any]) -> Path:
    """Return the folder with the row's package.json and its lock."""
    return HERE / row["language"] / row.get("folder", "")


def npm_packages(row: dict[str, Any]) -> list[str]:
    """Return the program's package first, and of a Node program all others beside it, each as name@version."""
    pinned = json.loads((_npm_source(row) / "package.json").read_text())["dependencies"]
    first = row["package"]
    others = [name for name in pinned if name != first] if row["language"] == "node" else []
    return [f"{name}@{pinned[name]}" for name in (first, *others)]


def npm_latest(row: dict[str, Any]) -> None:
    """Write the newest version of the program's package, and of those that share it, into package.json and lock."""
    versions = dict(package.rsplit("@", 1) for package in npm_packages(row))
    names = [name for name, version in versions.items() if version == versions[row["package"]]]
    newest = [f"{name}@latest" for name in names]
    _run("npm", "install", "--package-lock-only", "--save-exact", "--no-audit", *newest, cwd=_npm_source(row))


def _npm(source: Path) -> Path:
    """Install what the lock in `source` names; return the folder with its node_modules."""
    files = [source / name for name in ("package.json", "package-lock.json", ".npmrc")]
    folder = _folder("node", {}, files[1].read_text())

    def install() -> None:
        for file in files:
            shutil.copy(file, folder)
        # Not `npm ci`: it refuses a lock that leaves out other platforms' binaries, as a registry may.
        _run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder)

    _once(folder, install)
    return folder


def java(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A folder of `java/` with a pom.xml whose `package` leaves all jars in target/lib, and the class to run."""
    source = HERE / "java" / row["folder"]
    files = [file for file in sorted(source.rglob("*")) if file.is_file() and "target" not in file.parts]
    folder = _folder("java", row, *(file.read_text() for file in files))

    def install() -> None:
        shutil.copytree(source, folder / "build")
        _run("mvn", "-q", "-B", "package", cwd=folder / "build")

    _once(folder, install)
    return ["java", "-cp", f"{folder}/build/target/classes:{folder}/build/target/lib/*", *row["run"]], folder


def go(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A module in a folder of `go/`, built."""
    source = HERE / "go" / row["folder"]
    folder = _folder("go", row, *(file.read_text() for file in sorted(source.iterdir())))
    _once(folder, lambda: _run("go", "build", "-o", folder / "program", ".", cwd=source))
    return [str(folder / "program"), *row["run"]], folder


LANGUAGES = {"python": python, "node": node, "cli": cli, "java": java, "go": go}


def latest(row: dict[str, Any]) -> dict[str, str]:
    """Return each package of a Python row, as written there, with what pins it to its newest fitting version."""
    wanted = "\n".join([*(re.split(r"[=<>~!]=?", package)[0] for package in row["packages"]), *row.get("limits", [])])
    command = ["uv", "pip", "compile", "--quiet", "--python", row.get("python", sys.executable), "-"]
    command += [option for option in row.get("install", []) if option != "--no-deps"]
    found = subprocess.run(command, input=wanted, capture_output=True, text=True, check=True, timeout=600).stdout
    versions = dict(line.split("==") for line in found.splitlines() if "==" in line and line[0] != " ")
    names = {package: re.split(r"[=<>~!]=?", package)[0] for package in row["packages"]}
    bare = {package: re.sub(r"\[.*\]", "", name).lower().replace("_", "-") for package, name in names.items()}
    return {package: f"{names[package]}=={versions[bare[package]]}" for package in row["packages"]}
