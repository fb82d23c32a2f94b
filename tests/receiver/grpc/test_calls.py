"""What a gRPC client is answered, and what is stored of what it sends: as over HTTP."""

import asyncio
import gzip
import importlib.util
import logging
import zlib
from pathlib import Path
from urllib.parse import unquote

import cramjam
import h2.connection
import h2.events
import pytest
import pytest_asyncio
import zstandard
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from h2.config import H2Configuration
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from mapping.errors import Code, Problem
from receiver.http.admission import ADMISSION
from receiver.http.context import PORTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

_spec = importlib.util.spec_from_file_location("grpc_shared", Path(__file__).parent / "conftest.py")
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)
TRACES, LOGS, METRICS, PROFILES = shared.TRACES, shared.LOGS, shared.METRICS, shared.PROFILES
PROTOBUF = "application/x-protobuf"
CALL = (
    *((":method", "POST"), (":scheme", "http"), (":path", TRACES), (":authority", "x"), ("te", "trailers")),
    ("content-type", "application/grpc"),
)


async def raw(receiver, headers, message, *, compressed):
    """Make a call over HTTP/2 alone, and return the headers and trailers of its answer."""
    connection = h2.connection.H2Connection(H2Configuration(header_encoding=None))
    connection.initiate_connection()
    connection.send_headers(1, headers)
    connection.send_data(1, bytes([compressed]) + len(message).to_bytes(4, "big") + message, end_stream=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", receiver.app[PORTS].grpc)
    told = {}
    try:
        while b"grpc-status" not in told:
            writer.write(connection.data_to_send())
            for event in connection.receive_data(await asyncio.wait_for(reader.read(65_536), 10)):
                if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                    told.update(event.headers)
    finally:
        writer.close()
    return told


async def stored(receiver):
    events = (await receiver.read("/api/v1/events?limit=200"))["events"]
    return {event.pop("id"): {key: value for key, value in event.items() if key != "created_at"} for event in events}


class TestStored:
    async def test_is_what_http_would_have_stored(self, fresh_client, fresh, start):
        other = await start(data="other")
        for method, path, body in (
            (
                TRACES,
                "/v1/traces",
                shared.spans(1, 2, attributes=[{"key": "session.id", "value": {"string_value": "s"}}]),
            ),
            (LOGS, "/v1/logs", shared.log_records("one", "two", "two")),
        ):
            assert (await fresh_client.call(method, body)).message == b""
            assert (await other.post(path, body, PROTOBUF)).status == 200
        assert len(await stored(fresh)) == 5
        assert await stored(fresh) == await stored(other)

    async def test_is_not_stored_again_when_it_is_sent_again(self, fresh_client, fresh):
        for _ in range(2):
            assert (await fresh_client.call(TRACES, shared.spans(1, 2))).code == "OK"
        assert (await fresh.post("/v1/traces", shared.spans(1, 2, 3), PROTOBUF)).status == 200
        assert len(await stored(fresh)) == 3

    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [
            ("gzip", gzip.compress),
            ("deflate", zlib.compress),
            ("snappy", lambda data: bytes(cramjam.snappy.compress(data))),
            ("zstd", zstandard.compress),
        ],
    )
    @pytest.mark.parametrize("compressed", [0, 1])
    async def test_may_come_compressed(self, fresh, encoding, compress, compressed):
        body = shared.spans(*range(1, 200))
        headers = [*CALL, ("grpc-encoding", encoding)]
        told = await raw(fresh, headers, compress(body) if compressed else body, compressed=compressed)
        assert told[b"grpc-status"] == b"0"
        assert (await fresh.read("/api/v1/stats"))["events"] == 199

    @pytest.mark.parametrize("method", [TRACES, LOGS, METRICS, PROFILES])
    async def test_may_be_nothing(self, client, method):
        assert await client.call(method, b"") == ("OK", b"", "", {})

    async def test_is_counted_by_how_it_came(self, fresh_client, fresh):
        await fresh_client.call(TRACES, shared.spans(1, 2))
        await fresh.post("/v1/traces", shared.spans(3), PROTOBUF)
        await fresh_client.call(LOGS, b"\xff")
        assert await shared.samples(fresh, "otelcol_receiver_accepted_spans_total") == {
            ("otlp", "grpc"): 2,
            ("otlp", "http"): 1,
        }
        calls = await shared.samples(fresh, "rpc_server_call_duration_seconds_count")
        assert calls == {(TRACES[1:], "OK", "grpc"): 1, (LOGS[1:], "INVALID_ARGUMENT", "grpc"): 1}


