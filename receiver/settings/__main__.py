"""Print the table of docs/reference/settings.md."""

from receiver.settings import markdown

print(markdown(), end="")  # noqa: T201 - a command line prints
