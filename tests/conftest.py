"""Fast ones first: whoever broke something hears of it in seconds, before engines, processes and clients start."""

import hashlib
from pathlib import Path

import pytest
from filelock import FileLock

from storage.embedding import static

HERE = Path(__file__).parent
ORDER = ("mapping", "receiver", "storage", "cases", "fuzz", "crash", "page", "clients", "emitters")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return ORDER.index(folder) if folder in ORDER else -1

    items.sort(key=place)


@pytest.fixture(scope="session")
def static_data_dir(request) -> Path:
    """A data folder with the static table in its `models`. Building takes half a minute, so pytest's cache keeps it."""
    sources = sorted(Path(static.__file__).parent.glob("*.py"))
    content = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    data_dir = request.config.cache.mkdir(f"static-{content[:12]}")
    with FileLock(data_dir / "lock"):  # tests run in several processes
        static.folder(data_dir / "models", lambda *_: None)
    return data_dir
