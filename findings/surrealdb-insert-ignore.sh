#!/usr/bin/env bash
# SurrealDB: INSERT IGNORE leaves out rows that break the schema too, not only those that are there already; it says OK.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  surrealdb==3.0.0b10 surrealdb-embedded==3.0.0b10
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from surrealdb import Surreal

print("surrealdb", version("surrealdb"), "surrealdb-embedded", version("surrealdb-embedded"))
database = Surreal("mem://")
database.use("telemetry", "telemetry")
database.query("DEFINE TABLE call SCHEMAFULL; DEFINE FIELD tokens ON call TYPE int").execute()
rows = [{"id": 1, "tokens": 10}, {"id": 2, "tokens": "10"}, {"id": 3, "tokens": 30}]

try:
    plain = database.query("INSERT INTO call $rows", {"rows": rows}).execute()
except Exception as error:  # the kind differs with the version; its words are shown
    plain = f"{type(error).__name__}: {error}"
print(f"INSERT: {plain}")
kept_by_plain = database.query("SELECT VALUE tokens FROM call").execute()[0]
answer = database.query("INSERT IGNORE INTO call $rows", {"rows": rows}).execute()
print(f"INSERT IGNORE: {answer}")
kept = database.query("SELECT VALUE tokens FROM call ORDER BY id").execute()[0]
print(f"stored after INSERT: {kept_by_plain}, after INSERT IGNORE: {kept}")

if not ("coerce" in str(plain) and kept_by_plain == [] and kept == [10, 30]):
    raise SystemExit("CHANGED: INSERT IGNORE no longer drops a row that breaks the schema without an error")
print("SEEN: the row whose tokens are text is gone without an error; INSERT alone refuses all three")
PYTHON
