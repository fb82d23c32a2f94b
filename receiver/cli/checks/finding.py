"""What a check is given, and what it gives back."""

from __future__ import annotations

from typing import Literal, NamedTuple

from receiver.settings import Settings

Level = Literal["ok", "warn", "problem"]


class Setup(NamedTuple):
    """The settings, and whether a running receiver has their data folder."""

    settings: Settings
    in_use: bool


class Finding(NamedTuple):
    """`text` says what is, `advice` what to do. With a `problem`, a receiver would not start or not do its work."""

    level: Level
    text: str
    advice: str = ""
