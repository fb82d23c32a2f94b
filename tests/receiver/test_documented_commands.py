"""The commands in the documentation are as they must be typed: all are read, those that only read are run."""

import contextlib
import io
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from receiver.cli import main
from receiver.cli.main import _parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES.remove(ROOT / "docs" / "reference" / "cli.md")  # it is written from the commands themselves
# They show something and change nothing. The others are run by tests of their own.
READING = {"search", "trace", "sessions", "calls", "explain", "export"}
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
    """Return the receiver's commands: their words, without variables before them, comments, pipes and files."""
    for page, line in typed():
        for part in re.split(r"\s+(?:\||&&)\s+", line.partition("    #")[0]):
            found = re.match(rf"(?:[A-Z_]+=\S+ )*(?:uvx )?\S*{PROGRAM} +(.*)", part)
            if found and not part.startswith(("sudo", "docker")):
                words = shlex.split(re.split(r"\s[<>]\s", found[1].partition("  #")[0])[0], comments=True)
                yield pytest.param(words, id=f"{page}: {' '.join(words)}")


@pytest.fixture(scope="module")
def receiver(serve_shared):
    started = serve_shared().started()
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["send-demo", "--url", started.url]) == 0
    return started


@pytest.fixture(scope="module")
def ids(receiver):
    """Real ids for the words that stand for some."""
    trace = receiver.get("/api/v1/traces")["traces"][0]
    event = receiver.get(f"/api/v1/events?trace_id={trace['id']}")["events"][0]
    return {"TRACE_ID": trace["id"], "SESSION_ID": trace["session_id"], "EVENT_ID": event["id"]}


@pytest.mark.parametrize("words", list(commands()))
def test_a_command_is_one_and_what_reads_can_be_run(words, receiver, ids, tmp_path, monkeypatch, capsys):
    words = [ids.get(word, word) for word in words]
    _parser().parse_args(words)  # exits with 2 for what is wrong
    if words[0] in READING and "--url" not in words:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("VECTADB_URL", receiver.url)
        (tmp_path / "examples").mkdir()
        code = main(words)
        assert code == 0 or "search is off" in capsys.readouterr().err


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
    assert answer.status_code == 200 or "search is off" in told["message"]


def test_what_curl_posts_is_stored(receiver):
    text = (ROOT / "README.md").read_text()
    block = re.search(r"(?ms)^```sh\n(curl -X POST.*?)^```", text)[1].replace("http://localhost:8080", receiver.url)
    told = subprocess.run(["sh", "-c", f"{block.strip()} -sS --max-time 10"], capture_output=True, check=True).stdout
    assert json.loads(told)["status"] == "accepted"


@pytest.mark.parametrize(
    "target", sorted({target for _, line in typed() for target in re.findall(r"^make ([a-z-]+)", line)})
)
def test_what_is_made_is_in_the_makefile(target):
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())
