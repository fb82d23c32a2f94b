"""An engine that is killed while it is asked: for a moment its pipe is broken and its end is not yet known."""

import asyncio
import os
import signal

import pytest
import uvloop

from mapping.errors import Problem
from storage.surreal.database import Database

KILLS = 20


async def ask_and_kill(url):
    database = Database(url, namespace="n", database="d")
    await database.open()
    answered = refused = 0
    stopping = False

    async def ask():
        nonlocal answered, refused
        while not stopping:
            try:
                await database.query("RETURN 1")
                answered += 1
            except Problem:
                refused += 1

    async with asyncio.TaskGroup() as asking:
        for _ in range(4):
            asking.create_task(ask())
        for _ in range(KILLS):
            enough = answered + 50
            while answered < enough:
                await asyncio.sleep(0.005)
            os.kill(database._connection.pid, signal.SIGKILL)
        stopping = True
    await database.close()
    return refused


@pytest.mark.parametrize("new_event_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_whoever_asks_a_dying_engine_is_told_to_come_again(tmp_path, new_event_loop):
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(ask_and_kill(f"surrealkv://{tmp_path}/surreal")) > 0