class TestPartialSuccess:
    async def test_says_what_was_not_stored(self, client):
        body = shared.spans(1) + shared.spans(2, trace_id=b"")  # two messages in a row are one
        answer = ExportTraceServiceResponse.FromString((await client.call(TRACES, body)).message)
        assert answer.partial_success.rejected_spans == 1
        assert "spans[].traceId: expected an id" in answer.partial_success.error_message

    async def test_of_logs_has_their_own_message(self, fresh_client, fresh, monkeypatch):
        async def write(events):
            return [Problem(Code.INVALID_ARGUMENT, "the database refuses it") for _ in events]

        monkeypatch.setattr(fresh.storage.writer, "write", write)
        told = await fresh_client.call(LOGS, shared.log_records("one"))
        answer = ExportLogsServiceResponse.FromString(told.message)
        assert answer.partial_success.rejected_log_records == 1


class TestInvalid:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"\xff\xff", "body: expected a protobuf Export"),
            (b"\x1f\x8bno gzip", "body: expected gzip data, as its encoding says; it does not decode"),
            (gzip.compress(b"x" * 1000, mtime=0)[:-4], "it breaks off"),
        ],
    )
    @pytest.mark.parametrize("method", [TRACES, LOGS, METRICS, PROFILES])
    async def test_is_invalid_argument_with_what_was_expected(self, client, method, body, said):
        told = await client.call(method, body)
        assert (told.code, told.trailers) == ("INVALID_ARGUMENT", {})
        assert said in told.details

    async def test_spans_without_any_id_are_told_where_logs_go(self, client):
        told = await client.call(TRACES, shared.log_records("one"))
        assert told.code == "INVALID_ARGUMENT"
        assert "/v1/logs" in told.details

    async def test_methods_are_named_with_those_there_are(self, client):
        told = await client.call("/opentelemetry.proto.collector.trace.v1.TraceService/Import")
        assert told.code == "UNIMPLEMENTED"
        assert "expected Export of LogsService, MetricsService, ProfilesService, TraceService" in told.details

    async def test_encodings_that_are_unknown_are_named_with_those_there_are(self, receiver, caplog):
        headers = [*CALL, ("grpc-encoding", "br")]
        told = await raw(receiver, headers, shared.spans(1), compressed=1)
        assert told[b"grpc-status"] == b"12"
        said = "grpc-encoding: expected identity or one of gzip, deflate, snappy, zstd; got 'br'"
        assert unquote(told[b"grpc-message"].decode()) == said
        assert said in caplog.text

    async def test_a_message_that_is_compressed_in_no_way_is_internal_as_grpc_says(self, receiver):
        told = await raw(receiver, CALL, gzip.compress(shared.spans(1)), compressed=1)
        assert (told[b"grpc-status"], told[b"grpc-message"]) == (
            b"13",
            b"Compression bit set but no encoding configured",
        )


class TestSize:
    @pytest.mark.parametrize("compressed", [False, True])
    async def test_may_be_the_limit_and_no_more(self, start, connect, compressed):
        body = shared.log_records("x" * 5000)
        for limit, code in ((len(body), "OK"), (len(body) - 1, "RESOURCE_EXHAUSTED")):
            client = connect(await start(data=str(limit), grpc_port=0, max_body_bytes=limit))
            told = await client.call(LOGS, body, gzip=compressed)
            # Without a RetryInfo: sent again it would be as large.
            assert (told.code, told.trailers) == (code, {})

    async def test_over_the_limit_is_said_in_the_log_with_its_setting(self, start, connect, caplog):
        client = connect(await start(grpc_port=0, max_body_bytes=1024))
        assert (await client.call(LOGS, shared.log_records("x" * 5000))).code == "RESOURCE_EXHAUSTED"
        assert "expected one of at most 1KiB (server.max_body_bytes)" in caplog.text

    async def test_of_a_bomb_is_never_inflated(self, client):
        squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(squeezed.compress(bytes(1024 * 1024)) for _ in range(200)) + squeezed.flush()
        told = await client.call(LOGS, bomb)
        assert told.code == "RESOURCE_EXHAUSTED"
        assert "at most 20MiB once decompressed" in told.details


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(start_shared):
    """A receiver that asks for a key."""
    return await start_shared(data="guarded", grpc_port=0, keys=["one", "two"])


