"""The health service: what probes and load balancers ask."""

import asyncio
import importlib.util
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from receiver.http.active_requests import UNDER_WAY

pytestmark = pytest.mark.asyncio(loop_scope="module")

_spec = importlib.util.spec_from_file_location("grpc_shared", Path(__file__).parent / "conftest.py")
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


def asks(service=""):
    return HealthCheckRequest(service=service).SerializeToString()


def status(message):
    return HealthCheckResponse.FromString(message).status


@pytest.mark.parametrize("service", ["", "opentelemetry.proto.collector.trace.v1.TraceService"])
async def test_is_serving_once_the_stores_take_writes(client, connect, start, service):
    assert status((await client.call(CHECK, asks(service))).message) == SERVING
    opening = connect(await start(opened=False, data="other", grpc_port=0))
    assert status((await opening.call(CHECK, asks(service))).message) == NOT_SERVING


async def test_is_told_without_a_key(start, connect):
    client = connect(await start(grpc_port=0, keys=["one"]))
    assert status((await client.call(CHECK, asks())).message) == SERVING


async def test_of_a_service_that_is_not_there_is_not_found(client):
    assert (await client.call(CHECK, asks("a.B"))).code == "NOT_FOUND"
    assert (await client.call(CHECK, b"\xff")).code == "INVALID_ARGUMENT"


async def test_is_told_again_when_it_changes(start, connect):
    receiver = await start(opened=False, grpc_port=0)
    told = aiter(connect(receiver).channel.unary_stream(WATCH)(asks(), timeout=20))
    assert status(await anext(told)) == NOT_SERVING
    await receiver.storage.open()
    assert status(await anext(told)) == SERVING
    stopping = asyncio.create_task(receiver.app[UNDER_WAY].finish(1))
    assert status(await anext(told)) == NOT_SERVING
    with pytest.raises(StopAsyncIteration):
        await anext(told)
    await stopping


async def test_of_a_service_that_is_not_there_may_be_watched(client):
    told = aiter(client.channel.unary_stream(WATCH)(asks("a.B"), timeout=20))
    assert status(await anext(told)) == HealthCheckResponse.SERVICE_UNKNOWN
