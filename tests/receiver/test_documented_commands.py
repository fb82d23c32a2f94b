"""The commands in the documentation are as they must be typed: each is run, against a receiver that runs.

Not here: those that install (tests/packaging/check.py), the Collector's (tests/clients/test_collector.py), and those of
Docker, Kubernetes and systemd, of which docs/operations/deploy.md says what was run.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    # That page is written from the commands themselves, and the built site holds pages of others.
    if page != ROOT / "docs" / "reference" / "cli.md" and "_build" not in page.parts
]
PROGRAM = "vectadb-receiver"


class Typed(NamedTuple):
    page: str
    line: str


def typed():
    """Return each line of a block of code, its continuations joined."""
    lines = {}
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r"(?ms)^```(?:sh)?\n(.*?)^```", text) + re.findall(r"(?m)((?:^    .*\n)+)", text)
        for block in blocks:
            for line in block.replace("\\\n", " ").splitlines():
                lines.setdefault(line.strip(), Typed(str(page.relative_to(ROOT)), line.strip()))
    return list(lines.values())


def commands():
    """Return the receiver's commands: the variables before them, and their words without comments, pipes and files."""
    for page, line in typed():
        for part in re.split(r"\s+(?:\||&&)\s+", line.partition("    #")[0]):
            found = re.match(rf"((?:[A-Z_]+=\S+ )*)(?:uvx )?\S*{PROGRAM} +(.*)", part)
            if found and not part.startswith(("sudo", "docker")) and "-e " not in found[1]:
                words = shlex.split(re.split(r"\s[<>]\s", found[2].partition("  #")[0])[0], comments=True)
                variables = dict(variable.split("=", 1) for variable in found[1].split())
                yield pytest.param(variables, words, id=f"{page}: {' '.join(words)}")


