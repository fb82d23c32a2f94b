"""Fast ones first: whoever broke something hears of it in seconds, before engines, processes and clients start."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
ORDER = ("mapping", "receiver", "storage", "fuzz", "crash", "clients", "emitters")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return ORDER.index(folder) if folder in ORDER else -1

    items.sort(key=place)
