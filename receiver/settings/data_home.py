"""Where data is kept if no setting says so: in ./data of a checkout, or where it has been before, else at home."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path

NAME = "vectadb-receiver"
_HERE = Path("data")


def data_home(current: Path) -> Path | None:
    """Return the folder for data of a program that is started in `current`, or None for a user without a home."""
    return _HERE if _has_data(current / _HERE) or _is_checkout(current) else _at_home()


def passed_by(folder: Path, current: Path) -> list[Path]:
    """Return the folders that hold data, where a start in `current` looks for it, and that are not `folder`."""
    places = (current / _HERE, _at_home())
    return [place for place in places if place and _has_data(place) and place.resolve() != (current / folder).resolve()]


def _at_home() -> Path | None:
    try:
        return user_data_path(NAME, appauthor=False)
    except RuntimeError:  # as of systemd's DynamicUser, and of a container's user that has no name
        return None


def _has_data(folder: Path) -> bool:
    return (folder / "surreal").is_dir()


def _is_checkout(folder: Path) -> bool:
    """Return whether this is the program's source, where `make run` keeps its data beside it."""
    try:
        return f'name = "{NAME}"' in (folder / "pyproject.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