class TestKey:
    @pytest.fixture
    def client(self, connect, guarded):
        return connect(guarded)

    @pytest.mark.parametrize(
        "metadata", [{"authorization": "Bearer two"}, {"authorization": "bearer one"}, {"x_api_key": "one"}]
    )
    async def test_may_be_sent_as_over_http(self, client, metadata):
        assert (await client.call(TRACES, shared.spans(1), **metadata)).code == "OK"

    @pytest.mark.parametrize(
        "metadata", [{}, {"authorization": "Bearer three"}, {"x_api_key": "on"}, {"authorization": "one"}]
    )
    @pytest.mark.parametrize("method", [TRACES, LOGS, METRICS, PROFILES])
    async def test_that_is_not_there_or_wrong_is_unauthenticated(self, client, method, metadata):
        told = await client.call(method, b"", **metadata)
        assert told.code == "UNAUTHENTICATED"
        assert "API key" in told.details

    async def test_is_looked_at_before_the_message(self, client):
        call = client.channel.stream_unary(TRACES)()  # it never sends one
        assert (await shared.told(call)).code == "UNAUTHENTICATED"


def retry_seconds(told):
    """Return how long a client is asked to wait: where OTLP says it, and where Python's exporter looks."""
    status = Status.FromString(told.trailers["grpc-status-details-bin"])
    (detail,) = status.details
    info, of_python = RetryInfo(), RetryInfo.FromString(told.trailers["google.rpc.retryinfo-bin"])
    assert detail.Unpack(info)
    assert info == of_python
    assert (status.code, status.message) == (14, told.details)
    return info.retry_delay.seconds


class TestUnavailable:
    async def test_says_when_to_come_again_where_the_store_takes_nothing(self, fresh_client, fresh, monkeypatch):
        async def write(_events):
            raise Problem(Code.UNAVAILABLE, "the store is away", retry_after=5)

        monkeypatch.setattr(fresh.storage.writer, "write", write)
        told = await fresh_client.call(TRACES, shared.spans(1, 2))
        assert (told.code, told.details, retry_seconds(told)) == ("UNAVAILABLE", "the store is away", 5)
        refused = await shared.samples(fresh, "otelcol_receiver_refused_spans_total")
        assert refused == {("otlp", "grpc"): 2, ("otlp", "http"): 0}

    async def test_is_said_before_the_message_is_read_while_the_stores_are_opened(self, start, connect):
        client = connect(await start(opened=False, grpc_port=0))
        told = await shared.told(client.channel.stream_unary(TRACES)())
        assert (told.code, retry_seconds(told)) == ("UNAVAILABLE", 2)

    async def test_is_said_before_the_message_is_read_where_too_much_waits(self, fresh_client, fresh):
        fresh.app[ADMISSION].bytes = 64 * 1024**2 + 1
        told = await shared.told(fresh_client.channel.stream_unary(TRACES)())
        assert (told.code, retry_seconds(told)) == ("UNAVAILABLE", 1)
        assert "server.max_in_flight_bytes" in told.details

    async def test_ends_the_reading_of_messages_that_are_too_much_together(self, start, connect):
        receiver = await start(grpc_port=0, max_in_flight_bytes=1024**2)
        client, admission = connect(receiver), receiver.app[ADMISSION]
        async with BeginsMessage(receiver.app[PORTS].grpc, LOGS, 900_000) as slow:
            await _until(lambda: admission.bytes > 700_000)
            told = await client.call(LOGS, bytes(700_000))
            assert (told.code, retry_seconds(told)) == ("UNAVAILABLE", 1)
            assert "server.max_in_flight_bytes" in told.details
            assert admission.bytes > 700_000
            assert not slow.done()
        await _until(lambda: admission.bytes == 0)
        # One that is read alone may be as large as any.
        assert (await client.call(LOGS, shared.log_records("x" * 1_500_000))).code == "OK"


