"""Build the wheel and the sdist, install them into empty environments, and use what is installed. `.ci/run` does.

    .venv/bin/python tests/packaging/check.py [--python python3.13]

The wheel that is made of the sdist must hold what the other one holds. What is installed must be small and draw no
torch; it starts outside the checkout, stores a span, shows the page, and ends with 0. Prints sizes and seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_MEGABYTES = 350  # without compiled bytecode, which pip adds and uv does not
SPAN = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "chat",
                            "startTimeUnixNano": "1700000000000000000",
                            "endTimeUnixNano": "1700000001000000000",
                        }
                    ]
                }
            ]
        }
    ]
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python to install into")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel, sdist = build(Path(folder))
        program = install(args.python, wheel, Path(folder))
        use(program, Path(folder))
        pip = [program.with_name("python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-deps", "--force-reinstall", sdist], check=True)
        use(program, Path(folder))


def build(folder: Path) -> tuple[Path, Path]:
    """Return a wheel and an sdist, made of what is under version control."""
    source = folder / "source"
    source.mkdir()
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in files.decode().rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    sdist = made("sdist", source, folder)
    wheel = made("wheel", source, folder)
    shutil.unpack_archive(sdist, folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    again = made("wheel", unpacked, folder / "again")
    assert names(wheel) == names(again), names(wheel) ^ names(again)
    wanted = {"receiver/page/index.html", "storage/embedding/minilm_tokenizer.json.gz"}
    assert wanted < names(wheel), wanted - names(wheel)
    assert any(name.endswith("licenses/NOTICE") for name in names(wheel))
    print(f"wheel {wheel.stat().st_size / 1e6:.1f} MB, sdist {sdist.stat().st_size / 1e6:.1f} MB", flush=True)
    return wheel, sdist


def made(kind: str, source: Path, folder: Path) -> Path:
    """Return the sdist or wheel that setuptools, of this environment, makes of a folder."""
    folder.mkdir(exist_ok=True)
    code = (
        f"import sys; from setuptools import build_meta; print(build_meta.build_{kind}(sys.argv[1]), file=sys.stderr)"
    )
    built = subprocess.run(
        [sys.executable, "-c", code, folder],
        check=False,
        cwd=source,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder / built.stderr.splitlines()[-1]


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def install(python: str, package: Path, folder: Path) -> Path:
    """Return the program, installed into an empty environment with what pip resolves for it."""
    began = time.monotonic()
    environment = folder / "environment"
    subprocess.run([python, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", package], check=True)
    seconds = time.monotonic() - began
    listed = json.loads(subprocess.run([*pip, "list", "--format=json"], capture_output=True, check=True).stdout)
    packages = {package["name"].lower() for package in listed} - {"pip", "setuptools"}
    assert packages.isdisjoint({"torch", "sentence-transformers", "pytest", "ruff", "mypy"}), packages
    (site,) = (environment / "lib").glob("python*/site-packages")
    size = sum(
        file.stat().st_size
        for file in site.rglob("*")
        if file.is_file() and file.suffix != ".pyc" and file.relative_to(site).parts[0] not in {"pip", "setuptools"}
    )
    print(f"{len(packages)} packages, {size / 1e6:.0f} MB, {seconds:.0f} s", flush=True)
    assert size < MOST_MEGABYTES * 1e6
    return environment / "bin" / "vectadb-receiver"


def use(program: Path, folder: Path) -> None:
    """Start what is installed, send a span, read its trace and the page, and stop."""
    began = time.monotonic()
    serving = subprocess.Popen(
        [program, "serve", "--port=0", "--otlp-port=off", "--grpc-port=off", f"--data-dir={folder / 'data'}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serving.stderr is not None
    try:
        line = next(line for line in serving.stderr if "listens on" in line)
        url = re.search(r"http://\S+?:\d+", line)[0]
        while True:
            try:
                told = request(f"{url}/v1/traces", json.dumps(SPAN).encode())
                break
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() - began > 60:
                    raise
                time.sleep(0.2)
        assert json.loads(told) == {}
        print(f"the first span is stored {time.monotonic() - began:.1f} s after the start", flush=True)
        trace = json.loads(request(f"{url}/api/v1/traces/{'0af7651916cd43dd8448eb211c80319c'}"))
        assert [event["name"] for event in trace["events"]] == ["chat"]
        page = request(f"{url}/").decode()
        for asset in re.findall(r'(?:src|href)="(/?[\w./-]+\.(?:js|css|svg))"', page):
            assert request(f"{url}/{asset.removeprefix('/')}"), asset
    finally:
        serving.send_signal(signal.SIGTERM)
        rest = serving.stderr.read()
        assert serving.wait(30) == 0, rest
    print(f"used: {program}", flush=True)


def request(url: str, body: bytes | None = None) -> bytes:
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        content: bytes = answer.read()
    return content


if __name__ == "__main__":
    main()
