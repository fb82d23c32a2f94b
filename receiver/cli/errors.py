"""The error of a command that failed."""

from __future__ import annotations


class CommandError(Exception):
    """A command failed. The message is one line for the user: what is wrong, and what to do about it."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