class BeginsMessage:
    """A client that sends so many bytes of a message, and then no more. Within the block, a task that reads answers."""

    def __init__(self, port, method, size):
        self._port, self._method, self._size = port, method, size

    async def __aenter__(self):
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        connection = h2.connection.H2Connection()
        connection.initiate_connection()
        headers = {":method": "POST", ":scheme": "http", ":path": self._method, ":authority": "x"}
        connection.send_headers(1, [*headers.items(), ("content-type", "application/grpc"), ("te", "trailers")])
        self._task = asyncio.create_task(self._talk(reader, connection))
        return self._task

    async def _talk(self, reader, connection):
        message = b"\0" + (2 * self._size).to_bytes(4, "big") + bytes(self._size)
        while True:
            while message and (room := min(connection.local_flow_control_window(1), 16_384)):
                connection.send_data(1, message[:room])
                message = message[room:]
            self._writer.write(connection.data_to_send())
            for event in connection.receive_data(await reader.read(65_536)):
                if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                    return event.headers

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()


async def _until(is_so):
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_message_that_never_comes_is_not_waited_for(start, connect):
    receiver = await start(grpc_port=0, body_timeout=0.3)

    async def none():
        await asyncio.sleep(60)
        yield b""

    told = await shared.told(connect(receiver).channel.stream_unary(TRACES)(none()))
    assert told.code == "DEADLINE_EXCEEDED"
    assert "within 0.3 s" in told.details


async def test_nothing_is_held_once_calls_are_over(fresh_client, fresh):
    calls = [fresh_client.call(TRACES, shared.spans(*range(1, 50))) for _ in range(20)]
    calls += [fresh_client.call(TRACES, b"\xff" * 1000), fresh_client.call("/a.B/C", b"x" * 100_000)]
    await asyncio.gather(*calls)
    held = await shared.samples(fresh, "vectadb_receiver_in_flight_bytes")
    assert list(held.values()) == [0]
    active = await shared.samples(fresh, "http_server_active_requests")
    assert list(active.values()) == [1]  # it is the one that asks


async def test_a_fault_of_the_receivers_is_internal_and_in_its_log(fresh_client, fresh, monkeypatch, caplog):
    async def write(_events):
        raise ZeroDivisionError

    monkeypatch.setattr(fresh.storage.writer, "write", write)
    told = await fresh_client.call(TRACES, shared.spans(1))
    assert (told.code, told.details) == ("INTERNAL", "the receiver failed on this call; its log says why")
    assert "ZeroDivisionError" in caplog.text


class TestMetrics:
    async def test_are_discarded_counted_and_said_once(self, fresh_client, fresh, caplog):
        for _ in range(2):
            told = await fresh_client.call(METRICS, shared.points(3))
            assert ExportMetricsServiceResponse.FromString(told.message) == ExportMetricsServiceResponse()
        assert await shared.samples(fresh, "vectadb_receiver_discarded_items_total") == {
            ("metrics",): 6,
            ("profiles",): 0,
        }
        said = [record for record in caplog.records if "metrics come" in record.getMessage()]
        assert [record.levelno for record in said] == [logging.WARNING]
        assert (await fresh.read("/api/v1/stats"))["events"] == 0

    @pytest.mark.parametrize("method", [METRICS, PROFILES])
    async def test_are_unimplemented_where_they_are_refused(self, start, connect, method):
        client = connect(await start(grpc_port=0, otlp={"metrics": "refuse"}))
        told = await client.call(method, b"")
        assert told.code == "UNIMPLEMENTED"
        assert "not stored here" in told.details
