"""Build the wheel and the sdist, install them as people do, and use what is installed. `.ci/run` does.

    .venv/bin/python tests/packaging/check.py        # after tests/install.sh, which brings uv and pipx

The wheel that is made of the sdist must hold what the other one holds. What is installed, by pip, by pipx, and by uv
for each Python that is here, must be small and draw no torch; it starts outside the checkout, stores a span, shows the
page, and ends with 0. For each Python and platform that the README names, all that the lock names has wheels. Prints
sizes and seconds.
"""

from __future__ import annotations

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
MOST_MEGABYTES = 350  # without compiled bytecode, which pip adds, some 50 MB, and uv and pipx do not
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Of macOS onnxruntime has wheels from 14 on, which uv is told by this variable.
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin")
MACOS = {"MACOSX_DEPLOYMENT_TARGET": "14.0"}
BIN = Path(sys.executable).parent
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
    all_have_wheels()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel, sdist = build(folder)
        pip(wheel, folder / "pip")
        use(folder / "pip" / "bin" / "vectadb-receiver", folder)
        says_how_to_install_mcp(folder / "pip" / "bin" / "vectadb-receiver")
        pip(sdist, folder / "pip-sdist")
        use(folder / "pip-sdist" / "bin" / "vectadb-receiver", folder)
        pipx(wheel, folder / "pipx")
        use(folder / "pipx" / "bin" / "vectadb-receiver", folder)
        for version in PYTHONS:
            if python := here(version):
                uv_tool(wheel, folder / version, python)
                use(folder / version / "bin" / "vectadb-receiver", folder)
            else:
                print(f"Python {version} is not here: its wheels were found, nothing was run")


def all_have_wheels() -> None:
    """Resolve the lock for each Python and platform, wheels alone. Reads what the index says of them, and no wheel."""
    wanted = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirements", ROOT / "requirements.lock"]
    for platform in PLATFORMS:
        for version in PYTHONS:
            target = ["--python-version", version, "--python-platform", platform, "--target", "unused"]
            told = subprocess.run(
                [BIN / "uv", "pip", "install", "--quiet", "--dry-run", *target, *wanted],
                check=False,
                env=os.environ | MACOS,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert told.returncode == 0, told.stderr
    print(f"wheels for {', '.join(PLATFORMS)}, each with Python {', '.join(PYTHONS)}", flush=True)


def here(version: str) -> str | None:
    """Return a Python of this version that runs, on the path or among pyenv's, or None."""
    candidates = [f"python{version}", *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
    for candidate in candidates:
        if (
            shutil.which(candidate)
            and subprocess.run([candidate, "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode == 0
        ):
            return candidate
    return None


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
    models = {"storage/embedding/minilm_tokenizer.json.gz", "storage/embedding/static_table.safetensors"}
    wanted = {"receiver/page/index.html", *models}
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


def pip(package: Path, environment: Path) -> None:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, package], check=True)
    tell("pip", environment, began)


def pipx(package: Path, home: Path) -> None:
    began = time.monotonic()
    places = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(home / "bin"), "PIPX_MAN_DIR": str(home / "man")}
    subprocess.run(
        [BIN / "pipx", "install", "--quiet", "--python", sys.executable, package],
        check=True,
        env=os.environ | places,
        stdout=subprocess.DEVNULL,
    )
    tell("pipx", home, began)


def uv_tool(package: Path, home: Path, python: str) -> None:
    began = time.monotonic()
    places = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    subprocess.run(
        [BIN / "uv", "tool", "install", "--quiet", "--python", python, package], check=True, env=os.environ | places
    )
    tell(f"uv tool, {python},", home, began)


def tell(way: str, home: Path, began: float) -> None:
    """Print and check what a way to install took, without pip itself, which was there before."""
    seconds = time.monotonic() - began
    (site,) = (found for found in home.rglob("site-packages") if (found / "receiver").is_dir())
    packages = {found.name.partition("-")[0].lower() for found in site.glob("*.dist-info")} - {"pip", "setuptools"}
    assert packages.isdisjoint({"torch", "sentence_transformers", "pytest", "ruff", "mypy"}), packages
    files = [
        file
        for file in site.rglob("*")
        if file.is_file() and file.relative_to(site).parts[0].partition("-")[0] not in {"pip", "setuptools"}
    ]
    size = sum(file.stat().st_size for file in files)
    bytecode = sum(file.stat().st_size for file in files if file.suffix == ".pyc")
    print(
        f"{way} {len(packages)} packages, {size / 1e6:.0f} MB, {bytecode / 1e6:.0f} of it bytecode, {seconds:.0f} s",
        flush=True,
    )
    assert size - bytecode < MOST_MEGABYTES * 1e6


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


def says_how_to_install_mcp(program: Path) -> None:
    """Start what only an extra brings."""
    told = subprocess.run([program, "mcp"], check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert told.returncode == 1, told.stderr
    assert "pip install 'vectadb-receiver[mcp]'" in told.stderr, told.stderr


def request(url: str, body: bytes | None = None) -> bytes:
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        content: bytes = answer.read()
    return content


if __name__ == "__main__":
    main()
