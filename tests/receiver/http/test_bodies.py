import asyncio
import gzip
import zlib

import pytest
import zstandard

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress}


@pytest.fixture(params=sorted(COMPRESS))
def encoding(request):
    return request.param


class TestEncoding:
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

    @pytest.mark.parametrize("given", ["br", "zstandard", "gzip, gzip", "gzip;q=1"])
    async def test_that_is_unknown_is_400_that_names_the_known_ones(self, receiver, sender, given):
        answer = await sender.to(receiver, sender.item(), content_encoding=given)
        assert answer.status == 400
        assert "identity or one of gzip, deflate, zstd" in sender.parse_status(answer.body).message

    @pytest.mark.parametrize(
        "damage", [lambda _: b"", lambda body: body[:-3], lambda body: body[:5], lambda _: b"1234"]
    )
    async def test_over_a_body_that_is_empty_broken_off_or_plain_is_400(self, receiver, sender, encoding, damage):
        body = damage(COMPRESS[encoding](sender.body(sender.item())))
        answer = await receiver.post(sender.path, body, sender.content_type, content_encoding=encoding)
        assert answer.status == 400
        assert f"body: expected {encoding} data" in sender.parse_status(answer.body).message

    async def test_that_nothing_was_done_for_is_an_error_of_the_body(self, receiver, sender, encoding):
        answer = await sender.to(receiver, content_encoding=encoding)
        assert answer.status == 400


class TestSize:
    @pytest.mark.parametrize(("slack", "status"), [(0, 200), (-1, 413)])
    @pytest.mark.parametrize("compress", [None, "gzip"])
    async def test_is_what_the_limit_says_before_and_after_decompression(self, start, sender, slack, status, compress):
        body = sender.body(*map(sender.item, range(1, 50)))
        receiver = await start(max_body_bytes=len(body) + slack)
        sent = COMPRESS[compress](body) if compress else body
        answer = await receiver.post(sender.path, sent, sender.content_type, content_encoding=compress)
        assert answer.status == status
        if status == 413:
            assert sender.parse_status(answer.body).code == 8

    async def test_counts_when_it_is_not_told_beforehand(self, start, sender):
        async def chunks():
            for _ in range(100):
                yield b"x" * 1000

        receiver = await start(max_body_bytes=50_000)
        answer = await receiver.post(sender.path, chunks(), sender.content_type)
        assert answer.status == 413

    async def test_of_a_json_event_counts_too(self, start):
        receiver = await start(max_body_bytes=10)
        answer = await receiver.post("/api/v1/events", b'{"timestamp": ""}')
        assert answer.status == 413
        assert answer.json()["error"] == "resource_exhausted"


async def test_a_chunked_body_is_read(receiver, sender):
    async def chunks():
        body = sender.body(sender.item())
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    assert (await receiver.post(sender.path, chunks(), sender.content_type)).status == 200


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Length: 100", b"1234"),
        ("Transfer-Encoding: chunked", b"ff\r\n1234"),
        ("Transfer-Encoding: chunked", b"zz\r\n1234"),
        ("Content-Length: -1", b"1234"),
    ],
)
async def test_a_body_that_breaks_off_is_the_senders_fault(receiver, caplog, head, body):
    request = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
    writer.write(request)
    await writer.drain()
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), answer
    assert "Traceback" not in caplog.text
    assert (await receiver.get("/healthz")).status == 200
