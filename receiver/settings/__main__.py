"""Print the settings table of the README."""

from receiver.settings import markdown

print(markdown(), end="")  # noqa: T201 - a command line prints
