"""Keys and passwords appear nowhere: not in logs, not in answers, not in /metrics, whatever is sent with them."""

import asyncio
import logging

import pytest

from receiver.settings import Cors

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS = ["s3cret-old-key", "s3cret-new-key"]
SENT = "s3cret-wrong-key"

HEADS = {
    "good": f"GET /api/v1/stats HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS[0]}\r\n",
    "wrong": f"GET /api/v1/stats HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SENT}\r\n",
    "other scheme": f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {SENT}\r\n",
    "too long": f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SENT}{'x' * 20_000}\r\n",
    "NUL behind it": f"GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: {SENT}\0\r\n",
    "line break in it": f"GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: {SENT}\r\n\x01\r\n",
    "in the path": f"GET /{KEYS[1]} HTTP/1.1\r\nX-API-Key: {KEYS[1]}\r\n",
    "in a wrong URL": f"GET http://[{SENT} HTTP/1.1\r\nHost: x\r\n",
    "in a method": f"{SENT} / HTTP/1.1\r\nHost: x\r\n",
    "expectation": f"GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: {SENT}\r\nExpect: miracles\r\n",
    "broken chunks": f"POST / HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEYS[0]}\r\nTransfer-Encoding: chunked\r\n\r\nz",
    "too many headers": f"GET / HTTP/1.1\r\nHost: x\r\nX-API-Key: {SENT}\r\n"
    + "".join(f"X-{n}: y\r\n" for n in range(200)),
}


async def test_are_nowhere_to_be_seen(start, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    receiver = await start(keys=KEYS, cors=Cors(allowed_origins=("*",)))
    answers = [await receiver.raw(f"{head}Connection: close\r\n\r\n".encode()) for head in HEADS.values()]

    async def break_down(_events):
        raise RuntimeError

    monkeypatch.setattr(receiver.storage.writer, "write", break_down)
    failed = await receiver.post("/api/v1/events", b'{"timestamp": "2026-01-07T19:00:00Z"}', x_api_key=KEYS[1])
    assert failed.status == 500
    metrics = await receiver.get("/metrics", x_api_key=KEYS[0])
    assert metrics.status == 200
    shown = {name: answer.decode() for name, answer in zip(HEADS, answers, strict=True)}
    shown |= {"log": caplog.text, "metrics": metrics.body.decode(), "failed": failed.body.decode()}
    assert shown["log"].count("\n") > len(HEADS) // 2  # it was not silent
    for where, text in shown.items():
        assert "s3cret" not in text.replace(f"/{KEYS[1]}: there", ""), where  # who asks for a path is told of it


async def test_of_a_running_process_are_not_in_its_log(serve, tmp_path):
    (tmp_path / "keys").write_text("s3cret-one\ns3cret-two\n")
    receiver = serve(AUTH_API_KEYS_FILE=str(tmp_path / "keys"), LOG_LEVEL="debug").started()
    for key, status in (("s3cret-one", 200), ("s3cret-two", 200), ("s3cret-three", 401)):
        got, _ = await asyncio.to_thread(receiver.ask, "GET", "/api/v1/stats", None, {"X-API-Key": key})
        assert got == status
    receiver.stop()
    assert "stopped" in receiver.log
    assert "s3cret" not in receiver.log
