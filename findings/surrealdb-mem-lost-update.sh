#!/usr/bin/env bash
# SurrealDB in memory: of transactions at once that each read a counter and write it one higher, all are told OK, and now
# and then the counter is lower than how many there were. On disk it is exact, or the transaction is refused.
# Guess: a write conflict is refused in memory as on disk ("can be retried"), so that no update is lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  surrealdb==3.0.0b10 surrealdb-embedded==3.0.0b10
timeout 170 "$folder/venv/bin/python" - "surrealkv://$folder/database" <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version

from surrealdb import AsyncSurreal

ADD_ONE = """
BEGIN;
LET $count = (SELECT VALUE count FROM ONLY counter:1);
UPDATE counter:1 SET count = $count + 1;
COMMIT
"""
AT_ONCE, EACH, ROUNDS = 6, 500, 30


async def lost(database):
    """Return how many were told OK and are not in the counter, and how many were refused and tried again."""
    await database.query("UPSERT counter:1 SET count = 0")
    refused = 0

    async def add():
        nonlocal refused
        for _ in range(EACH):
            while any(answer["status"] != "OK" for answer in (await database.query_raw(ADD_ONE))["result"]):
                refused += 1

    await asyncio.gather(*(add() for _ in range(AT_ONCE)))
    (count,) = (await database.query_raw("SELECT VALUE count FROM counter"))["result"][0]["result"]
    return AT_ONCE * EACH - count, refused


async def rounds(url, most):
    """Return how many rounds there were until one lost something, `most` at most, and how many were lost."""
    async with AsyncSurreal(url) as database:
        await database.use("telemetry", "telemetry")
        for number in range(1, most + 1):
            gone, refused = await lost(database)
            if gone:
                break
    print(f"{url.partition(':')[0]}: {number} rounds of {AT_ONCE * EACH}: {gone} lost; {refused} refused in the last")
    return number, gone


async def main():
    print("surrealdb", version("surrealdb"), "surrealdb-embedded", version("surrealdb-embedded"))
    needed, in_memory = await rounds("mem://", ROUNDS)
    _, on_disk = await rounds(sys.argv[1], min(needed, 10))
    if not in_memory or on_disk:
        sys.exit("CHANGED: in memory updates were lost and on disk none")


asyncio.run(main())
PYTHON
