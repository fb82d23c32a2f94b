"""What a program needs, installed in a folder of its own in the cache: a virtual environment, node_modules, a Maven build.

Each function takes a program's row (`programs.toml`) and returns the command that starts it. The folder's name has a
hash of what is installed, so that rows with the same packages share it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GUARD = HERE.parent / "guard"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vectadb-tests" / "record"


def _folder(language: str, row: dict[str, Any], *more: str) -> Path:
    wanted = json.dumps([language, row.get("packages"), row.get("python"), row.get("install"), *more])
    return CACHE / f"{language}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, timeout=1800)


def _once(folder: Path, install: Any) -> None:
    """Install unless that has been done; an interrupted installation is begun again."""
    stamp = folder / "installed"
    if not stamp.exists():
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
    """Programs are copied beside the node_modules that they import from."""
    folder = _folder("node", row)
    _once(folder, lambda: _npm(folder, row))
    shutil.copytree(HERE / "node", folder, dirs_exist_ok=True)
    return ["node", f"--import={GUARD / 'guard.mjs'}", str(folder / row["run"][0]), *row["run"][1:]], folder


def cli(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A command-line agent, started by a script in `cli/` that has its command in PATH."""
    folder = _folder("cli", row)
    _once(folder, lambda: _npm(folder, row))
    return ["bash", str(HERE / "cli" / row["run"][0]), *row["run"][1:]], folder


def _npm(folder: Path, row: dict[str, Any]) -> None:
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    options = row.get("install", [])
    _run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *options, *row["packages"], cwd=folder)


def java(row: dict[str, Any]) -> tuple[list[str], Path]:
    """A folder of `java/` with a pom.xml whose `package` leaves all jars in target/lib, and the class to run."""
    source = HERE / "java" / row["folder"]
    folder = _folder("java", row, (source / "pom.xml").read_text())
    shutil.copytree(source, folder / "build", dirs_exist_ok=True)
    stamp = folder / "installed"
    _run("mvn", "-q", "-B", "package", cwd=folder / "build")
    stamp.touch()
    return ["java", "-cp", f"{folder}/build/target/classes:{folder}/build/target/lib/*", *row["run"]], folder


LANGUAGES = {"python": python, "node": node, "cli": cli, "java": java}
