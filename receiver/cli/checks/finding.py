"""The input and the result of a check."""

from __future__ import annotations

from typing import Literal, NamedTuple

from receiver.settings import Settings

Level = Literal["ok", "warn", "problem"]


class Setup(NamedTuple):
    """The settings, and whether a running receiver uses their data folder."""

    settings: Settings
    in_use: bool


class Finding(NamedTuple):
    """The result of a check: `text` describes the state, `advice` says what to do.

    With a `problem` a receiver does not start, or does not work.
    """

    level: Level
    text: str
    advice: str = ""
