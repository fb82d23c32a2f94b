"""The error for a command that could not be carried out."""

from __future__ import annotations


class CommandError(Exception):
    """The message is one line for the person who typed the command: what is wrong, and what to do about it."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
