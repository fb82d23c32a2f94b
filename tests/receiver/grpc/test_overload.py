"""Far more senders over gRPC than the store can take: as `tests/receiver/test_overload.py` does over HTTP."""

import asyncio
import importlib.util
import time
from pathlib import Path

import grpc
from google.rpc.error_details_pb2 import RetryInfo

_spec = importlib.util.spec_from_file_location("grpc_shared", Path(__file__).parent / "conftest.py")
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)

SENDERS = 64
SPANS = 500
SECONDS = 8
TEXT = {"string_value": "x" * 500}


async def test_senders_are_told_to_come_again_and_what_was_acknowledged_is_stored(serve):
    receiver = serve(SERVER_GRPC_PORT="0", SERVER_MAX_IN_FLIGHT_BYTES="4MiB")
    address = receiver.says(r"for gRPC on http://(127.0.0.1:\d+)$")
    receiver.url = "http://" + receiver.log.partition("listens on http://")[2].partition(";")[0]
    await asyncio.to_thread(receiver.says, "ready to ingest")
    acknowledged, refusals = [], []
    ends = time.monotonic() + SECONDS

    async def send(sender):
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(address, options) as channel:
            number = 0
            while time.monotonic() < ends:
                first = 1 + (sender * 100_000 + number) * SPANS
                body = shared.spans(*range(first, first + SPANS), attributes=[{"key": "input", "value": TEXT}])
                told = await shared.told(channel.unary_unary(shared.TRACES)(body, timeout=60))
                if told.code == "OK":
                    acknowledged.append(first)
                    number += 1
                else:
                    info = RetryInfo.FromString(told.trailers["google.rpc.retryinfo-bin"])
                    refusals.append((told.code, info.retry_delay.seconds))
                    await asyncio.sleep(info.retry_delay.seconds / 4)  # worse than clients should

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))
    assert set(refusals) <= {("UNAVAILABLE", 1), ("UNAVAILABLE", 2)}
    assert len(refusals) > SENDERS
    assert acknowledged
    stats = await asyncio.to_thread(receiver.get, "/api/v1/stats")
    assert stats["events"] >= len(acknowledged) * SPANS
    assert receiver.stop() == 0
    assert "Traceback" not in receiver.log
