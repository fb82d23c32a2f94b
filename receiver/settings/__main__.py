"""Prints the settings as the README shows them."""

from receiver.settings import markdown

print(markdown(), end="")  # noqa: T201 - a command line prints
