"""`doctor`: check everything that a receiver needs, one line each, with advice if something is wrong.

It works with and without a running receiver, and changes nothing in the stores.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from receiver import settings
from receiver.cli.checks import machine, model, stores
from receiver.cli.checks.finding import Finding, Level, Setup
from receiver.cli.terminal import Progress, add_output_flags, coloured, count, json_line, printable
from receiver.cli.try_rules import try_rules
from receiver.settings import SettingsError
from receiver.settings.rules_file import read_rules_file


class Check(NamedTuple):
    name: str
    look: Callable[[Setup], Finding]


CHECKS = (
    Check("data folder", machine.data_folder),
    Check("SurrealDB", stores.surrealdb),
    Check("Qdrant", stores.qdrant),
    Check("model", model.model),
    Check("port", machine.port),
    Check("OTLP port", machine.otlp_port),
    Check("gRPC port", machine.grpc_port),
    Check("HTTP API", machine.http_api),
)

_COLOURS: dict[Level, str] = {"ok": "green", "warn": "yellow", "problem": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    settings.add_flags(parser)
    parser.add_argument(
        "--rules",
        metavar="FILE",
        help="instead of all checks, show what these rules make of a log's lines: doctor --rules FILE < LOG",
    )
    parser.add_argument("--backup", metavar="DIR", type=Path, help="instead of all checks, check what backup has made")
    add_output_flags(parser, "a line of JSON for each check")


def run(args: argparse.Namespace) -> int:
    show = _show_json if args.json else _show
    if args.rules:
        return try_rules(args.rules)
    if args.backup:
        return 1 if show("backup", _backup(args.backup)) == "problem" else 0
    try:
        loaded = settings.load(args, os.environ)
        settings.check(loaded)
    except SettingsError as error:
        show("settings", Finding("problem", str(error)))
        return 1
    file = args.config or os.environ.get(settings.CONFIG_VARIABLE)
    text = f"read from {file} and the environment" if file else "no file, the environment"
    if loaded.mapping.rules_file:
        text += f"; {_rules(loaded.mapping.rules_file)}"
    if unknown := settings.unknown_variables(os.environ):
        show("settings", Finding("warn", "; ".join([text, *unknown]), "correct or unset them"))
    else:
        show("settings", Finding("ok", text))
    setup = Setup(loaded, machine.in_use(loaded.storage.data_dir))
    levels = [show(check.name, _look(check, setup)) for check in CHECKS]
    return 1 if "problem" in levels else 0


def _look(check: Check, setup: Setup) -> Finding:
    progress = Progress()
    if sys.stderr.isatty():
        progress.show(f"looking at: {check.name}")  # an engine replays its log for a while after a kill
    finding = check.look(setup)
    progress.clear()
    return finding


def _backup(folder: Path) -> Finding:
    """Compare the files of a backup with what was noted when it was made."""
    from storage.surreal import backup  # noqa: PLC0415 - half a second, which no other check need wait for

    try:
        found = backup.check(folder)
    except (backup.BackupError, OSError) as error:
        return Finding("problem", str(error), "make another; this one cannot be restored whole")
    files, version = count(len(found.files), "file"), f"vectadb-receiver {found.version}"
    held = f"{count(found.events, 'event')} of {found.created_at}, by {version}"
    return Finding("ok", f"{held}: {files}, {found.bytes / 1e6:.1f} MB, checksums are right")


def _rules(file: Path) -> str:
    return f"{count(len(read_rules_file(file).rules), 'rule')} from {file}"


def _show(name: str, finding: Finding) -> Level:
    print(coloured(f"{finding.level:8}", _COLOURS[finding.level]), f"{name:12}", printable(finding.text), flush=True)
    if finding.advice:
        print(" " * 21, f"-> {printable(finding.advice)}", flush=True)
    return finding.level


def _show_json(name: str, finding: Finding) -> Level:
    print(json_line({"check": name, **finding._asdict()}), flush=True)
    return finding.level
