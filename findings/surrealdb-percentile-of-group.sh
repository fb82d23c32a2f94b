#!/usr/bin/env bash
# SurrealDB: of the rows of a group math::median is a number, and math::percentile a list with a null for each row.
# Guess: what the one takes, the other takes too; or the query is refused.
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


def ask(query, **values):
    try:
        answer = database.query(query, values).execute()[0]
    except Exception as error:  # the kind differs with the version; its words are shown
        answer = f"{type(error).__name__}: {error}"
    print(f"{query}\n    {answer}")
    return answer


# How many milliseconds five calls of a model took, two of them the same.
took = [100, 100, 200, 300, 900]
database.query("INSERT INTO call $calls", {"calls": [{"model": "small", "ms": ms} for ms in took]}).execute()


def of_rows(call):
    return ask(f"SELECT model, {call} AS ms FROM call GROUP BY model")[0]["ms"]


median = of_rows("math::median(ms)")
percentile = of_rows("math::percentile(ms, 90)")
top = of_rows("math::top(ms, 2)")
spread = of_rows("math::spread(ms)")
of_group = of_rows("math::percentile(array::group(ms), 90)")
of_list = ask("RETURN math::percentile($took, 90)", took=took)

nulls = [None] * 5
if not (median == 200 and percentile == top == spread == nulls and of_group == of_list == 660):
    raise SystemExit("CHANGED: math::percentile, top or spread of a group's rows is no longer a list of nulls")
print("SEEN: the 90th percentile of five rows is five nulls without an error; of array::group of them it is right")
PYTHON
