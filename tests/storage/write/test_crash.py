"""What was acknowledged is there after a kill, also after a disk that was full for a while."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from storage.surreal.database import Database

# A receiver's storage without the receiver: it writes without end, four requests at a time, and prints the ids of what
# was acknowledged. `full` limits the size of files as a full disk would (setrlimit(2)), for 160 writes.
PROGRAM = """
    import asyncio, resource, signal, sys, uuid
    from mapping.errors import Problem
    from mapping.model import Event
    from storage.surreal import schema
    from storage.surreal.database import Database
    from storage.write.writer import Writer

    async def main(url, full):
        signal.alarm(250)  # the end of a test that hangs
        database = Database(url, namespace="n", database="d")

        def disk(size):
            limits = (size, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)  # of the engines started from now on
            if database._connection is not None:
                resource.prlimit(database._connection.pid, resource.RLIMIT_FSIZE, limits)

        await schema.apply(database.run)
        writer = Writer(database, agent_window=10**9, committed=lambda _: None)
        acknowledged = 0

        async def write():
            nonlocal acknowledged
            event = Event(id=str(uuid.uuid4()), timestamp=0, kind="json", properties={"x": "y" * 5000}, session_id="s")
            try:
                (outcome,) = await writer.write([event])
            except Problem as problem:
                print("refused", problem.code.name, flush=True)
                await asyncio.sleep(0.01)
            else:
                assert outcome.event_id == event.id, outcome
                acknowledged += 1
                print("stored", event.id, flush=True)

        async def sender():
            while True:
                await write()

        if full:
            await asyncio.gather(*[write() for _ in range(10)])
            disk(300_000)
            for _ in range(40):
                await asyncio.gather(*[write() for _ in range(4)])
            disk(resource.RLIM_INFINITY)
            print("room", "again", flush=True)
        await asyncio.gather(*[sender() for _ in range(4)])

    asyncio.run(main(sys.argv[1], sys.argv[2] == "full"))
"""


def killed_after(url, disk, enough):
    """Run the program, kill it and its engine once it has printed enough, and return the lines it has printed."""
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), url, disk],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines = []
    with program:
        for line in program.stdout:
            lines.append(line.split())
            if enough(lines):
                os.killpg(program.pid, signal.SIGKILL)
                break
        lines += [line.split() for line in program.stdout if line.endswith("\n")]
    return lines


async def stored(url):
    database = Database(url, namespace="n", database="d")
    events, (reached,), traces, queued = await database.query(
        "SELECT VALUE id FROM agent_event; SELECT VALUE <~agent_event FROM agent_trace;"
        "SELECT VALUE event_count FROM agent_trace; SELECT VALUE event_ids FROM index_queue"
    )
    await database.close()
    assert set(events) == set(reached) == {event_id for ids in queued for event_id in ids}
    assert traces == [len(events)]
    return set(events)


async def sixty_acknowledged(url):
    lines = await asyncio.to_thread(killed_after, url, "empty", lambda lines: len(lines) == 60)
    assert {outcome for outcome, _ in lines} == {"stored"}
    return [event_id for _, event_id in lines]


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    url = f"surrealkv://{tmp_path}/surreal"
    acknowledged = set()
    for _ in range(3):
        acknowledged |= set(await sixty_acknowledged(url))
        assert acknowledged <= await stored(url)
    assert len(acknowledged) >= 180


def torn(log):
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 10)


def followed_by(tail):
    def damage(log):
        with log.open("ab") as file:
            file.write(tail)

    return damage


# A commit may hold an event of each of the program's four senders.
@pytest.mark.parametrize(
    ("damage", "lost"),
    [(torn, 4), (followed_by(bytes(range(200))), 0), (followed_by(bytes(3000)), 0)],
    ids=["torn", "followed by rubbish", "followed by zeros"],
)
async def test_what_is_acknowledged_after_a_start_with_a_damaged_log_is_there_after_a_kill(tmp_path, damage, lost):
    url = f"surrealkv://{tmp_path}/surreal"
    before = await sixty_acknowledged(url)
    (log,) = (tmp_path / "surreal" / "wal").iterdir()
    damage(log)
    after = [*await sixty_acknowledged(url), *await sixty_acknowledged(url)]
    assert {*before[: len(before) - lost], *after} <= await stored(url)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on another process's files is Linux's")
async def test_what_was_acknowledged_after_a_full_disk_is_there_after_a_kill(tmp_path):
    url = f"surrealkv://{tmp_path}/surreal"

    def enough(lines):
        return ["room", "again"] in lines[:-60] and all(line[0] == "stored" for line in lines[-60:])

    lines = await asyncio.to_thread(killed_after, url, "full", enough)
    assert enough(lines)
    assert {line[1] for line in lines if line[0] == "refused"} == {"UNAVAILABLE"}
    assert {line[1] for line in lines if line[0] == "stored"} <= await stored(url)
