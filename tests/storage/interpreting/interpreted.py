"""A store with an interpreter beside it, and spans of agents to be interpreted."""

import asyncio
import contextlib

import msgspec

from mapping.model import Event
from mapping.times import NS
from storage.interpreting.interpreter import Interpreter
from storage.interpreting.messages import Begin, Load, Write
from storage.interpreting.worker import Worker
from storage.read.call_pages import calls_in
from storage.surreal import cbor
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS

OPERATIONS = {"agent": "invoke_agent", "model": "chat", "tool": "execute_tool"}


def call(kind, number, *, above=None, trace="1" * 32, at=0, seconds=1, session=None, agent=None, **properties):
    """Make the span of a call: `number` is that of the span, `above` its parent's, `at` seconds since noon."""
    properties = {"gen_ai.operation.name": OPERATIONS[kind], **properties}
    if session:
        properties["gen_ai.conversation.id"] = session
    if agent:
        properties["gen_ai.agent.name"] = agent
    return Event(
        id=f"00000000-0000-4000-8000-{trace[-4:]}{number:08x}",
        timestamp=NOON + int(at * NS),
        duration=int(seconds * NS),
        kind="internal",
        trace_id=trace,
        span_id=f"{number:016x}",
        parent_span_id=None if above is None else f"{above:016x}",
        name=f"{OPERATIONS[kind]} {number}",
        session_id=session,
        agent_id=agent,
        properties=properties,
    )


def model(number, input_tokens=10, output_tokens=1, **fields):
    return call(
        "model",
        number,
        **{"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": input_tokens},
        **{"gen_ai.usage.output_tokens": output_tokens},
        **fields,
    )


def tool(number, name="look", **fields):
    return call("tool", number, **{"gen_ai.tool.name": name}, **fields)


def agent(number, name, **fields):
    return call("agent", number, agent=name, **fields)


class Running:
    """A store with an interpreter beside it. `write` stores events as a receiver does."""

    def __init__(self, database, interpreter):
        self.database = database
        self.interpreter = interpreter
        self._writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))

    async def write(self, *events):
        return await self._writer.write(events)

    async def settled(self):
        """Wait until all is interpreted."""
        async with asyncio.timeout(60):
            while self.interpreter.pending or self.interpreter.state != "ready":
                await asyncio.sleep(0.01)

    async def calls(self):
        """Return all calls by id, in the order of their start."""
        return {row["id"]: row for page in (await self.rows("agent_call")).values() for row in calls_in(page)}

    async def rows(self, table):
        """Return a table's rows by id."""
        (found,) = await self.database.query(f"SELECT * FROM {table}")  # noqa: S608 - a table's name
        return {tuple(row["id"]) if isinstance(row["id"], list) else row["id"]: row for row in found}


@contextlib.asynccontextmanager
async def running(database, membership=None, **options):
    interpreter = Interpreter(database, membership=membership, retry_after=0.01, linger=0.01, **options)
    await interpreter.count_pending()
    interpreting = asyncio.create_task(interpreter.run())
    try:
        yield Running(database, interpreter)
    finally:
        interpreting.cancel()
        await asyncio.gather(interpreting, return_exceptions=True)
        assert interpreter.state != "failed", interpreter.reason


class Here:
    """The interpreter's process without the process, so that its work can be looked at."""

    def __init__(self):
        self._worker = Worker()
        self._worker.load(Load())
        self.work = self._worker.work
        # Traces whose runs were written, in their order.
        self.written = []
        self.wrote = lambda _trace_id: None

    async def ask(self, given):
        step = await asyncio.to_thread(self._worker.begin if isinstance(given, Begin) else self._worker.next, given)
        if isinstance(step, Write):
            for run in cbor.decode(step.variables["new_runs"]) if "new_runs" in step.variables else []:
                self.written.append(run["id"])
                self.wrote(run["id"])
        return msgspec.to_builtins(step, builtin_types=(bytes,))


async def settled(interpreter):
    async with asyncio.timeout(300):
        while interpreter.pending or interpreter.state != "ready":
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def interpreting(database, process, membership=None):
    interpreter = Interpreter(database, membership=membership, linger=0)
    await interpreter.count_pending()
    task = asyncio.create_task(interpreter._keep_up(process))
    writer = Writer(database, agent_window=0, committed=lambda new: interpreter.added(len(new)))

    async def write(*events):
        await writer.write(events)

    async def until_settled():
        waiting = asyncio.create_task(settled(interpreter))
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        await waiting

    try:
        yield write, until_settled
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
