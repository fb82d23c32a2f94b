"""Who knocks at the wrong port is told the right one, in its own protocol; and limits hold for both kinds of ports."""

import asyncio
import importlib.util
import json
import re
import ssl
from pathlib import Path

import grpc
import pytest

from receiver.http.context import PORTS
from receiver.http.notices import NOTICES

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent


def module(path):
    """Return what another file has: tests cannot import each other (`--import-mode=importlib`)."""
    spec = importlib.util.spec_from_file_location(f"shared_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


shared = module(HERE / "conftest.py")
TRACES, HEALTH = shared.TRACES, "/grpc.health.v1.Health/Check"
of_tls = module(HERE.parent / "http" / "test_tls.py")


async def send(port, data, *, context=None, seconds=10):
    """Send bytes; return all that comes back until the connection is closed from there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


class TestGrpcOnAPortOfHttp:
    @pytest.mark.parametrize("method", [TRACES, HEALTH, "/a.B/C"])
    async def test_is_told_grpcs_port(self, receiver, connect, method, caplog, monkeypatch):
        monkeypatch.setattr(receiver.app[NOTICES], "pause", 0)
        port = receiver.app[PORTS].grpc
        told = await connect(receiver, receiver.port).call(method, b"")
        assert told.code == "UNIMPLEMENTED"
        assert told.details == f"this port takes OTLP over HTTP; OTLP over gRPC goes to port {port}"
        assert f"gRPC call {method} from 127.0.0.1 refused: this port takes OTLP over HTTP" in caplog.text

    async def test_is_told_that_there_is_none(self, start, connect):
        receiver = await start()
        told = await connect(receiver, receiver.port).call(TRACES, shared.spans(1))
        assert (told.code, told.details.partition("; ")[2]) == (
            "UNIMPLEMENTED",
            "OTLP over gRPC is off here (server.grpc_port)",
        )

    async def test_leaves_http_as_it_was(self, receiver, connect):
        await connect(receiver, receiver.port).call(TRACES, shared.spans(1))
        assert (await receiver.get("/readyz")).status == 200
        assert (await receiver.read("/api/v1/stats"))["events"] == 0

    async def test_may_begin_in_pieces(self, receiver):
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        writer.write(b"\0\0\0\4\0\0\0\0\0")  # empty SETTINGS
        frame = await asyncio.wait_for(reader.readexactly(9), 10)
        assert frame[3] == 4  # SETTINGS
        writer.close()

    async def test_that_says_no_more_than_its_preface_is_told_so_in_http2(self, start):
        receiver = await start(header_timeout=0.3)
        assert b"handshake timeout" in await receiver.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    async def test_that_begins_and_does_not_go_on_is_not_waited_for(self, start):
        receiver = await start(header_timeout=0.3)
        assert b"HTTP/1.1 408" in await receiver.raw(b"PRI * HTT")

    async def test_is_no_other_method_that_begins_alike(self, receiver):
        answer = await receiver.raw(b"PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 405")


class TestHttpOnGrpcsPort:
    @pytest.mark.parametrize(
        "request_",
        [b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\n"],
    )
    async def test_is_told_https_port(self, receiver, request_, caplog, monkeypatch):
        monkeypatch.setattr(receiver.app[NOTICES], "pause", 0)
        head, _, body = (await send(receiver.app[PORTS].grpc, request_)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        said = json.loads(body)
        assert said == {"code": 3, "message": f"expected gRPC; OTLP over HTTP goes to port {receiver.port}"}
        assert f"a connection to gRPC's port from 127.0.0.1 refused: {said['message']}" in caplog.text

    async def test_is_told_the_port_that_sdks_use_where_there_is_one(self, start):
        receiver = await start(otlp_port=0, grpc_port=0)
        answer = await send(receiver.app[PORTS].grpc, b"GET / HTTP/1.0\r\n\r\n")
        assert f"goes to port {receiver.app[PORTS].otlp}".encode() in answer

    async def test_is_told_in_the_log_where_tls_meets_none(self, fresh, caplog):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await send(fresh.app[PORTS].grpc, b"", context=ssl.create_default_context())
        assert "expected no TLS" in caplog.text

    async def test_that_says_nothing_is_not_waited_for(self, start):
        receiver = await start(grpc_port=0, header_timeout=0.3)
        for begun in (b"", b"PRI * HTTP/2.0\r\n"):
            assert await send(receiver.app[PORTS].grpc, begun) == b""


async def test_connections_of_both_kinds_are_limited_together(start, connect):
    receiver = await start(grpc_port=0, max_connections=2)
    assert (await receiver.get("/healthz")).status == 200  # a connection that stays
    first, second = connect(receiver), connect(receiver)
    assert (await first.call(HEALTH)).code == "OK"
    told = await second.call(HEALTH, seconds=3)
    assert told.code == "UNAVAILABLE"
    assert b"503" in await receiver.raw(b"")
    await first.channel.close()
    async with asyncio.timeout(10):
        while (await connect(receiver).call(HEALTH)).code != "OK":
            await asyncio.sleep(0.05)


class TestTls:
    @pytest.fixture
    def credentials(self, pem):
        def of(name=None):
            read = (
                {}
                if name is None
                else {
                    "private_key": (pem / f"{name}.key").read_bytes(),
                    "certificate_chain": (pem / f"{name}.pem").read_bytes(),
                }
            )
            return grpc.ssl_channel_credentials((pem / "authority.pem").read_bytes(), **read)

        return of

    async def test_is_the_same_as_https(self, start, connect, pem, credentials):
        receiver = await start(grpc_port=0, tls=of_tls.tls(pem))
        client = connect(receiver, credentials=credentials())
        assert (await client.call(TRACES, shared.spans(*range(1, 1000)))).code == "OK"
        # Without TLS nobody is answered.
        assert (await connect(receiver).call(TRACES, b"", seconds=5)).code in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}

    async def test_takes_the_clients_of_its_authority_alone(self, start, connect, pem, credentials):
        receiver = await start(grpc_port=0, tls=of_tls.tls(pem, client_ca_file="authority.pem"))
        assert (await connect(receiver, credentials=credentials("client")).call(TRACES, b"")).code == "OK"
        for name in (None, "strange-client"):
            told = await connect(receiver, credentials=credentials(name)).call(TRACES, b"", seconds=5)
            assert told.code == "UNAVAILABLE"

    async def test_tells_each_protocol_the_other_port(self, start, connect, pem, credentials):
        receiver = await start(grpc_port=0, tls=of_tls.tls(pem))
        told = await connect(receiver, receiver.port, credentials=credentials()).call(TRACES, b"")
        assert told.code == "UNIMPLEMENTED"
        assert re.search(r"goes to port \d+$", told.details)
        context = ssl.create_default_context(cafile=pem / "authority.pem")
        context.set_alpn_protocols(["h2", "http/1.1"])  # as curl offers
        answer = await send(receiver.app[PORTS].grpc, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", context=context)
        assert f"goes to port {receiver.port}".encode() in answer