@pytest.fixture(scope="module")
def receiver(serve_shared, static_data_dir, tmp_path_factory):
    """One with the demo's events, which can be searched."""
    data = tmp_path_factory.mktemp("documented") / "data"
    shutil.copytree(static_data_dir / "models", data / "models")
    started = serve_shared(data, EMBEDDING_MODEL="static").started()
    run(["send-demo", "--url", started.url])
    deadline = time.monotonic() + 60
    while (
        (stats := started.get("/api/v1/stats"))["index_pending"]
        or stats["interpretation_pending"]
        or stats["index_state"] != "ready"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return started


@pytest.fixture(scope="module")
def ids(receiver):
    """Real ids for the words that stand for some."""
    trace, other = receiver.get("/api/v1/traces")["traces"][:2]
    event = receiver.get(f"/api/v1/events?trace_id={trace['id']}")["events"][0]
    call = receiver.get(f"/api/v1/calls?trace_id={trace['id']}")["calls"][0]
    return {
        "TRACE_ID": trace["id"],
        "OTHER_TRACE_ID": other["id"],
        "SESSION_ID": trace["session_id"],
        "EVENT_ID": event["id"],
        "CALL_ID": call["id"],
    }


def settings(receiver):
    """Return the environment of commands on the receiver's machine."""
    return {
        "VECTADB_URL": receiver.url,
        "VECTADB_STORAGE_DATA_DIR": str(receiver.data),
        "VECTADB_SERVER_PORT": str(receiver.port),
        "VECTADB_SERVER_OTLP_PORT": "off",
        "VECTADB_SERVER_GRPC_PORT": "off",
    }


def run(words, **options):
    command = [sys.executable, "-m", "receiver", *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture
def place(receiver, tmp_path, monkeypatch):
    """A folder to type in, which has the files that the commands read: exports, backups, the examples."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    run(["export", "--url", receiver.url, "-o", tmp_path / "week.jsonl"])
    shutil.copy(tmp_path / "week.jsonl", tmp_path / "traces.json")
    return tmp_path


def typed_here(words, receiver, ids, place):
    """Return the words with real ids, this receiver's address, and folders that are the test's."""
    here = []
    for word in words:
        if word.startswith("http"):
            here.append(receiver.url)
        elif word.startswith("/"):
            here.append(str(place / word[1:]))
        else:
            here.append(ids.get(word, word))
    return here


@pytest.mark.parametrize(("variables", "words"), list(commands()))
def test_a_command_does_what_it_should(variables, words, receiver, ids, place):
    here = typed_here(words, receiver, ids, place)
    environ = os.environ | settings(receiver) | variables
    if words[0] == "serve":
        serve(
            here, environ | {"VECTADB_STORAGE_DATA_DIR": str(place / "data"), "VECTADB_EMBEDDING_MODEL": "off"}, place
        )
        return
    if words[0] == "restore":
        run(["backup", here[1]], cwd=place, env=environ)
    with (place / "week.jsonl").open() as standard_input:
        run(here, cwd=place, env=environ, stdin=standard_input)


def serve(words, environ, place):
    """Start a receiver as it is typed, but for the number of the port, and stop it when it is ready."""
    words = ["0" if before == "--port" else word for before, word in zip([None, *words], words, strict=False)]
    serving = subprocess.Popen(
        [sys.executable, "-m", "receiver", *words],
        cwd=place,
        env=environ | {"VECTADB_SERVER_PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert any("ready to ingest" in line for line in serving.stderr)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    assert serving.returncode == 0


CURLS = [Typed(page, line) for page, line in typed() if line.startswith("curl ") and "{" not in line]


@pytest.mark.parametrize("line", [line for _, line in CURLS])
def test_what_curl_reads_is_answered(line, receiver, ids):
    url = re.search(r"http://localhost:8080([^'\s]*)", line)[1]
    for word, given in ids.items():
        url = url.replace(word, given)
    with httpx.stream("GET", f"{receiver.url}{url}", timeout=10) as answer:
        if url.startswith("/api/v1/live"):
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            return
        told = json.loads(answer.read())
    assert answer.status_code == 200, told


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_what_curl_posts_is_stored_as_of_now(receiver, page):
    text = (ROOT / page).read_text()
    block = re.search(r"(?ms)^```sh\n(curl -X POST.*?)^```", text)[1].replace("http://localhost:8080", receiver.url)
    told = subprocess.run(["sh", "-c", f"{block.strip()} -sS --max-time 10"], capture_output=True, check=True).stdout
    assert json.loads(told)["status"] == "accepted"
    newest = receiver.get("/api/v1/events?limit=1")["events"][0]
    assert newest["id"] == json.loads(told)["event_id"]
    assert datetime.now(UTC) - datetime.fromisoformat(newest["timestamp"]) < timedelta(minutes=1)


def blocks(language):
    """Return the quickstart's code in a language."""
    return re.search(rf"(?ms)^```{language}\n(.*?)^```", (ROOT / "docs" / "quickstart.md").read_text())[1]


def sent_by(command, receiver, name):
    """Run a program that sends to the receiver, and return the number of events of that name that are stored more."""
    before = count(receiver, name)
    environ = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    return count(receiver, name) - before


def count(receiver, name):
    return sum(event["name"] == name for event in receiver.get("/api/v1/events?limit=200")["events"])


def test_the_quickstarts_python_sends(receiver, tmp_path):
    (tmp_path / "quickstart.py").write_text(blocks("python"))
    assert sent_by([sys.executable, tmp_path / "quickstart.py"], receiver, "execute_tool web_search") == 1


def test_the_quickstarts_javascript_sends(receiver, tmp_path):
    packages = ROOT / "tests" / "clients" / "node" / "node_modules"
    if shutil.which("node") is None or not packages.exists():
        reason = "Node.js or OpenTelemetry's SDK is missing: run `npm ci` in tests/clients/node"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "quickstart.mjs").write_text(blocks("js"))
    assert sent_by(["node", tmp_path / "quickstart.mjs"], receiver, "chat gpt-4o") == 1


@pytest.mark.parametrize(
    "target", sorted({target for _, line in typed() for target in re.findall(r"^make ([a-z-]+)", line)})
)
def test_what_is_made_is_in_the_makefile(target):
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())
