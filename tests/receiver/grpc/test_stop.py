"""A stop: calls under way are finished, clients are told to go, and what was acknowledged is stored."""

import importlib.util
import itertools
import re
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

_spec = importlib.util.spec_from_file_location("grpc_shared", Path(__file__).parent / "conftest.py")
shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared)


@pytest.fixture
def receiver(serve):
    receiver = serve(SERVER_GRPC_PORT="0")
    address = receiver.says(r"listens on http://\S+; for gRPC on http://(127.0.0.1:\d+)$")
    receiver.url = "http://" + receiver.log.partition("listens on http://")[2].partition(";")[0]
    receiver.grpc_address = address
    receiver.says("ready to ingest")
    return receiver


def under_way(receiver):
    """Wait until a call is under way, beside the request that asks for it."""
    ends = time.monotonic() + 30
    while True:
        with urllib.request.urlopen(f"{receiver.url}/metrics", timeout=30) as answer:  # noqa: S310 - the receiver's
            text = answer.read().decode()
        if re.findall(r"^http_server_active_requests\S* (\S+)$", text, re.MULTILINE) == ["2.0"]:
            return
        assert time.monotonic() < ends, text
        time.sleep(0.02)


def test_finishes_the_call_under_way(receiver):
    half = shared.log_records("x" * 1_000_000)

    def slowly():
        under_way(receiver)  # its message is not
        receiver.process.send_signal(signal.SIGTERM)
        receiver.says("stopping")
        time.sleep(0.3)
        yield half

    with grpc.insecure_channel(receiver.grpc_address) as channel:
        assert channel.stream_unary(shared.LOGS)(slowly(), timeout=20) == b""
    assert receiver.ends() == 0
    assert "Traceback" not in receiver.log


def test_does_not_wait_for_a_call_that_never_ends_its_message(receiver):
    with grpc.insecure_channel(receiver.grpc_address) as channel:
        call = channel.stream_unary(shared.LOGS).future(iter(lambda: time.sleep(60), None))
        under_way(receiver)
        began = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - began < 10
        assert call.code() is not grpc.StatusCode.OK
    assert "Traceback" not in receiver.log


def test_under_load_keeps_what_was_acknowledged_and_tells_the_rest_to_come_again(receiver, serve):
    acknowledged, refused = [], set()

    def send(client):
        with grpc.insecure_channel(receiver.grpc_address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            export = channel.unary_unary(shared.TRACES)
            for number in itertools.count():
                first = 1 + (client * 10_000 + number) * 20
                try:
                    export(shared.spans(*range(first, first + 20)), timeout=20)
                except grpc.RpcError as error:
                    refused.add(error.code())
                    return
                acknowledged.append(number)

    with ThreadPoolExecutor(8) as clients:
        sending = [clients.submit(send, client) for client in range(8)]
        while len(acknowledged) < 100:
            time.sleep(0.05)
        began = time.monotonic()
        assert receiver.stop() == 0
        took = time.monotonic() - began
    for client in sending:
        client.result()
    assert took < 10
    # Exporters send again what had either code. gRPC cancels calls that come when it has just begun to stop.
    assert refused <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert "Traceback" not in receiver.log
    assert serve().started().get("/api/v1/stats")["events"] >= len(acknowledged) * 20
