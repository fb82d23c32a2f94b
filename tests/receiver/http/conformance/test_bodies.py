"""OTLP/HTTP 1.11, row by row: encodings, sizes, transfer."""

import asyncio
import gzip
import zlib

import cramjam
import pytest
import zstandard

from receiver.http.admission import ADMISSION

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPRESS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "zstd": zstandard.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "x-snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
}


@pytest.fixture(params=sorted(COMPRESS))
def encoding(request):
    return request.param


class TestEncodings:
    """None, identity and those of the table; unknown: 415 with Accept-Encoding; corrupt or empty under a codec: 400."""

    async def test_is_undone(self, fresh, sender, encoding):
        body = COMPRESS[encoding](sender.body(sender.item()))
        answer = await fresh.post(sender.path, body, sender.content_type, content_encoding=encoding.upper())
        assert answer.status == 200
        assert (await fresh.read("/api/v1/stats"))["events"] == 1

    async def test_is_undone_for_json_events_too(self, receiver, encoding):
        body = COMPRESS[encoding](b'{"timestamp": "2026-01-07T19:00:00Z"}')
        assert (await receiver.post("/api/v1/events", body, content_encoding=encoding)).status == 200

    @pytest.mark.parametrize("given", [None, "", "identity", "Identity"])
    async def test_may_be_none(self, receiver, sender, given):
        assert (await sender.to(receiver, sender.item(), content_encoding=given)).status == 200

    @pytest.mark.parametrize("given", ["br", "zstandard", "gzip, gzip", "gzip;q=1", "\xff"])
    async def test_that_is_unknown_is_415_that_names_the_known_ones(self, receiver, sender, given):
        answer = await sender.to(receiver, sender.item(), content_encoding=given)
        assert answer.status == 415
        assert sorted(answer.headers["Accept-Encoding"].split(", ")) == sorted(COMPRESS)
        assert (
            f"identity or one of {answer.headers['Accept-Encoding']}; got" in sender.parse_status(answer.body).message
        )

    async def test_that_is_unknown_is_415_for_json_events_too(self, receiver):
        answer = await receiver.post("/api/v1/events", b"{}", content_encoding="br")
        assert (answer.status, answer.json()["error"]) == (415, "unsupported_encoding")
        assert "gzip" in answer.headers["Accept-Encoding"]

    @pytest.mark.parametrize(
        "damage",
        [lambda _: b"", lambda body: body[:-3], lambda body: body[:5], lambda _: b"1234", lambda body: body + b"1234"],
        ids=["empty", "without its end", "five bytes", "plain", "more behind it"],
    )
    async def test_over_a_body_that_is_not_in_it_is_400(self, receiver, sender, encoding, damage):
        body = damage(COMPRESS[encoding](sender.body(sender.item())))
        answer = await receiver.post(sender.path, body, sender.content_type, content_encoding=encoding)
        assert answer.status == 400
        assert f"body: expected {encoding} data" in sender.parse_status(answer.body).message


class TestSize:
    """Before and after decompression: a body as long as the limit passes, one byte longer is 413."""

    @pytest.mark.parametrize(("slack", "status"), [(0, 200), (-1, 413)])
    @pytest.mark.parametrize("compress", [None, *COMPRESS])
    async def test_is_what_the_limit_says(self, start, sender, slack, status, compress):
        body = sender.body(*map(sender.item, range(1, 50)))
        receiver = await start(max_body_bytes=len(body) + slack)
        sent = COMPRESS[compress](body) if compress else body
        answer = await receiver.post(sender.path, sent, sender.content_type, content_encoding=compress)
        assert answer.status == status
        if status == 413:
            assert sender.parse_status(answer.body).code == 8
            assert "server.max_body_bytes" in sender.parse_status(answer.body).message

    async def test_counts_when_it_is_not_told_beforehand(self, start, sender):
        async def chunks():
            for _ in range(100):
                yield b"x" * 1000

        receiver = await start(max_body_bytes=50_000)
        assert (await receiver.post(sender.path, chunks(), sender.content_type)).status == 413

    async def test_of_a_json_event_counts_too(self, start):
        receiver = await start(max_body_bytes=10)
        answer = await receiver.post("/api/v1/events", b'{"timestamp": ""}')
        assert (answer.status, answer.json()["error"]) == (413, "resource_exhausted")


def head(sender, *lines):
    return "\r\n".join(
        [f"POST {sender.path} HTTP/1.1", "Host: x", f"Content-Type: {sender.content_type}", *lines, "", ""]
    ).encode()


class TestTransfer:
    """Chunked request bodies, keep-alive, pipelining across many connections."""

    async def test_may_be_chunked(self, receiver, sender):
        async def chunks():
            body = sender.body(sender.item())
            for start in range(0, len(body), 7):
                yield body[start : start + 7]

        assert (await receiver.post(sender.path, chunks(), sender.content_type)).status == 200

    async def test_keeps_the_connection_and_takes_requests_behind_each_other_on_many(self, fresh, sender):
        async def ten_requests(client):
            requests = []
            for number in range(10):
                body = sender.body(sender.item(1 + client * 10 + number))
                last = ["Connection: close"] if number == 9 else []
                requests.append(head(sender, f"Content-Length: {len(body)}", *last) + body)
            return await fresh.raw(b"".join(requests))

        answers = await asyncio.gather(*map(ten_requests, range(20)))
        assert [answer.count(b"HTTP/1.1 200 OK") for answer in answers] == [10] * 20
        assert (await fresh.read("/api/v1/stats"))["events"] == 200

    async def test_goes_on_after_an_error_on_the_same_connection(self, receiver, sender):
        good = sender.body(sender.item())
        answers = await receiver.raw(
            head(sender, "Content-Length: 4")
            + b"1234"
            + head(sender, f"Content-Length: {len(good)}", "Connection: close")
            + good
        )
        assert answers.startswith(b"HTTP/1.1 400")
        assert b"HTTP/1.1 200" in answers

    async def test_waits_for_100_continue(self, receiver, sender):
        body = sender.body(sender.item())
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(head(sender, f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"))
        assert await asyncio.wait_for(reader.readline(), 10) == b"HTTP/1.1 100 Continue\r\n"
        writer.write(body)
        assert b"HTTP/1.1 200" in await asyncio.wait_for(reader.read(), 10)
        writer.close()

    @pytest.mark.parametrize(
        ("line", "body"),
        [
            ("Content-Length: 100", b"1234"),
            ("Transfer-Encoding: chunked", b"ff\r\n1234"),
            ("Transfer-Encoding: chunked", b"zz\r\n1234"),
            ("Content-Length: -1", b"1234"),
        ],
    )
    async def test_that_breaks_off_is_the_senders_fault(self, receiver, sender, caplog, line, body):
        answer = await receiver.raw(head(sender, line) + body, eof=True)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), answer
        assert "Traceback" not in caplog.text
        assert (await receiver.get("/healthz")).status == 200

    @pytest.mark.parametrize("rest", [b"zz\r\n1234\r\n", b"4\r\n1234567\r\n", b"-1\r\n\r\n"])
    async def test_in_chunks_that_are_none_is_400_at_once(self, receiver, sender, caplog, rest):
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(head(sender, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n")
        async with asyncio.timeout(30):
            while receiver.app[ADMISSION].bytes < 2:  # until it is being read
                await asyncio.sleep(0.01)
        writer.write(rest)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        first, _, body = answer.partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 400")
        assert b"body: it broke off after" in body
        assert "Traceback" not in caplog.text
