"""A gRPC client that sends bytes as they are, and the bytes of requests of each signal."""

import contextlib
from typing import NamedTuple

import grpc
import pytest
import pytest_asyncio
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from receiver.http.context import PORTS

SERVICE = "/opentelemetry.proto.collector.{}Service/Export"
TRACES, LOGS, METRICS, PROFILES = (
    SERVICE.format(name)
    for name in ("trace.v1.Trace", "logs.v1.Logs", "metrics.v1.Metrics", "profiles.v1development.Profiles")
)


class Told(NamedTuple):
    """The answer to a call: the message, or None where it failed; the trailers by their keys."""

    code: str
    message: bytes | None
    details: str
    trailers: dict[str, bytes]


class Client:
    """Calls over a connection of its own."""

    def __init__(self, port, *, credentials=None):
        target = f"127.0.0.1:{port}"
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
        self.channel = (
            grpc.aio.secure_channel(target, credentials, options)
            if credentials
            else grpc.aio.insecure_channel(target, options)
        )

    async def call(self, method, message=b"", *, seconds=20, gzip=False, **metadata):
        compression = grpc.Compression.Gzip if gzip else None
        keys = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        call = self.channel.unary_unary(method)(message, timeout=seconds, metadata=keys, compression=compression)
        return await told(call)


async def told(call):
    try:
        message = await call
    except grpc.aio.AioRpcError as error:
        return Told(error.code().name, None, error.details(), dict(error.trailing_metadata()))
    return Told("OK", message, "", {})


def spans(*numbers, **fields):
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in numbers:
        given = {
            "trace_id": b"\1" * 16,
            "span_id": number.to_bytes(8, "big"),
            "name": f"span {number}",
            "start_time_unix_nano": 1_767_812_400_000_000_000,
        }
        scope.spans.add(**given | fields)
    return request.SerializeToString()


def log_records(*texts):
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for text in texts:
        scope.log_records.add(time_unix_nano=1_767_812_400_000_000_000, body={"string_value": text})
    return request.SerializeToString()


def points(count):
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    for number in range(count):
        metrics.add(name=f"m{number}").gauge.data_points.add(as_int=number)
    return request.SerializeToString()


async def samples(receiver, name):
    """Return the samples of a metric by their labels' values."""
    answer = await receiver.get("/metrics", **{"X-API-Key": "one"})
    assert answer.status == 200
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
        if sample.name == name
    }


@pytest_asyncio.fixture(loop_scope="module")
async def connect():
    """Make a client of a receiver; all of them are closed in the end."""
    async with contextlib.AsyncExitStack() as stack:

        def make(receiver, port=None, **options):
            client = Client(port or receiver.app[PORTS].grpc, **options)
            stack.push_async_callback(client.channel.close)
            return client

        yield make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(start_shared):
    """A receiver that takes gRPC, for all tests of a module, where it does not matter what is stored."""
    return await start_shared(grpc_port=0)


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(start):
    """A receiver with nothing stored, that takes gRPC."""
    return await start(grpc_port=0)


@pytest.fixture
def client(connect, receiver):
    return connect(receiver)


@pytest.fixture
def fresh_client(connect, fresh):
    """A client of `fresh`."""
    return connect(fresh)
