"""Fast ones first: whoever broke something hears of it in seconds, before engines, processes and clients start."""

import hashlib
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from storage.embedding import static
from tests.ports import free_ports

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


class SurrealServer:
    """SurrealDB's server on a port of loopback, with a user who may do anything.

    It keeps its data in a folder, because in memory it loses updates: of two transactions that have read a record and
    change it, both commit, now and then. It does not wait for the disk: no test cuts the power.
    """

    USER, PASSWORD = "root", "secret"

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary, self._folder = binary, folder
        self._address = f"127.0.0.1:{free_ports(1)[0]}"
        self.url = f"ws://{self._address}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str, empty: bool = False) -> None:
        """Start it, with what it had before unless it is to be `empty`."""
        if empty:
            self._folder = self._folder.with_name(f"{self._folder.name}-anew")
        user = ("--user", self.USER, "--pass", self.PASSWORD)
        command = [self._binary, "start", "--no-banner", "--log", "error", "--bind", self._address, *user]
        self._process = subprocess.Popen(
            [*command, f"surrealkv://{self._folder}?sync=never", *flags],
            env={name: value for name, value in os.environ.items() if not name.startswith("SURREAL_")}
            | {"SURREAL_ONLINE_VERSION_CHECK": "false"},
        )
        ends = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, "the server has ended"
            assert time.monotonic() < ends, "the server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self._address}/health", timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def surreal_binary() -> str:
    """Return the path of the server that `build.sh` has built. No test builds it: that takes minutes."""
    build = HERE / "servers" / "surreal" / "build.sh"
    binary = subprocess.run([build, "--path"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(binary).exists():
        reason = "SurrealDB's server is missing: run tests/servers/surreal/build.sh, which needs Rust"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return binary


@pytest.fixture(scope="session")
def surreal_server(surreal_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SurrealServer]:
    """A server for all tests, each of which has a namespace of its own there."""
    server = SurrealServer(surreal_binary, tmp_path_factory.mktemp("server") / "surreal")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_surreal_server(surreal_binary: str, tmp_path: Path) -> Iterator[SurrealServer]:
    """A server that the test itself starts, kills, or gives other users."""
    server = SurrealServer(surreal_binary, tmp_path / "server")
    yield server
    server.kill()
