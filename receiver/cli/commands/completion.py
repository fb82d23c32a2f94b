"""`completion SHELL`: print a script that makes the shell complete commands, flags and their values."""

from __future__ import annotations

import argparse

from receiver.cli.completing import flags, words
from receiver.cli.shells import SCRIPTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SCRIPTS), help="the first lines of the script say where it belongs")


def run(args: argparse.Namespace) -> int:
    print(SCRIPTS[args.shell](words(args.parser), flags(args.parser)))
    return 0
