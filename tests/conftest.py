"""Fast ones first: whoever broke something hears of it in seconds, before engines, processes and clients start. Then
the longest files, so that in the end no worker is left alone with one."""

import asyncio
import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from storage.embedding import minilm, static
from storage.surreal import schema
from storage.surreal.database import Database
from tests.interpreters import reused
from tests.ports import free_ports

# A machine that is busy with other things is no fault of what is tested. 50 examples a property keep the suite quick.
settings.register_profile("quick", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")

HERE = Path(__file__).parent
ORDER = (
    "mapping",
    "crash",
    "cases",
    "clients",
    "emitters",
    "fuzz",
    "page",
    "receiver",
    "storage",
    "vectadb_receiver_client",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return ORDER.index(folder) if folder in ORDER else -1

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def _interpreters_are_reused() -> Iterator[None]:
    with reused():
        yield


@pytest.fixture(scope="session")
def static_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the packaged models in its `models`."""
    data_dir = tmp_path_factory.mktemp("static")
    for each in (static, minilm):
        each.folder(data_dir / "models", lambda *_: None)
    return data_dir


@pytest.fixture(scope="session")
def folder_with_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engine's folder that is copied, since the schema's forty commits take longer than most tests."""
    folder: Path = tmp_path_factory.mktemp("prepared") / "surreal"

    async def prepare() -> None:
        database = Database(f"surrealkv://{folder}", namespace="vectadb", database="vectadb")
        await schema.apply(database.run)
        await database.close()

    asyncio.run(prepare())
    return folder


class SurrealServer:
    """SurrealDB's server on a port of loopback, with a user who may do anything.

    It keeps its data in a folder, because in memory it loses updates: of two transactions that have read a record and
    change it, both commit, now and then. It does not wait for the disk, unless `sync` says so: no test cuts the power.
    """

    USER, PASSWORD = "root", "secret"

    def __init__(self, binary: str, folder: Path, sync: str = "never") -> None:
        self._binary, self._folder, self._sync = binary, folder, sync
        self._address = f"127.0.0.1:{free_ports(1)[0]}"
        self.url = f"ws://{self._address}"
        self._tls: ssl.SSLContext | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str, empty: bool = False, pem: Path | None = None, **environment: str) -> None:
        """Start it, with what it had before unless it is to be `empty`.

        `pem` is a folder with its certificate and key, for `wss://`; `environment` has settings without `SURREAL_`.
        """
        if empty:
            self._folder = self._folder.with_name(f"{self._folder.name}-anew")
        user = ("--user", self.USER, "--pass", self.PASSWORD)
        command = [self._binary, "start", "--no-banner", "--log", "error", "--bind", self._address, *user]
        if pem is not None:
            command += ["--web-crt", str(pem / "server.pem"), "--web-key", str(pem / "server.key")]
            self.url = f"wss://{self._address}"
            self._tls = ssl.create_default_context(cafile=pem / "authority.pem")
        given = {f"SURREAL_{name}": value for name, value in environment.items()}
        self._process = subprocess.Popen(
            [*command, f"surrealkv://{self._folder}?sync={self._sync}", *flags],
            env={name: value for name, value in os.environ.items() if not name.startswith("SURREAL_")}
            | {"SURREAL_ONLINE_VERSION_CHECK": "false"}
            | given,
        )
        ends = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, "the server has ended"
            assert time.monotonic() < ends, "the server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            url = f"{'https' if self._tls else 'http'}://{self._address}/health"
            with urllib.request.urlopen(url, timeout=5, context=self._tls):  # noqa: S310 - its scheme is one of these
                return True
        except OSError:
            return False

    @property
    def settings(self) -> dict[str, str]:
        """The receiver's settings for it, by their variables' names without `VECTADB_`."""
        given = {"URL": self.url, "USER": self.USER, "PASSWORD": self.PASSWORD}
        return {f"STORAGE_SURREALDB_{name}": value for name, value in given.items()}

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
def make_surreal_server(surreal_binary: str) -> Iterator[Callable[[Path], SurrealServer]]:
    """Makes servers with their data in a folder; the test starts them."""
    made: list[SurrealServer] = []

    def make(folder: Path) -> SurrealServer:
        made.append(SurrealServer(surreal_binary, folder))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture
def own_surreal_server(make_surreal_server: Callable[[Path], SurrealServer], tmp_path: Path) -> SurrealServer:
    """A server that the test itself starts, kills, or gives other users."""
    return make_surreal_server(tmp_path / "server")


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two authorities, and a server's and a client's certificate from the first. Returns the files' folder."""
    if shutil.which("openssl") is None:
        reason = "openssl is missing: install it with the system's packages"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pem")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    signs = ["-addext", "keyUsage=critical,keyCertSign"]  # which Python asks of an authority from 3.13 on
    for name in ("authority", "stranger"):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        openssl("req", "-x509", *new_key, *files, "-subj", f"/CN={name}", *signs)
    for name, issuer in (("server", "authority"), ("client", "authority"), ("strange-client", "stranger")):
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        signed_by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial", "-extfile", "names"]
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed_by)
    openssl("ec", "-in", "server.key", "-out", "locked.key", "-aes256", "-passout", "pass:word")
    (folder / "empty.pem").write_text("")
    (folder / "words.pem").write_text("these are words\n")
    return folder
