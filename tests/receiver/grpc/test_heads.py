"""No head of a call ends gRPC's server, whatever its path and metadata."""

import asyncio
import contextlib
import importlib.util
import logging
from pathlib import Path

import h2.connection
import h2.events
import hpack
import pytest
from h2.config import H2Configuration
from hypothesis import given
from hypothesis import strategies as st

from mapping.errors import Problem
from receiver.grpc.heads import Heads
from receiver.http.connection import HTTP2_PREFACE
from receiver.http.context import PORTS
from receiver.http.notices import NOTICES

served = pytest.mark.asyncio(loop_scope="module")

_spec = importlib.util.spec_from_file_location("grpc_shared", Path(__file__).parent / "conftest.py")
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)
TRACES = shared.TRACES

UNCHECKED = H2Configuration(header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False)
OK_NONE_OK = [b"0", b"12", b"0"]
NO_PRIORITY = b"\0\0\0\0\1"


def connection_with(*paths, more=(), **metadata):
    """Return a connection with a call to each path."""
    connection = h2.connection.H2Connection(UNCHECKED)
    connection.initiate_connection()
    for path in paths:
        number = connection.get_next_available_stream_id()
        headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "te": "trailers"}
        connection.send_headers(
            number, [*headers.items(), ("content-type", "application/grpc"), *metadata.items(), *more]
        )
        connection.send_data(number, b"\0" * 5, end_stream=True)
    return connection


def calls(*paths, **metadata):
    return connection_with(*paths, **metadata).data_to_send()


