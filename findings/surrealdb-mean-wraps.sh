#!/usr/bin/env bash
# SurrealDB: math::sum goes past 64 bits without a word, and so does math::mean where it aggregates a query's rows.
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


# When six spans began, in nanoseconds since 1970, as OTLP tells it: each fits 63 bits, the six together do not.
starts = [1_800_000_000_000_000_000 + n for n in range(6)]
database.query("INSERT INTO span $spans", {"spans": [{"start": start} for start in starts]}).execute()

of_rows = ask("SELECT math::sum(start) AS sum, math::mean(start) AS mean FROM span GROUP ALL")[0]
of_list = ask("RETURN math::mean($starts)", starts=starts)
refused = ask("RETURN $a + $b", a=2**62, b=2**62)

wrapped = (sum(starts) + 2**63) % 2**64 - 2**63
seen = (
    of_rows["sum"] == wrapped
    and of_rows["mean"] == wrapped / 6
    and of_list == 1.8e18
    and str(refused).startswith("ValidationError")
)
if not seen:
    raise SystemExit("CHANGED: sum and mean of rows no longer wrap, or + and the mean of a list are no longer right")
print("SEEN: mean of six times of 2027 is negative among rows, right in a list; + refuses what math::sum wraps")
PYTHON
