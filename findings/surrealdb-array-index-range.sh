#!/usr/bin/env bash
# SurrealDB's index over the values of an array and a number serves `CONTAINS` and the order, but not a range of the
# number: it reads from the value's first row on, where the same index over a plain field begins at the place.
# Guess: both begin at the place, and a page deep in a list costs what the first one does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  surrealdb==3.0.0b10 surrealdb-embedded==3.0.0b10
timeout 100 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import time
from importlib.metadata import version

from surrealdb import Surreal

ROWS, PAGE = 20_000, 10
print("surrealdb", version("surrealdb"), "surrealdb-embedded", version("surrealdb-embedded"))
with Surreal(f"surrealkv://{sys.argv[1]}/data") as database:
    database.use("n", "d")
    database.query("DEFINE INDEX by_agents ON run FIELDS agents.*, place").execute()
    database.query("DEFINE INDEX by_agent ON run FIELDS agent, place").execute()
    for start in range(0, ROWS, 1_000):
        rows = [{"id": n, "place": n, "agent": "planner", "agents": ["planner"]} for n in range(start, start + 1_000)]
        database.query("INSERT INTO run $rows RETURN NONE", {"rows": rows}).execute()

    def page(condition, after):
        """Return the least milliseconds of five in which ten rows after a place are read, checked to be the right ones."""
        least = float("inf")
        for _ in range(5):
            began = time.perf_counter()
            found = database.query(
                f"SELECT VALUE place FROM run WHERE {condition} AND place > $after ORDER BY place LIMIT {PAGE}",
                {"after": after},
            ).execute()[0]
            least = min(least, time.perf_counter() - began)
            assert found == list(range(after + 1, after + 1 + PAGE)), found
        return least * 1_000

    taken = {}
    for condition in ("agent = 'planner'", "agents CONTAINS 'planner'"):
        first, deep = page(condition, -1), page(condition, ROWS - 100)
        taken[condition] = deep / first
        print(f"{condition}: ten rows at the beginning {first:.1f} ms, at the end of {ROWS:,} {deep:.1f} ms")
    plain, array = taken.values()
    if plain > 5 or array < 10:
        sys.exit("CHANGED: deep pages cost what the first one does for a plain field, and many times that for an array")
PYTHON
