"""More arrives than can be stored: who waits, who is told to come again, and when."""

import asyncio
import contextlib

import pytest

from receiver.http.admission import ADMISSION

pytestmark = pytest.mark.asyncio(loop_scope="module")

BATCH = "/api/v1/events/batch"
HEAD = f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def batch(text="x"):
    return b'{"events": [{"timestamp": "2026-01-09T12:00:00Z", "properties": {"text": "%s"}}]}' % text.encode()


async def answer_before_the_body(receiver, size):
    """Announce a body, send none of it, and return the head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
    writer.write(f"{HEAD}Content-Length: {size}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    writer.close()
    await writer.wait_closed()
    return answer


async def until(is_so):
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.fixture
def stuck(monkeypatch):
    """Makes a receiver's store take no more: `written` holds what was given to it, `go` lets it work again."""

    class Stuck:
        def __init__(self, receiver):
            self.written = []
            self.go = asyncio.Event()
            write = receiver.storage.writer.write

            async def slow(events):
                self.written += [event.properties["text"] for event in events]
                await self.go.wait()
                return await write(events)

            monkeypatch.setattr(receiver.storage.writer, "write", slow)

    return Stuck


@pytest.fixture
def one_at_a_time(start):
    """Starts a receiver that decodes one body at a time. `waits` are the seconds of its `Admission`."""

    async def starts(**waits):
        receiver = await start()
        for name, value in {"most_at_work": 1, **waits}.items():
            setattr(receiver.app[ADMISSION], name, value)
        return receiver

    return starts


async def test_a_body_for_which_there_is_no_room_is_refused_before_it_is_sent(start):
    receiver = await start(max_in_flight_bytes=100_000)
    held = asyncio.create_task(receiver.raw(f"{HEAD}Content-Length: 60001\r\n\r\n".encode() + b"x" * 60_000))
    await until(lambda: receiver.app[ADMISSION].bytes == 60_000)
    answer = await answer_before_the_body(receiver, 50_000)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 1\r\n" in answer
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)


async def test_bodies_wait_for_their_turn_and_are_stored_in_the_order_they_came(stuck, one_at_a_time):
    receiver = await one_at_a_time()
    store = stuck(receiver)
    names = [f"text {number}" for number in range(5)]
    sent = []
    for number, name in enumerate(names):
        sent.append(asyncio.create_task(receiver.post(BATCH, batch(name))))
        await until(lambda number=number: store.written and receiver.app[ADMISSION].waiting == number)
    assert store.written == names[:1]
    store.go.set()
    assert {answer.status for answer in await asyncio.gather(*sent)} == {200}
    assert store.written == names


async def test_what_fits_is_stored_together(start, stuck):
    receiver = await start()
    store = stuck(receiver)
    sent = [asyncio.create_task(receiver.post(BATCH, batch())) for _ in range(5)]
    await until(lambda: len(store.written) == 5)
    store.go.set()
    assert {answer.status for answer in await asyncio.gather(*sent)} == {200}


async def test_while_the_first_waits_long_others_are_refused_before_they_send(stuck, one_at_a_time):
    receiver = await one_at_a_time(long_wait=0.2)
    store = stuck(receiver)
    sent = [asyncio.create_task(receiver.post(BATCH, batch())) for _ in range(2)]
    await until(lambda: receiver.app[ADMISSION].waiting == 1)
    await asyncio.sleep(0.3)
    answer = await answer_before_the_body(receiver, 50_000)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 2\r\n" in answer
    assert (await receiver.get("/api/v1/traces")).status == 200
    store.go.set()
    assert {answer.status for answer in await asyncio.gather(*sent)} == {200}
    assert (await receiver.post(BATCH, batch())).status == 200


async def test_nobody_waits_longer_than_clients_do(stuck, one_at_a_time):
    receiver = await one_at_a_time(longest_wait=0.2)
    store = stuck(receiver)
    first = asyncio.create_task(receiver.post(BATCH, batch()))
    await until(lambda: store.written)
    answers = await asyncio.gather(*(receiver.post(BATCH, batch()) for _ in range(3)))
    assert [(answer.status, answer.headers["Retry-After"]) for answer in answers] == [(503, "2")] * 3
    store.go.set()
    assert (await first).status == 200
    assert len(store.written) == 1
    assert (await receiver.post(BATCH, batch())).status == 200


async def test_what_a_client_no_longer_waits_for_is_not_stored(stuck, one_at_a_time):
    receiver = await one_at_a_time()
    store = stuck(receiver)
    first = asyncio.create_task(receiver.post(BATCH, batch("first")))
    await until(lambda: store.written)
    body = batch("of a client that hangs up")
    with contextlib.suppress(TimeoutError):
        await receiver.raw(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body, seconds=0.2)
    store.go.set()
    assert (await first).status == 200
    assert (await receiver.post(BATCH, batch("last"))).status == 200
    assert store.written == ["first", "last"]
