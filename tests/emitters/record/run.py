"""Run real programs against the stand-in model and record what telemetry they send, each as a fixture.

    python run.py google-adk ...   rows of */programs.toml, and those whose names begin so; `--list` lists them

With `--to-receiver` what they send is not recorded: a real receiver takes it, and its calls are printed as JSON, beside
what the model said. `--install` installs, and runs nothing.

A program is installed with the network as it is, and run without any: in a network of its own that has loopback and
nothing else (`unshare` of Linux, as root), where also the host's name and the process ids are nobody's. Where that is
not to be had, the guard of tests/emitters/guard keeps Python and Node programs in. Needs uv, npm, Maven for theirs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import fixture
import install
import model
import scenario
import sink

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
MODEL_PORT, SINK_PORT = 9011, 4318
ISOLATED = ["unshare", "--net", "--uts", "--pid", "--fork", "--mount-proc", "sh", "-c"]
ENTER = 'ip link set lo up && hostname host && exec "$@"'


def rows() -> dict[str, dict[str, Any]]:
    """Return all programs by their names, each with its language."""
    found = {}
    for language in install.LANGUAGES:
        path = HERE / language / "programs.toml"
        if path.exists():
            for name, row in tomllib.loads(path.read_text()).items():
                found[name] = row | {"language": language}
                if "package" in row:
                    found[name]["packages"] = install.npm_packages(found[name])
    return found


def environment(row: dict[str, Any], home: Path, folder: Path, urls: tuple[str, str]) -> dict[str, str]:
    """Return the program's: nothing of ours, no key, no setting, no file that one keeps at home."""
    model_url, sink_url = urls
    own = {
        "PATH": f"{folder / 'node_modules' / '.bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "USER": "user",
        "LANG": "C.UTF-8",
        "MODEL_URL": model_url,
        "SINK_URL": sink_url,
        "TRUTH": str(home / "truth.jsonl"),
        "TASK": scenario.DELEGATED_QUESTION if row.get("delegated") else scenario.CODING_QUESTION,
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "weather",
        "INSIDE": ",".join(url.removeprefix("http://") for url in urls),
        "OUTSIDE": str(home / "outside"),
        "PYTHONPATH": f"{install.GUARD}:{HERE / 'python'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = {"MODEL_URL": model_url, "SINK_URL": sink_url, "HOME": str(home), "FOLDER": str(folder)}
    return own | {key: value.format(**words) for key, value in row.get("env", {}).items()}


def record(name: str, row: dict[str, Any], *, verbose: bool) -> None:
    """Run the program and write its fixture."""
    command, folder = install.LANGUAGES[row["language"]](row)
    with tempfile.TemporaryDirectory(prefix="record-") as temporary:
        home = Path(temporary)
        work = home / "weather"
        work.mkdir()
        with model.Model(MODEL_PORT, folder=str(work)) as its_model, sink.Sink(SINK_PORT) as its_sink:
            env = environment(row, home, folder, (its_model.url, its_sink.url))
            print(f"{name}: running", flush=True)
            ended = subprocess.run(
                command,
                cwd=work,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=row.get("timeout", 180),
                check=False,
            )
            if verbose or ended.returncode:
                print(ended.stdout[-3000:], ended.stderr[-3000:], f"exit {ended.returncode}", sep="\n")
                print(*(json.dumps(call) for call in its_model.ledger.calls), sep="\n")
            if ended.returncode and not row.get("may_fail"):
                raise SystemExit(f"{name}: the program failed")
            _settle(its_sink)
        told_file = home / "truth.jsonl"
        told = [json.loads(line) for line in told_file.read_text().splitlines()] if told_file.exists() else []
        if row["language"] == "cli":
            told.append({"question": env["TASK"]})
        outside = sorted(set((home / "outside").read_text().split())) if (home / "outside").exists() else []
        paths = {
            str(folder): "/home/user/program", str(HERE): "/home/user/record", str(home): "/home/user",
            str(home).replace("/", "-"): "-home-user", platform.release(): "6.1.0",
            str(install.GUARD): "/home/user/guard", str(Path.home()): "/home/root", sys.base_prefix: "/usr",
        }  # fmt: skip
        _write(name, row, fixture.truth(its_model.ledger, told), its_sink, paths)
    for what, of in (("asked outside", outside), ("unknown to the model", its_model.ledger.unknown)):
        if of:
            print(f"{name}: {what}: {sorted(set(of))}")
    if its_sink.other:
        print(f"{name}: not kept: {dict(Counter(its_sink.other))}")


def send_to_receiver(row: dict[str, Any]) -> None:
    """Run the program and print the calls that the receiver has made of what it sent, and what the model said."""
    command, folder = install.LANGUAGES[row["language"]](row)
    with tempfile.TemporaryDirectory(prefix="record-") as temporary, model.Model(MODEL_PORT) as its_model:
        home = Path(temporary)
        flags = [
            "--port",
            "8080",
            "--otlp-port",
            str(SINK_PORT),
            "--grpc-port",
            "off",
            "--data-dir",
            str(home / "data"),
        ]
        serving = subprocess.Popen(
            [sys.executable, "-m", "receiver", "serve", *flags],
            cwd=HERE.parents[2],
            env=os.environ | {"VECTADB_EMBEDDING_MODEL": "off"},
        )
        try:
            get("/readyz")
            (home / "weather").mkdir()
            env = environment(row, home, folder, (its_model.url, f"http://127.0.0.1:{SINK_PORT}"))
            ended = subprocess.run(
                command, cwd=home / "weather", env=env, stdin=subprocess.DEVNULL, stdout=2, timeout=180, check=False
            )
            if ended.returncode:
                raise SystemExit(f"the program ended with {ended.returncode}")
            stored = -1
            while stored != (stats := get("/api/v1/stats"))["events"] or stats["interpretation_pending"]:
                stored = stats["events"]
                time.sleep(1)
            print(json.dumps({"calls": get("/api/v1/calls?limit=200")["calls"], "said": its_model.ledger.calls}))
        finally:
            serving.terminate()
            serving.wait(30)


def get(path: str) -> Any:
    """Return the JSON that the receiver answers with, waiting while it starts."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:8080{path}", timeout=10) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _settle(its_sink: sink.Sink) -> None:
    """Wait until nothing has come for a second: some programs leave their sending to a process of its own."""
    before = -1
    while before != len(its_sink.requests):
        before = len(its_sink.requests)
        time.sleep(1)


def _write(name: str, row: dict[str, Any], truth: dict[str, Any], its_sink: sink.Sink, paths: dict[str, str]) -> None:
    gone: Counter[str] = Counter()
    sent = {}
    for kind, key in sink.LISTS.items():
        kept = fixture.trimmed(its_sink.kept(kind), row.get("trim", []), gone)
        if "keep" in row:
            kept = fixture.trimmed_to(kept, row["keep"], gone)
        sent[key] = fixture.shortened(fixture.neutral(kept, paths), gone, long=row.get("long", fixture.LONG))
    whole = {
        "program": row["program"],
        "version": row.get("version") or _version(row["packages"][0]),
        "language": row["language"],
        "recorded": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "scenario": row["scenario"],
        "packages": row.get("packages", []),
        "truth": fixture.shortened(fixture.neutral(truth, paths), Counter()),
        **({"trimmed": dict(gone)} if gone else {}),
        **sent,
    }
    text = fixture.text(whole)
    fixture.check_neutral(text)
    FIXTURES.mkdir(exist_ok=True)
    (FIXTURES / f"{name}.json").write_text(text)
    spans = sum(len(s["spans"]) for r in sent["resourceSpans"] for s in r["scopeSpans"])
    logs = sum(len(s["logRecords"]) for r in sent["resourceLogs"] for s in r["scopeLogs"])
    calls, tools = len(truth["model_calls"]), len(truth["tool_calls"])
    print(f"{name}: {calls} calls, {tools} tools; {spans} spans, {logs} logs, {len(text) // 1000} kB")


def _version(package: str) -> str:
    """Return the version that a package is pinned to: google-adk[a2a]==2.13.0, @google/genai@1.0.0."""
    return package.rsplit("==", maxsplit=1)[-1] if "==" in package else package.rsplit("@", 1)[-1]


def _named(name: str, table: dict[str, Any]) -> list[str]:
    """Return the row of that name, or those whose names begin with it: agno has agno-genai and agno-openinference."""
    named = [name] if name in table else [row for row in table if row.startswith(f"{name}-")]
    if not named:
        raise SystemExit(f"{name} is in no programs.toml")
    return named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="rows of programs.toml")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--all", metavar="LANGUAGE", help="take all rows of a language")
    parser.add_argument("--latest", action="store_true", help="pin the packages to their newest versions first")
    parser.add_argument("--verbose", action="store_true", help="print what the programs print")
    parser.add_argument(
        "--to-receiver", action="store_true", help="print what a receiver makes of it, and record nothing"
    )
    parser.add_argument("--install", action="store_true", help="install the programs, and run none")
    parser.add_argument("--no-install", action="store_true", help="run what is installed, or end with 3")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    install.MAY_INSTALL = not arguments.no_install
    table = rows()
    names = [row for name in arguments.names for row in _named(name, table)]
    names += [name for name, row in table.items() if row["language"] == arguments.all]
    if arguments.list:
        print(*(f"{name}\t{row['program']} {row['scenario']}" for name, row in table.items()), sep="\n")
    elif arguments.install:
        for name in names:
            install.LANGUAGES[table[name]["language"]](table[name])
    elif arguments.inside and arguments.to_receiver:
        send_to_receiver(table[names[0]])
    elif arguments.inside:
        record(names[0], table[names[0]], verbose=arguments.verbose)
    else:
        if arguments.latest:
            for name in names:
                _pin_latest(name, table[name])
            table = rows()
        options = [f"--{flag}" for flag in ("verbose", "to-receiver") if getattr(arguments, flag.replace("-", "_"))]
        codes = [_run_isolated(name, table[name], options) for name in names]
        sys.exit(max(codes, default=0))


def _pin_latest(name: str, row: dict[str, Any]) -> None:
    """Write the newest versions into the row, or into its package.json and lock."""
    if "package" in row:
        install.npm_latest(row)
        return
    newest = install.latest(row)
    path = HERE / row["language"] / "programs.toml"
    before, section = path.read_text().split(f"\n[{name}]\n")
    line = pinned = next(line for line in section.splitlines() if line.startswith("packages"))
    for old, new in newest.items():
        pinned = pinned.replace(f'"{old}"', f'"{new}"')
    path.write_text(f"{before}\n[{name}]\n{section.replace(line, pinned, 1)}")


def _run_isolated(name: str, row: dict[str, Any], options: list[str]) -> int:
    """Install what the program needs, and run it without a network; return the exit code."""
    install.LANGUAGES[row["language"]](row)
    return isolated(__file__, "--inside", name, *options)


def isolated(script: str, *arguments: str) -> int:
    """Run a script of ours without a network, where that is to be had; return the exit code."""
    alone = [*ISOLATED, ENTER, "enter"] if shutil.which("unshare") and os.geteuid() == 0 else []
    return subprocess.run([*alone, sys.executable, script, *arguments], check=False).returncode


if __name__ == "__main__":
    main()
