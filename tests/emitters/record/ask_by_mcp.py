"""Have a coding agent ask a receiver by MCP, in a network without any other: `python ask_by_mcp.py stdio|http`.

Prints, as JSON, what the agent called and was answered, as it told the stand-in model. `--no-install` ends with 3 where
Claude Code is not installed (`run.py --install claude-code`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import install
import model
import run
import scenario

PROGRAM = Path(sys.executable).with_name("vectadb-receiver")
KEY = "one"
ADDED = {
    "stdio": ["vectadb", "--", str(PROGRAM), "mcp"],
    "http": [
        *("--transport", "http", "vectadb", "http://127.0.0.1:8080/mcp"),
        *("--header", f"Authorization: Bearer {KEY}"),
    ],
}


def ask(transport: str) -> None:
    row = run.rows()["claude-code"] | {"run": ["claude_code_mcp.sh", *ADDED[transport]], "env": {}}
    command, folder = install.cli(row)
    with tempfile.TemporaryDirectory(prefix="record-") as temporary, model.Model(run.MODEL_PORT) as its_model:
        home = Path(temporary)
        (home / "weather").mkdir()
        settings = {"VECTADB_EMBEDDING_MODEL": "off", "VECTADB_AUTH_API_KEYS": KEY, "VECTADB_API_KEY": KEY}
        flags = ["--data-dir", str(home / "data"), "--grpc-port", "off"]
        serving = subprocess.Popen([PROGRAM, "serve", *flags], env=os.environ | settings)
        try:
            run.get("/readyz")
            subprocess.run([PROGRAM, "send-demo"], env=os.environ | settings, stdout=2, check=True)
            env = run.environment(row, home, folder, (its_model.url, f"http://127.0.0.1:{run.SINK_PORT}"))
            env |= {"TASK": scenario.MCP_QUESTION, "VECTADB_API_KEY": KEY, "INSIDE": f"{env['INSIDE']},127.0.0.1:8080"}
            ended = subprocess.run(
                command, cwd=home / "weather", env=env, stdin=subprocess.DEVNULL, stdout=2, timeout=180, check=False
            )
            if ended.returncode:
                raise SystemExit(f"the program ended with {ended.returncode}")
            ledger = its_model.ledger
            print(json.dumps({"said": ledger.calls, "results": ledger.results}))
        finally:
            serving.terminate()
            serving.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transport", choices=ADDED)
    parser.add_argument("--no-install", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    install.MAY_INSTALL = not given.no_install
    if given.inside:
        ask(given.transport)
    else:
        install.cli(run.rows()["claude-code"])
        sys.exit(run.isolated(__file__, "--inside", given.transport))


if __name__ == "__main__":
    main()
