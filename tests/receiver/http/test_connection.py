"""What no handler sees: limits on heads, connections and time, and bytes that are not HTTP."""

import asyncio
import gzip
import json

import pytest

from receiver.http.admission import ADMISSION
from receiver.http.metrics import Metrics

pytestmark = pytest.mark.asyncio(loop_scope="module")


def status_of(answer):
    """Return the code, the headers' text and the google.rpc.Status of a raw answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), json.loads(body)


def get(*lines, target="/healthz"):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


class TestHead:
    async def test_may_have_as_many_headers_as_the_limit_says(self, start):
        receiver = await start(max_headers=10)
        fill = [f"X-{number}: y" for number in range(8)]
        assert (await receiver.raw(get("Connection: close", *fill))).startswith(b"HTTP/1.1 200")
        code, _, told = status_of(await receiver.raw(get("Connection: close", *fill, "X-Last: y")))
        assert (code, told["code"]) == (400, 3)
        assert told["message"] == "expected at most 10 headers (server.max_headers)"

    @pytest.mark.parametrize(
        "request_",
        [lambda size: get("X-Large: " + "x" * size), lambda size: get(target="/healthz?" + "x" * size)],
        ids=["header", "request line"],
    )
    async def test_may_have_lines_as_long_as_the_limit_says(self, start, request_):
        receiver = await start(max_header_bytes=2048)
        assert (await receiver.raw(request_(1900)[:-2] + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 ")
        code, _, told = status_of(await receiver.raw(request_(2100)))
        assert code == 400
        assert "at most 2KiB each (server.max_header_bytes)" in told["message"]

    async def test_that_comes_too_slowly_is_408(self, start):
        receiver = await start(header_timeout=0.3)
        code, head, told = status_of(await receiver.raw(b"GET /healthz HTT"))
        assert (code, told["code"]) == (408, 4)
        assert "Connection: close" in head
        assert "within 0.3 s" in told["message"]

    async def test_of_the_next_request_has_its_own_time(self, start):
        receiver = await start(header_timeout=0.3)
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(get())
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.4)
        writer.write(b"GET /he")
        assert b"HTTP/1.1 408" in await asyncio.wait_for(reader.read(), 20)
        writer.close()

    async def test_that_comes_in_pieces_in_time_is_read(self, start):
        receiver = await start(header_timeout=20)
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        for byte in get("Connection: close"):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 200")
        writer.close()


class TestBody:
    async def test_that_comes_too_slowly_is_408_in_the_requests_encoding(self, start, sender):
        receiver = await start(body_timeout=0.3)

        async def slow():
            while True:
                yield b"\n"
                await asyncio.sleep(0.02)

        answer = await receiver.post(sender.path, slow(), sender.content_type)
        status = sender.parse_status(answer.body)
        assert (answer.status, status.code) == (408, 4)
        assert status.message.startswith("body: expected all of it within 0.3 s; ")
        assert answer.headers["Connection"] == "close"

    async def test_that_never_comes_costs_nobody_else_anything(self, start, sender):
        receiver = await start(body_timeout=20)
        head = f"POST {sender.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {sender.content_type}\r\n"
        waiting = [asyncio.create_task(receiver.raw(f"{head}Content-Length: 9\r\n\r\n".encode())) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert (await sender.to(receiver, sender.item())).status == 200
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class TestBodiesTogether:
    async def test_are_told_to_come_again_where_they_are_over_the_limit(self, start, sender):
        receiver = await start(max_in_flight_bytes=100_000)
        head = f"POST {sender.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {sender.content_type}\r\n"
        held = asyncio.create_task(
            receiver.raw(f"{head}Content-Length: 90001\r\n\r\n".encode() + b"x" * 90_000, seconds=60)
        )
        async with asyncio.timeout(30):
            while receiver.app[ADMISSION].bytes < 90_000:
                await asyncio.sleep(0.01)
        body = sender.body(*map(sender.item, range(1, 300)))
        answer = await receiver.post(sender.path, body, sender.content_type)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert "server.max_in_flight_bytes" in sender.parse_status(answer.body).message
        assert (await sender.to(receiver, sender.item())).status == 200
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
        for _ in range(3):  # what was held is given back, and one that is alone is never too large
            assert (await receiver.post(sender.path, body, sender.content_type)).status == 200

    async def test_count_as_they_are_once_decompressed(self, start, sender):
        receiver = await start(max_in_flight_bytes=200_000)
        body = sender.body(*map(sender.item, range(1, 6000)))
        assert len(body) > 200_000
        answers = await asyncio.gather(
            *(
                receiver.post(sender.path, gzip.compress(body), sender.content_type, content_encoding="gzip")
                for _ in range(8)
            )
        )
        assert {answer.status for answer in answers} == {200, 503}


class TestConnections:
    async def test_without_a_request_are_closed(self, start):
        receiver = await start(idle_timeout=0.3)
        assert await receiver.raw(b"") == b""
        assert (await receiver.raw(get())).startswith(b"HTTP/1.1 200")

    async def test_over_the_limit_are_told_to_come_again_and_counted(self, start):
        receiver = await start(max_connections=3)
        held = [await asyncio.open_connection("127.0.0.1", receiver.port) for _ in range(3)]
        for reader, writer in held:
            writer.write(get())
            assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 200")
        code, head, told = status_of(await receiver.raw(get()))
        assert (code, told["code"]) == (503, 14)
        assert "\r\nRetry-After: 1" in head
        assert "all 3 connections (server.max_connections)" in told["message"]
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        refused = 1
        while (answer := await receiver.get("/metrics")).status == 503:  # until it has noticed
            refused += 1
        assert f"refused_connections_total {refused}.0".encode() in answer.body

    async def test_of_clients_that_went_away_count_no_longer(self, start):
        receiver = await start(max_connections=2)
        for _ in range(20):
            assert (await receiver.raw(get("Connection: close"))).startswith(b"HTTP/1.1 200")

    async def test_read_an_answer_that_came_before_their_body_was_sent(self, start, sender):
        receiver = await start(max_connections=1)
        _, held = await asyncio.open_connection("127.0.0.1", receiver.port)
        await asyncio.sleep(0.1)
        answer = await receiver.post(sender.path, b"x" * 1_000_000, sender.content_type)
        assert answer.status == 503
        held.close()


NOT_HTTP = {
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
    "words": b"hello, is anybody there?\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "nul": b"GET / HTTP/1.1\r\nHost: x\r\nX-Nul: a\x00b\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n",
    "bare": b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "url": b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("bytes_", NOT_HTTP.values(), ids=NOT_HTTP)
async def test_bytes_that_are_not_http_are_told_so_in_our_form(receiver, caplog, bytes_):
    code, head, told = status_of(await receiver.raw(bytes_))
    assert (code, told["code"]) == (400, 3)
    assert "Content-Type: application/json\r\n" in head + "\r\n"
    assert told["message"]
    assert "Traceback" not in caplog.text
    assert (await receiver.get("/healthz")).status == 200


async def test_an_expectation_that_nobody_knows_is_400(receiver, sender):
    answer = await sender.to(receiver, sender.item(), expect="miracles")
    assert answer.status == 400
    assert sender.parse_status(answer.body).message == "Expect: expected 100-continue; got 'miracles'"


async def test_a_broken_body_behind_an_early_answer_is_a_line_in_the_log(start, caplog):
    receiver = await start(keys=["one"])
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
    writer.write(head)
    assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 401")
    writer.write(b"zz-secret\r\n")
    await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert "Traceback" not in caplog.text
    assert "zz-secret" not in caplog.text


async def test_a_fault_outside_every_handler_is_500_without_its_details(receiver, sender, monkeypatch, caplog):
    def break_down(*_):
        raise RuntimeError("a detail of ours")

    monkeypatch.setattr(Metrics, "answered", break_down)
    answer = await sender.to(receiver, sender.item())
    assert (answer.status, sender.parse_status(answer.body).code) == (500, 13)
    assert b"detail" not in answer.body
    assert "RuntimeError: a detail of ours" in caplog.text