def frame(kind, flags, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


def heads_of(sent):
    """Return the headers of each stream, as a server reads them."""
    decoder, heads, at = hpack.Decoder(1 << 20), {}, len(HTTP2_PREFACE)
    while at < len(sent):
        size, kind, stream = (
            int.from_bytes(sent[at : at + 3], "big"),
            sent[at + 3],
            int.from_bytes(sent[at + 5 : at + 9]),
        )
        assert size <= 16_384
        if kind in {1, 9}:
            heads[stream] = heads.get(stream, b"") + sent[at + 9 : at + 9 + size]
        at += 9 + size
    return {stream: [tuple(header) for header in decoder.decode(head, raw=True)] for stream, head in heads.items()}


async def answer(port, connection):
    """Return the headers of the answers until the server hangs up or each call has its trailers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    # A client's streams have odd numbers. They are answered in any order.
    headers = {stream: {} for stream in range(1, connection.highest_outbound_stream_id + 1, 2)}
    try:
        while not all(b"grpc-status" in of_stream for of_stream in headers.values()):
            writer.write(connection.data_to_send())
            received = await asyncio.wait_for(reader.read(65_536), 10)
            if not received:
                break
            for event in connection.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                    headers[event.stream_id].update(event.headers)
        return headers
    finally:
        writer.close()


@served
class TestAPathThatIsNoText:
    @pytest.mark.parametrize("on", ["grpc", "http"])
    async def test_is_no_method_and_ends_nothing(self, fresh, connect, on):
        neighbour = connect(fresh)
        assert (await neighbour.call(TRACES, shared.spans(1))).code == "OK"
        port = fresh.app[PORTS].grpc if on == "grpc" else fresh.port
        told = await answer(port, connection_with(TRACES, b"/\xff", TRACES))
        wrong_port = on == "http"
        assert [headers[b"grpc-status"] for headers in told.values()] == ([b"12"] * 3 if wrong_port else OK_NONE_OK)
        assert (await neighbour.call(TRACES, shared.spans(2))).code == "OK"
        assert (await connect(fresh).call(TRACES, shared.spans(3))).code == "OK"

    async def test_is_not_one_of_other_letters(self, receiver):
        ((_, told),) = (await answer(receiver.app[PORTS].grpc, connection_with("/é/東".encode()))).items()
        assert told[b"grpc-status"] == b"12"


@served
class TestMetadata:
    @pytest.mark.parametrize(
        "metadata",
        [
            {"x-bin": b"no base64!"},
            {"x-bin": b"AA,BB"},  # two values, as gRPC's protocol joins them
            {"lb-cost-bin": b"AA"},
            {"grpc-timeout": b"1"},
            {"grpc-timeout": b"-1S"},
            {"grpc-previous-rpc-attempts": b"x"},
            {"grpclb_client_stats": b"x"},
            {"te": b"gzip"},
            {"baggage": "café".encode()},
            {"x-long": b"y" * 30_000},
            {"sent-encoding": b"x"},  # ours, which nobody else can set
        ],
        ids=str,
    )
    async def test_that_is_broken_and_not_used_costs_no_call(self, receiver, metadata):
        told = await answer(receiver.app[PORTS].grpc, connection_with(TRACES, TRACES, **metadata))
        assert [headers[b"grpc-status"] for headers in told.values()] == [b"0", b"0"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("host", "x"),
            ("content-type", "application/grpc"),
            ("user-agent", "x"),
            ("te", "trailers"),
            ("grpc-timeout", "9S"),
            ("grpc-encoding", "gzip"),
            ("grpc-encoding", "identity"),
            ("grpc-accept-encoding", "gzip"),
            ("authorization", "x"),
            ("x-api-key", "x"),
            ("x-other", "x"),
        ],
    )
    async def test_that_comes_twice_costs_no_call(self, receiver, name, value):
        sent = connection_with(TRACES, TRACES, more=[(name, value)] * 2)
        told = await answer(receiver.app[PORTS].grpc, sent)
        assert [headers[b"grpc-status"] for headers in told.values()] == [b"0", b"0"]


@served
async def test_metadata_that_is_no_text_is_not_in_the_log(receiver, caplog, monkeypatch):
    monkeypatch.setattr(receiver.app[NOTICES], "pause", 0)
    ((_, told),) = (await answer(receiver.app[PORTS].grpc, connection_with(TRACES, authorization=b"\xff"))).items()
    assert told[b"grpc-status"] == b"0"
    assert "Invalid encoding" not in caplog.text


def test_a_client_that_goes_while_it_is_answered_is_not_in_the_log(caplog):
    # gRPC's own words, since the moment cannot be met at will.
    log = logging.getLogger("grpc._cython.cygrpc")
    log.error("ExecuteBatchError raised in core by servicer method [%s]", TRACES)
    log.error("another")
    assert [record.getMessage() for record in caplog.records] == ["another"]


class TestHeads:
    @given(st.lists(st.text(min_size=1), min_size=1), st.data())
    def test_may_come_in_any_pieces_and_are_read_the_same(self, paths, data):
        sent = calls(*(path.encode() for path in paths), **{"grpc-encoding": "gzip"})
        cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)))))
        heads = Heads(16_384)
        passed = b"".join(
            heads.read(sent[start:end]) for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)
        )
        read = heads_of(passed)
        assert [dict(head)[b":path"].decode() for head in read.values()] == paths
        assert passed == Heads(16_384).read(sent)
        # What has been written anew is written so again.
        assert heads_of(Heads(16_384).read(passed)) == read

    def test_of_any_size_are_written_in_frames_of_http2(self):
        sent = calls(TRACES, authorization="x" * 40_000)
        heads = Heads(16_384)
        (head,) = heads_of(heads.read(sent)).values()
        assert dict(head)[b"authorization"] == b"x" * 40_000

    @given(st.binary())
    def test_of_any_bytes_are_read_or_refused(self, data):
        for opened in (HTTP2_PREFACE, calls(TRACES)):
            heads = Heads(16_384)
            heads.read(opened)
            with contextlib.suppress(Problem):
                heads.read(data)

    @pytest.mark.parametrize("padding", [0, 7])
    @pytest.mark.parametrize("priority", [b"", NO_PRIORITY])
    @pytest.mark.parametrize("at", [1, 3])
    def test_may_be_padded_have_a_priority_and_go_on(self, padding, priority, at):
        head = b"\x04\x02/\xff"  # :path, not compressed
        flags = (0x08 if padding else 0) | (0x20 if priority else 0)
        pad = bytes([padding]) if padding else b""
        heads = Heads(16_384)
        passed = heads.read(HTTP2_PREFACE + frame(1, flags, pad + priority + head[:at] + bytes(padding)))
        passed += heads.read(frame(9, 0x04, head[at:]))
        assert heads_of(passed) == {1: [(b":path", "/\ufffd".encode())]}

    @pytest.mark.parametrize(
        "frames",
        [
            frame(9, 4),  # a continuation of nothing
            frame(1, 0) + frame(0, 0),  # DATA inside a head
            frame(1, 0x08),
            frame(1, 0x0C, b"\5abc"),
            frame(1, 0x24, b"\0\0"),
            frame(1, 0x04, b"\xff\xff\xff\xff\xff\xff"),  # no HPACK
            b"\xff\xff\xff\1\4\0\0\0\1",  # 16 MiB are to come
            frame(1, 0, bytes(16_000)) + frame(9, 0, bytes(16_000)) * 9,
        ],
    )
    def test_that_are_none_are_refused(self, frames):
        heads = Heads(16_384)
        heads.read(HTTP2_PREFACE)
        with pytest.raises(Problem, match="expected "):
            heads.read(frames)
