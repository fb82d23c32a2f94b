"""A store that does not answer for a moment: the process goes on where it was, and nothing is lost or done twice."""

import asyncio

import pytest
from interpreted import Here, model, settled

from mapping.errors import Code, Problem
from storage.interpreting.interpreter import Interpreter
from storage.interpreting.queries import READS, WRITTEN
from storage.write.writer import Writer

TRACE = "1" * 32


class Away:
    """A database that fails once, at the first of these statements that comes after `leave`; `done` does it first."""

    def __init__(self, database, statements, *, done=False):
        self._database, self._statements, self._done = database, statements, done
        self.embedded = database.embedded
        self.is_leaving = False
        self.failed = 0

    def leave(self):
        self.is_leaving = True

    async def query(self, statements, **variables):
        return await self._ask(self._database.query, statements, variables)

    async def read(self, statements, **variables):
        return await self._ask(self._database.read, statements, variables)

    async def _ask(self, ask, statements, variables):
        if not self.is_leaving or self._statements not in statements:
            return await ask(statements, **variables)
        self.is_leaving = False
        self.failed += 1
        if self._done:
            await ask(statements, **variables)
        raise Problem(Code.UNAVAILABLE, "the store is away", retry_after=5)


@pytest.mark.parametrize(
    ("statements", "done"),
    [
        ("FROM interpretation_queue WHERE id > $since", False),
        (READS["traces"], False),
        (WRITTEN["new_pages"], False),
        (WRITTEN["new_pages"], True),
    ],
    ids=["the queue is read", "traces are read", "what they came to is written", "and was written, unheard"],
)
async def test_what_it_knows_of_a_trace_is_not_read_again(database, statements, done):
    away = Away(database, statements, done=done)
    interpreter, process = Interpreter(away, retry_after=0.01, linger=0), Here()
    interpreting = asyncio.create_task(interpreter._keep_up(process))
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))
    await settled(interpreter)
    other = "2" * 32
    await writer.write([model(number, trace=other) for number in range(1, 101)])
    await settled(interpreter)
    away.leave()
    await writer.write([model(number, trace=TRACE) for number in range(1, 11)])
    await settled(interpreter)
    await writer.write([model(101, trace=other)])
    await settled(interpreter)
    interpreting.cancel()
    await asyncio.gather(interpreting, return_exceptions=True)
    assert away.failed == 1
    (runs,) = await database.query("SELECT record::id(id) AS trace, calls FROM agent_run")
    assert {run["trace"]: run["calls"] for run in runs} == {TRACE: 10, other: 101}
    (left,) = await database.query("SELECT VALUE id FROM interpretation_queue")
    assert left == []
    # Only what may have been written is read again, to know whether it was.
    assert process.work.events.read == 111 + (10 if statements == WRITTEN["new_pages"] else 0)
